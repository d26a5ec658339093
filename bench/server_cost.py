# ruff: noqa: INP001 - scripts beside each other
"""What a receipt costs PostgreSQL: processor, write-ahead log, disk, sealing; what stays of one erased."""

from __future__ import annotations

import zlib
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
from server_fill import YEAR, fill
from server_load import decisions, load, say
from server_running import CATALOG, SITE, cpu, postgresql, postgresql_place, running
from server_table import Row
from server_writes import WARM

from consent_server.app import now, open_store
from consent_server.catalog.files import read_catalogs
from consent_server.consent.retention import purge
from consent_server.consent.sealer import Sealer
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from server_running import Database, Place
    from server_table import Report
    from server_writes import Rounds

LATER = 10 * YEAR
"""Milliseconds after which the catalog keeps no receipt any more."""
ALIKE = 2000
"""Receipts that are compressed together."""


def on_postgresql(report: Report, directory: Path, rounds: Rounds, rows: int) -> None:
    """Measure what is written under load, then a log of `rows` receipts before and after its erasure."""
    with postgresql(directory) as database:
        say(f"PostgreSQL: {database.about}")
        _of_load(report, database, postgresql_place(directory / "load", database.url("load")), rounds)
        url = database.url("full")
        _of_disk(report, postgresql_place(directory / "full", url), url, rows)


def _of_load(report: Report, database: Database, place: Place, rounds: Rounds) -> None:
    """Record and seal for a while. First a checkpoint: the next change of each page is logged whole."""
    connections = rounds.connections[0]
    with running(place) as server, psycopg.connect(database.url("load"), autocommit=True) as asking:
        load(server, decisions(server), connections, WARM)
        place.wait_sealed()
        asking.execute("CHECKPOINT")
        receipts, used, written = place.count()[0], cpu(database.process), _written(asking)
        load(server, decisions(server), connections, rounds.seconds * rounds.rounds)
        place.wait_sealed()
        recorded = place.count()[0] - receipts
        what = f"PostgreSQL, c = {connections}: a receipt, sealed"
        spent = 1000 * (cpu(database.process) - used) / recorded
        report.row(Row(f"{what}, CPU of the database", spent, "ms"))
        report.row(Row(f"{what}, write-ahead log", (_written(asking) - written) / recorded, "bytes"))


def _of_disk(report: Report, place: Place, url: str, rows: int) -> None:
    what = f"PostgreSQL, {rows:,} receipts"
    empty = place.size()
    report.row(Row(f"{what}: sealed", fill(place, rows).sealed, "/s"))
    report.row(Row(f"{what}: disk for each, with indexes and tiles", _each(place, empty, rows), "bytes"))
    settings = read_settings(place.environ)
    signer = ReceiptSigner(signing_pems(settings))
    with closing(open_store(settings)) as store:
        leaves = store.sealed(SITE, rows // 2, ALIKE)
        texts = [leaf.jws.encode() for leaf in leaves if leaf.jws and leaf.type == RECEIPT_TYPE]
        length = sum(map(len, texts))
        report.row(Row("a receipt (JWS)", length / len(texts), "characters"))
        packed = len(zlib.compress(b"\n".join(texts), 9))
        report.row(Row(f"{len(texts):,} receipts deflated together", packed / length, "of their length"))
        (catalog,) = read_catalogs(CATALOG)
        erased = sum(purge(store, signer, catalog.site, now() + LATER))
        sealer = Sealer(store, signer, log_key(settings), now)
        while sealer.seal(SITE):
            pass
    say(f"erased {erased:,}")
    with psycopg.connect(url, autocommit=True) as asking:
        asking.execute("VACUUM FULL")
    report.row(Row(f"{what}: disk for each once all are erased", _each(place, empty, rows), "bytes"))


def _each(place: Place, empty: int, rows: int) -> float:
    return (place.size() - empty) / rows


def _written(asking: psycopg.Connection[tuple[int, ...]]) -> int:
    """Return how many bytes of write-ahead log there have ever been."""
    row = asking.execute("SELECT (pg_current_wal_lsn() - '0/0')::bigint").fetchone()
    assert row
    return row[0]
