"""One thread that writes for all: what waits is committed in groups, one flush of the disk for each."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import Counter
from typing import TYPE_CHECKING

from peewee import InterfaceError, OperationalError

from consent_server.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.consent.stored import Leaf

GROUP = 64
"""The most leaves in one commit."""

_ANSWER_SECONDS = 10
_WAITING = 2048


class GroupWriter:
    """Takes leaves from many threads; `commit` stores a group durably and returns what is stored.

    The leaves of a group are made one after the other, just before: signing takes half as long right after
    signing as after other work, which empties the processor's caches of what it reads.

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
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="consent-writer", daemon=True)
        self._thread.start()

    def write(self, make: Callable[[], Leaf]) -> Leaf:
        """Return what is stored for the leaf that `make` returns, once it is durable.

        Raises StorageUnavailable: if it was taken out of the queue by then it may be stored all the same, and
        the caller can repeat it. Raises what `make` raises, which keeps no other leaf from being stored.
        """
        if not self._thread.is_alive():
            raise StorageUnavailable("The database is closed.")
        if self._queue.qsize() >= _WAITING:
            raise StorageUnavailable("Too many receipts are waiting to be written.")
        waiting = _Waiting(make)
        self._queue.put(waiting)
        return waiting.wait()

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(Exception):  # whatever is wrong is said to those who write
            self._begin()
        while (first := self._queue.get()) is not None:
            group, last = self._gather(first)
            self._write_group([waiting for waiting in group if waiting.make()])
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
        except (OperationalError, InterfaceError, StorageUnavailable) as error:
            self._refuse(group, error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one leaf does
            self._write_apart(group, error)
        else:
            self.sizes[len(group)] += 1
            for waiting, leaf in zip(group, stored, strict=True):
                waiting.answer(leaf)

    def _write_apart(self, group: list[_Waiting], error: Exception) -> None:
        """One leaf that cannot be stored must not take the others of its group with it."""
        if len(group) == 1:
            self._refuse(group, error)
        else:
            for waiting in group:
                self._write_group([waiting])

    def _refuse(self, group: list[_Waiting], error: Exception) -> None:
        for waiting in group:
            waiting.answer(StorageUnavailable(f"The database cannot be written now: {error}"))


class _Waiting:
    """A leaf that waits for its commit. A lock alone: a Future costs several times as much."""

    __slots__ = ("_answer", "_answered", "_given_up", "_make", "leaf")

    leaf: Leaf
    """Once it is made."""

    def __init__(self, make: Callable[[], Leaf]) -> None:
        self._make = make
        self._given_up = False
        self._answer: Leaf | Exception | None = None
        self._answered = threading.Lock()
        self._answered.acquire()

    def make(self) -> bool:
        """Make the leaf and return True, or return False where nobody waits for one."""
        if self._given_up:
            return False
        try:
            self.leaf = self._make()
        except Exception as error:  # noqa: BLE001 - whoever wanted it hears of it
            self.answer(error)
            return False
        return True

    def answer(self, answer: Leaf | Exception) -> None:
        """Say what became of it."""
        self._answer = answer
        self._answered.release()

    def wait(self) -> Leaf:
        """Return what is stored, or raise what it was refused with."""
        if not self._answered.acquire(timeout=_ANSWER_SECONDS):
            self._given_up = True
            raise StorageUnavailable("The receipt has waited too long to be written.")
        if isinstance(self._answer, Exception):
            raise self._answer
        assert self._answer is not None
        return self._answer
