"""The settings of a server that tests kill, on each kind of database."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from consent_server.keys import log_key, signing_pems

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def either(
    request: pytest.FixtureRequest, catalog_path: Path, tmp_path: Path, settings: Settings
) -> dict[str, str]:
    """Give the environment of a server on each kind of database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    ours = {
        "CONSENT_CATALOG": str(catalog_path),
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_SEAL_INTERVAL": "1",
        "CONSENT_RATE_LIMIT": "off",
    }
    if request.param == "postgresql":
        signing_pems(settings)
        log_key(settings)
        ours |= {
            "CONSENT_DATABASE_URL": request.getfixturevalue("postgresql_url"),
            "CONSENT_SIGNING_KEY_FILE": str(tmp_path / "var" / "signing-key.pem"),
            "CONSENT_LOG_KEY_FILE": str(tmp_path / "var" / "log-key.pem"),
            "CONSENT_SECRET_KEY": "s" * 32,
        }
    return {**kept, **ours}
