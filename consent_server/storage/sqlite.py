"""The embedded default: SQLite with a write-ahead log and one writer that commits in groups."""

from __future__ import annotations

import contextlib
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

from peewee import DatabaseError, InterfaceError, SqliteDatabase

from consent_server.errors import StorageUnavailable
from consent_server.storage import leaves
from consent_server.storage.store import SqlStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from consent_server.consent.ports import Leaf

_BUSY_SECONDS = 5
_ANSWER_SECONDS = 10
_GROUP = 64
_WAITING = 2048


class SqliteStore(SqlStore):
    """The stores in one SQLite file.

    All receipts go through one thread, which commits up to 64 waiting ones together: a commit costs a
    flush of the disk, and nobody is answered before the flush of their own receipt has returned.
    """

    # A tampered row cannot change the type of a column.
    _table_options = " STRICT"

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pragmas = {"journal_mode": "wal", "synchronous": "full", "secure_delete": 1}
        super().__init__(SqliteDatabase(str(path), pragmas=pragmas, timeout=_BUSY_SECONDS))
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_WAITING)
        self._writer = threading.Thread(target=self._write, name="consent-writer", daemon=True)
        self._writer.start()

    def record(self, leaf: Leaf) -> Leaf:
        """See LeafStore.record."""
        if not self._writer.is_alive():
            raise StorageUnavailable("The database is closed.")
        waiting = _Waiting(leaf)
        try:
            self._queue.put(waiting, timeout=_BUSY_SECONDS)
            return waiting.answer.result(_ANSWER_SECONDS)
        except (queue.Full, TimeoutError):
            raise StorageUnavailable("Too many receipts are waiting to be written.") from None

    def close(self) -> None:
        """Write what is waiting, then stop the writer."""
        self._queue.put(None)
        self._writer.join()

    def _writing(self) -> AbstractContextManager[Any]:
        return cast("AbstractContextManager[Any]", self._database.atomic("IMMEDIATE"))

    def _write(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = self._gather(first)
            self._write_group(group)
            if last:
                return

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        group = [first]
        with contextlib.suppress(queue.Empty):
            while len(group) < _GROUP:
                waiting = self._queue.get_nowait()
                if waiting is None:
                    return group, True
                group.append(waiting)
        return group, False

    def _write_group(self, group: list[_Waiting]) -> None:
        try:
            stored = self._commit(group)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one group meets
            self._fail(group, error)
        else:
            for waiting, leaf in zip(group, stored, strict=True):
                waiting.answer.set_result(leaf)

    def _commit(self, group: list[_Waiting]) -> list[Leaf]:
        with self._database.connection_context(), self._writing():
            return [self._insert_leaf(waiting.leaf) for waiting in group]

    def _fail(self, group: list[_Waiting], error: Exception) -> None:
        if len(group) > 1 and not isinstance(error, (DatabaseError, InterfaceError)):
            for waiting in group:
                self._write_group([waiting])
            return
        refusal = StorageUnavailable(f"The database cannot be written now: {error}")
        for waiting in group:
            waiting.answer.set_exception(refusal)

    def _lock_log(self, _site: str) -> bool:
        # A write transaction of SQLite is alone already.
        return True

    def _insert_leaf(self, leaf: Leaf) -> Leaf:
        cursor = self._database.execute_sql(_INSERT, leaves.values_of(leaf))
        if cursor.rowcount != 1:
            return leaves.find_key(self._database, leaf.site, leaf.key)
        self._database.execute_sql(_WAIT, (leaf.site, leaf.id.bytes))
        return leaf


class _Waiting:
    """A receipt that waits for its commit."""

    __slots__ = ("answer", "leaf")

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        self.answer: Future[Leaf] = Future()


_INSERT = leaves.insert_sql("?")
_WAIT = "INSERT INTO unsealed (site, id) VALUES (?, ?)"
