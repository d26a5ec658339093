"""Databases of older releases are brought up to date at start, and lose nothing."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from consent_server.consent.logs import Logs
from consent_server.consent.stored import Build, Stamp
from consent_server.errors import SettingsError
from consent_server.evidence.merkle import verify_inclusion
from consent_server.storage.migrations import MIGRATIONS
from consent_server.storage.postgresql import PostgresqlStore
from consent_server.storage.sqlite import SqliteStore
from consent_server.storage.tables import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.storage.store import SqlStore

OLD = sorted((Path(__file__).parent.parent / "vectors" / "databases").glob("*.sql"))
"""Dumps of a small database of each older version, named after it."""


def for_postgresql(dump: str) -> str:
    """Say in PostgreSQL's words what SQLite dumped."""
    blobs = re.sub(r"X'([0-9A-F]*)'", r"'\\x\1'", dump)
    return blobs.replace(" BLOB", " BYTEA").replace(" INTEGER", " BIGINT").replace(") STRICT;", ");")


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Give the name of each kind of database."""
    return str(request.param)


@pytest.fixture(params=OLD, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[SqlStore]:
    """Give a store over a database of an older version, not yet prepared."""
    dump = request.param.read_text(encoding="utf-8")
    store: SqlStore
    if kind == "sqlite":
        with closing(sqlite3.connect(tmp_path / "old.db")) as database:
            database.executescript(dump)
        store = SqliteStore(tmp_path / "old.db")
    else:
        url = request.getfixturevalue("postgresql_url")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(for_postgresql(dump).encode())
        store = PostgresqlStore(url)
    yield store
    store.close()


def test_every_older_version_is_here() -> None:
    """Whoever raises the version leaves a dump of the one before."""
    assert [path.stem for path in OLD] == [str(version) for version in range(1, VERSION)]


def test_an_older_database_is_brought_up_to_date(old: SqlStore) -> None:
    """Its leaves and proofs are there, and what the newer tables have works; twice is as good as once."""
    old.prepare()
    old.prepare()
    leaves = old.sealed("shop", 0, 10)
    state = old.log("shop")
    assert state is not None
    assert len(leaves) == state.size == 3
    for leaf in leaves:
        proof = Logs(old, old).proof("shop", leaf.id)
        assert leaf.index is not None
        verify_inclusion(leaf.leaf_hash, leaf.index, state.size, proof.hashes, state.root)
    assert old.build("ab" * 32) == b"(()=>{})()"
    old.keep_build(Build("cd" * 32, b"2", main=True), 5)
    assert old.main_build_at(1 << 60) == "cd" * 32
    old.keep_stamp("shop", Stamp(3, state.checkpoint, b"stamp", 1))
    assert old.last_stamp("shop") == Stamp(3, state.checkpoint, b"stamp", 1)


def test_an_upgrade_that_is_stopped_leaves_the_old_tables(
    old: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it happens, or none: the next start begins anew."""
    monkeypatch.setitem(
        MIGRATIONS,
        VERSION - 1,
        ("ALTER TABLE build ADD COLUMN main INTEGER NOT NULL DEFAULT 0", "SELECT 1 FROM nowhere"),
    )
    with pytest.raises(Exception, match="nowhere"):
        old.prepare()
    monkeypatch.undo()
    old.prepare()
    assert old.main_build_at(1 << 60) is None


def test_tables_of_a_newer_release_are_refused(store: SqlStore) -> None:
    """A program that does not know the tables leaves them alone, and says what to run."""
    with store._connected():  # noqa: SLF001 - a future release, as the database would show it
        store._database.execute_sql("UPDATE schema_version SET version = 99")  # noqa: SLF001
    with pytest.raises(SettingsError, match="version 99; this program knows versions up to 2"):
        store.prepare()
