"""The database of commands that look at what a server recorded: they refuse where there is none yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.app import connect_store
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from consent_server.settings import Settings
    from consent_server.storage.store import SqlStore


def open_existing(settings: Settings) -> SqlStore:
    """Open the database that the settings name, its tables brought up to date.

    Raises SettingsError where there is none: in the wrong directory an empty one, made by looking, would
    answer that nothing was ever recorded.
    """
    if settings.on_sqlite and not settings.sqlite_path.exists():
        raise _missing(settings)
    store = connect_store(settings)
    if not store.has_tables():
        store.close()
        raise _missing(settings)
    store.prepare()
    return store


def check_site(store: SqlStore, site: str) -> None:
    """Refuse a site of which the database has nothing: mistyped, it would look like one without entries."""
    known = {*store.sites(), *(auditor.site for auditor in store.auditors(None))}
    if site not in known:
        raise SettingsError(f"The database has no site {site!r}, only {', '.join(sorted(known)) or 'none'}.")


def _missing(settings: Settings) -> SettingsError:
    where = f"at {settings.sqlite_path}" if settings.on_sqlite else "where CONSENT_DATABASE_URL leads"
    return SettingsError(
        f"There is no database {where} yet: the server makes it when it starts. Run this where the server "
        "runs, with its CONSENT_DATA_DIR or CONSENT_DATABASE_URL."
    )
