"""Names from the JSON report of `consent-server scan`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from consent_server.catalog.model import Storage
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that the catalog may lack; `storage` is None where nobody said."""

    name: str
    storage: Storage | None = None
    http_only: bool = False

    @property
    def shown(self) -> str:
        """The name as it can be printed: websites choose names, and a terminal obeys control characters."""
        return self.name if self.name.isprintable() else ascii(self.name)


def read_wanted(path: Path) -> tuple[Wanted, ...]:
    """Return everything that a scan saw, each name and storage once, in the order of the report."""
    try:
        with path.open("rb") as opened:
            source = opened.read(_LARGEST + 1)
        report: Any = json.loads(source) if len(source) <= _LARGEST else None
        entries = [_wanted(entry) for entry in report["entries"]]
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, LookupError, RecursionError):
        raise SettingsError(
            f"{path} is no report of a scan: write one with `consent-server scan URL --json {path}`."
        ) from None
    return tuple({(entry.name, entry.storage): entry for entry in entries}.values())


def _wanted(entry: dict[str, Any]) -> Wanted:
    name, storage, http_only = entry["name"], entry["storage"], entry.get("http_only", False)
    if not (isinstance(name, str) and storage in get_args(Storage) and isinstance(http_only, bool)):
        raise TypeError(entry)
    return Wanted(name, storage, http_only)
