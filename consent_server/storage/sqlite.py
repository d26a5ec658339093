"""The embedded default: SQLite with a write-ahead log and one writer that commits in groups."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from peewee import SqliteDatabase

from consent_server.errors import SettingsError, StorageUnavailable
from consent_server.storage import leaves
from consent_server.storage.store import SqlStore
from consent_server.storage.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from consent_server.consent.stored import Leaf

_BUSY_SECONDS = 5
_STEPS = 1_000_000
"""Steps of SQLite's own between two reports of progress."""
_PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1}


class SqliteStore(SqlStore):
    """The stores in one SQLite file, readable by its owner alone.

    All receipts go through one thread, which commits those that wait together; its connection stays open,
    since SQLite empties its write-ahead log whenever the last connection closes.
    """

    # A tampered row cannot change the type of a column.
    _table_options = " STRICT"
    _ask = "PRAGMA"
    _depends_on = ("journal_mode", "synchronous")

    def __init__(self, path: Path) -> None:
        _create(path)
        super().__init__(SqliteDatabase(str(path), pragmas=_PRAGMAS, timeout=_BUSY_SECONDS))
        self._writer = GroupWriter(self._commit, self._database.connect, self._database.close)

    def record(self, leaf: Leaf) -> Leaf:
        """See LeafStore.record."""
        return self._writer.write(leaf)

    def commits(self) -> Mapping[int, int]:
        """See SqlStore.commits."""
        return dict(self._writer.sizes)

    def close(self) -> None:
        """Write what is waiting, then stop the writer."""
        self._writer.close()

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
            self._database.execute_sql("VACUUM INTO ?", (str(path),))

    def check_integrity(self) -> None:
        """Read every page and index. Raises StorageUnavailable, naming what is damaged."""
        with self._connected():
            [(said,)] = self._database.execute_sql("PRAGMA integrity_check(1)").fetchall()
        if said != "ok":
            raise StorageUnavailable(f"The database is damaged: {said}")

    def _commit(self, group: list[Leaf]) -> list[Leaf]:
        self._database.connect(reuse_if_open=True)
        with self._writing():
            return [self._insert_leaf(leaf) for leaf in group]

    def _writing(self) -> AbstractContextManager[Any]:
        return cast("AbstractContextManager[Any]", self._database.atomic("IMMEDIATE"))

    def _lock_log(self, _site: str) -> bool:
        # A write transaction of SQLite is alone already.
        return True

    def _insert_leaf(self, leaf: Leaf) -> Leaf:
        cursor = self._database.execute_sql(_INSERT, leaves.values_of(leaf))
        if cursor.rowcount != 1:
            return leaves.find_key(self._database, leaf.site, leaf.key) or leaf
        self._database.execute_sql(_WAIT, (leaf.site, leaf.id.bytes))
        return leaf


def _create(path: Path) -> None:
    """Create the file where there is none: SQLite gives its companions the mode that it has."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise SettingsError(f"The database {path} cannot be opened: {error.strerror}.") from error


_INSERT = leaves.insert_sql("?")
_WAIT = "INSERT INTO unsealed (site, id) VALUES (?, ?)"
