"""What is in a backup, and what both ends of it agree on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consent_server.erasures import NAME
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from consent_server.settings import Settings

DATABASE = "consent.db"
MANIFEST = "backup.json"
CHECKPOINTS = "checkpoints"
KEYS = ("signing-key.pem", "log-key.pem", "secret-key")
BESIDE = (*KEYS, NAME)
"""Files of the data directory that go with the database, where they are: keys given by settings are not."""
SCHEMA = "consent-backup/1"


def refuse_others(settings: Settings) -> None:
    """Refuse what is not on SQLite, and say how to back that up. Raises SettingsError."""
    if not settings.on_sqlite:
        raise SettingsError(
            "This backs up SQLite. With PostgreSQL use its own tools (pg_dump, or a base backup with WAL), "
            f"and copy the data directory {settings.data_dir}: docs/deployment.md says how."
        )


def moment(milliseconds: int) -> str:
    """Write a time (Unix milliseconds) in UTC, to the second (ISO 8601)."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
