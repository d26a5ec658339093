"""The doctor's look at this machine: settings, keys, catalog, database, log, clock, disk."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.app import connect_store, now
from consent_server.assets import load
from consent_server.catalog.files import read_catalogs
from consent_server.checkpoints import CheckpointFiles
from consent_server.cli.doctor_receipts import look_at_receipts
from consent_server.cli.findings import ok, warn, wrong
from consent_server.consent.logs import Logs
from consent_server.errors import ConsentError
from consent_server.keys import log_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.catalog.model import Catalog
    from consent_server.cli.findings import Finding
    from consent_server.settings import Settings
    from consent_server.storage.store import SqlStore

_KEYS = {
    "CONSENT_SIGNING_KEY": "signing-key.pem",
    "CONSENT_LOG_KEY": "log-key.pem",
    "CONSENT_SECRET_KEY": "secret-key",
}
_OTHERS = 0o077
_GIGABYTE = 1024**3
_AHEAD = 60_000
_BEHIND = 60_000
"""Milliseconds."""
_DURABLE = {
    "journal_mode": {"wal"},
    "synchronous": {"2", "3"},
    "fsync": {"on"},
    "full_page_writes": {"on"},
    "synchronous_commit": {"on", "remote_apply"},
}


def look_at_machine(settings: Settings, catalogs: list[Catalog]) -> Iterator[Finding]:
    """Look at everything that needs no address; put the catalogs that can be read into `catalogs`."""
    database = "SQLite" if settings.on_sqlite else "PostgreSQL"
    yield ok(f"The settings can be used: {database}, {settings.workers} workers.")
    if settings.rate_limit is None:
        yield warn("The rate limit is off.", "Unset CONSENT_RATE_LIMIT unless this is a bench.")
    yield from _assets()
    yield from _catalog(settings, catalogs)
    yield from _keys(settings)
    yield from _disk(settings)
    yield from _database(settings, catalogs)


def _assets() -> Iterator[Finding]:
    try:
        load()
    except ConsentError as refusal:
        yield wrong(refusal.detail, "Install the wheel, or build the widget.")
    else:
        yield ok("The built widget is whole.")


def _catalog(settings: Settings, catalogs: list[Catalog]) -> Iterator[Finding]:
    try:
        catalogs += read_catalogs(settings.catalog)
    except ConsentError as refusal:
        yield wrong(
            f"The catalog cannot be served: {refusal.detail}", "`consent-server catalog check` says more."
        )
        return
    for catalog in catalogs:
        site = catalog.site
        yield ok(f"The catalog of {site.id} can be served.")
        if catalog.warnings:
            said = f"The law would question {len(catalog.warnings)} things in the catalog of {site.id}."
            yield warn(said, "`consent-server catalog check` lists them.")
        for origin in site.origins:
            if origin.startswith("http://") and not origin.startswith(("http://localhost", "http://127.")):
                yield warn(
                    f"The origin {origin} of {site.id} is not encrypted.", "Serve the website over https."
                )


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.data_dir.exists() and settings.data_dir.stat().st_mode & _OTHERS:
        yield warn(f"Others may enter {settings.data_dir}.", f"chmod 700 {settings.data_dir}")
    for name, generated in _KEYS.items():
        if os.environ.get(name):
            yield warn(
                f"{name} is given as a variable: who sees the process's environment sees the key.",
                f"Put it into a file and set {name}_FILE.",
            )
            continue
        path = Path(os.environ.get(f"{name}_FILE") or settings.data_dir / generated)
        if not path.exists():
            yield warn(
                f"{path} is not there yet.", "It is generated when the server starts for the first time."
            )
        elif path.stat().st_mode & _OTHERS:
            yield wrong(f"Others may read the key {path}.", f"chmod 600 {path}, and consider it known.")
        else:
            yield ok(f"The key {path} is readable by its owner alone.")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = settings.sqlite_path.parent if settings.on_sqlite else settings.data_dir
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / _GIGABYTE
    if free < 1:
        yield wrong(f"{free:.1f} GB are free at {place}.", "A receipt takes some 2 kB: make room.")
    else:
        yield ok(f"{free:.0f} GB are free at {place}.")


def _database(settings: Settings, catalogs: list[Catalog]) -> Iterator[Finding]:
    if settings.on_sqlite and not settings.sqlite_path.exists():
        yield warn(
            f"{settings.sqlite_path} is not there yet.",
            "It is made when the server starts for the first time.",
        )
        return
    try:
        with closing(connect_store(settings)) as store:
            yield from _durability(store)
            if not store.is_prepared():
                yield warn(
                    "The database has no tables of this release.", "The server makes them when it starts."
                )
                return
            for catalog in catalogs:
                yield from _log(settings, store, catalog.site.id)
    except ConsentError as refusal:
        yield wrong(refusal.detail, "Look at the database, and at CONSENT_DATABASE_URL.")


def _durability(store: SqlStore) -> Iterator[Finding]:
    found = store.durability()
    bad = {name: value for name, value in found.items() if value not in _DURABLE[name]}
    for name, value in bad.items():
        yield wrong(
            f"The database has {name} = {value}: a receipt may be lost with the power.",
            f"Set {name} to {' or '.join(sorted(_DURABLE[name]))}.",
        )
    if not bad:
        yield ok(f"The database keeps what it commits: {', '.join(f'{n} = {v}' for n, v in found.items())}.")


def _kept_log_key(settings: Settings) -> Path:
    return settings.data_dir / _KEYS["CONSENT_LOG_KEY"]


def _log(settings: Settings, store: SqlStore, site: str) -> Iterator[Finding]:
    logs = Logs(store, store)
    try:
        state = store.log(site)
        CheckpointFiles(settings.data_dir).check(site, logs)
        # Asked for, a key that is missing would be generated.
        if state and state.size and (settings.log_key or _kept_log_key(settings).exists()):
            logs.check_key(site, log_key(settings))
    except ConsentError as refusal:
        yield wrong(refusal.detail, "See the audit guide before you change anything.")
        return
    if state is None or not state.size:
        yield warn(f"The log of {site} is empty.", "It begins when the server starts for the first time.")
        return
    yield ok(f"The log of {site} is what was signed: {state.size} leaves.")
    if state.sealed_at > now() + _AHEAD:
        yield wrong(f"The log of {site} was sealed in the future.", "Set the clock, and keep it set (NTP).")
    oldest = store.unsealed(site, None, 1)
    if oldest and now() - oldest[0].time > _BEHIND:
        yield wrong(
            f"Receipts of {site} wait to be sealed for over a minute.", "Is the server running? See its log."
        )
    yield from look_at_receipts(store, site)
