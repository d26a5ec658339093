"""One thread that writes for all: what waits is committed in groups, one flush of the disk for each."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import Counter
from concurrent.futures import Future
from typing import TYPE_CHECKING

from peewee import InterfaceError, OperationalError

from consent_server.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.consent.stored import Leaf

GROUP = 64
"""The most leaves in one commit."""

_QUEUE_SECONDS = 5
_ANSWER_SECONDS = 10
_WAITING = 2048


class GroupWriter:
    """Takes leaves from many threads; `commit` stores a group durably and returns what is stored.

    `commit` is called in the writer's own thread only, after `begin` and before `end`. `sizes` counts the
    commits by the number of their leaves.
    """

    def __init__(
        self,
        commit: Callable[[list[Leaf]], list[Leaf]],
        begin: Callable[[], object],
        end: Callable[[], object],
    ) -> None:
        self._commit = commit
        self._begin = begin
        self._end = end
        self.sizes: Counter[int] = Counter()
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="consent-writer", daemon=True)
        self._thread.start()

    def write(self, leaf: Leaf) -> Leaf:
        """Return what is stored for `leaf` once it is durable, or raise StorageUnavailable.

        One that was taken out of the queue may be stored all the same: the caller can repeat it.
        """
        if not self._thread.is_alive():
            raise StorageUnavailable("The database is closed.")
        waiting = _Waiting(leaf)
        try:
            self._queue.put(waiting, timeout=_QUEUE_SECONDS)
            return waiting.answer.result(_ANSWER_SECONDS)
        except (queue.Full, TimeoutError):
            waiting.answer.cancel()
            raise StorageUnavailable("Too many receipts are waiting to be written.") from None

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(Exception):  # whatever is wrong is said to those who write
            self._begin()
        while (first := self._queue.get()) is not None:
            group, last = self._gather(first)
            self._write_group([waiting for waiting in group if waiting.begin()])
            if last:
                break
        self._end()

    def _gather(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        group = [first]
        with contextlib.suppress(queue.Empty):
            while len(group) < GROUP:
                waiting = self._queue.get_nowait()
                if waiting is None:
                    return group, True
                group.append(waiting)
        return group, False

    def _write_group(self, group: list[_Waiting]) -> None:
        if not group:
            return
        try:
            stored = self._commit([waiting.leaf for waiting in group])
        except (OperationalError, InterfaceError) as error:
            self._refuse(group, error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one leaf does
            self._write_apart(group, error)
        else:
            self.sizes[len(group)] += 1
            for waiting, leaf in zip(group, stored, strict=True):
                waiting.answer.set_result(leaf)

    def _write_apart(self, group: list[_Waiting], error: Exception) -> None:
        """One leaf that cannot be stored must not take the others of its group with it."""
        if len(group) == 1:
            self._refuse(group, error)
        else:
            for waiting in group:
                self._write_group([waiting])

    def _refuse(self, group: list[_Waiting], error: Exception) -> None:
        for waiting in group:
            waiting.answer.set_exception(StorageUnavailable(f"The database cannot be written now: {error}"))


class _Waiting:
    """A leaf that waits for its commit."""

    __slots__ = ("answer", "leaf")

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        self.answer: Future[Leaf] = Future()

    def begin(self) -> bool:
        """Say that the commit begins; False where the caller has given up."""
        return self.answer.set_running_or_notify_cancel()
