"""The embedded default: SQLite with a write-ahead log and one writer that commits in groups."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from peewee import OperationalError
from playhouse.pool import PooledSqliteDatabase

from consent_server.errors import SettingsError, StorageUnavailable
from consent_server.storage import leaves
from consent_server.storage.store import SqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from consent_server.consent.stored import Leaf

_BUSY_SECONDS = 5
_STATEMENTS = 256
"""Statements that are kept prepared: one for each size of a group, and the others."""
_STEPS = 1_000_000
"""Steps of SQLite's own between two reports of progress."""
_PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1}


class SqliteStore(SqlStore):
    """The stores in one SQLite file, readable by its owner alone.

    The writer's connection stays open, since SQLite empties its write-ahead log whenever the last one closes.
    """

    # A tampered row cannot change the type of a column.
    _table_options = " STRICT"
    _ask = "PRAGMA"
    _depends_on = ("journal_mode", "synchronous")

    def __init__(self, path: Path) -> None:
        _create(path)
        self._turn = threading.Lock()
        # Opening a connection takes longer than most of what is asked on it.
        self._pool = PooledSqliteDatabase(
            str(path),
            pragmas=_PRAGMAS,
            max_connections=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        super().__init__(self._pool)

    def close(self) -> None:
        """See SqlStore.close."""
        super().close()
        self._pool.close_all()

    def scrub(self) -> None:
        """See SqlStore.scrub: `secure_delete` overwrites rows, but copies stand in the write-ahead log."""
        with self._connected():
            self._database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def copy_to(self, path: Path, progress: Callable[[], object]) -> None:
        """Write a whole copy of this moment into a new file, without what was deleted; receipts go on.

        `progress` is called now and then. Raises StorageUnavailable.
        """
        with self._connected():
            # SQLite's backup API begins anew whenever another process writes; this reads one snapshot.
            connection = self._database.connection()
            connection.set_progress_handler(lambda: progress() and None, _STEPS)
            try:
                self._database.execute_sql("VACUUM INTO ?", (str(path),))
            finally:
                connection.set_progress_handler(None, 0)

    def check_integrity(self) -> None:
        """Read every page and index. Raises StorageUnavailable, naming what is damaged."""
        with self._connected():
            [(said,)] = self._database.execute_sql("PRAGMA integrity_check(1)").fetchall()
        if said != "ok":
            raise StorageUnavailable(f"The database is damaged: {said}")

    def _begin_writing(self) -> None:
        self._database.connect()

    def _end_writing(self) -> None:
        self._database.close()

    def _commit(self, group: list[Leaf]) -> list[Leaf]:
        self._database.connect(reuse_if_open=True)
        with self._writing():
            return self._insert_leaves(group)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        # SQLite would let a second writer sleep and look again, sleep longer and look again.
        if not self._turn.acquire(timeout=_BUSY_SECONDS):
            raise OperationalError("database is locked")
        try:
            with self._database.atomic("IMMEDIATE"):
                yield
        finally:
            self._turn.release()

    def _lock_log(self, _site: str) -> bool:
        # A write transaction of SQLite is alone already.
        return True

    def _insert_leaves(self, group: list[Leaf]) -> list[Leaf]:
        # One statement for all: each lets other threads have Python's lock, and waits to have it back.
        values = tuple(chain.from_iterable(map(leaves.values_of, group)))
        cursor = self._database.execute_sql(leaves.insert_sql("?", len(group)), values)
        stored = group
        if cursor.rowcount != len(group):
            stored = [leaves.find_key(self._database, leaf.site, leaf.key) or leaf for leaf in group]
        self._let_wait([leaf for leaf, kept in zip(group, stored, strict=True) if kept.id == leaf.id])
        return stored

    def _let_wait(self, fresh: list[Leaf]) -> None:
        if fresh:
            values = tuple(chain.from_iterable((leaf.site, leaf.id.bytes) for leaf in fresh))
            self._database.execute_sql(
                f"INSERT INTO unsealed (site, id) VALUES {leaves.marks('?', len(fresh), 2)}",  # noqa: S608
                values,
            )


def _create(path: Path) -> None:
    """Create the file where there is none: SQLite gives its companions the mode that it has."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise SettingsError(f"The database {path} cannot be opened: {error.strerror}.") from error
