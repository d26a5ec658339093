"""Two threads that write for all: one makes leaves, one commits them, a flush of the disk for each group."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from peewee import InterfaceError, OperationalError

from consent_server.errors import StorageUnavailable
from consent_server.storage.worker import GroupWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.consent.stored import Leaf

_ANSWER_SECONDS = 10
_WAITING = 2048


class GroupWriter:
    """Takes leaves from many threads; `commit` stores a group durably and returns what is stored.

    Leaves are made one after the other: signing takes half as long right after signing as after other work,
    which empties the processor's caches of what it reads. They are not made by the thread that commits, so
    that some are made while it waits for the disk.

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
        self.sizes: Counter[int] = Counter()
        self._writer: GroupWorker[_Waiting] = GroupWorker("consent-writer", self._write_group, begin, end)
        self._maker: GroupWorker[_Waiting] = GroupWorker("consent-maker", self._make_group)

    def write(self, make: Callable[[], Leaf]) -> Leaf:
        """Return what is stored for the leaf that `make` returns, once it is durable.

        Raises StorageUnavailable: if it was taken out of the queue by then it may be stored all the same, and
        the caller can repeat it. Raises what `make` raises, which keeps no other leaf from being stored.
        """
        if not (self._maker.is_alive() and self._writer.is_alive()):
            raise StorageUnavailable("The database is closed.")
        if self._maker.waiting() + self._writer.waiting() >= _WAITING:
            raise StorageUnavailable("Too many receipts are waiting to be written.")
        waiting = _Waiting(make)
        self._maker.put(waiting)
        return waiting.wait()

    def close(self) -> None:
        """Write what is waiting, then stop."""
        self._maker.close()
        self._writer.close()

    def _make_group(self, group: list[_Waiting]) -> None:
        for waiting in [waiting for waiting in group if waiting.make()]:
            self._writer.put(waiting)

    def _write_group(self, group: list[_Waiting]) -> None:
        wanted = [waiting for waiting in group if not waiting.given_up]
        if not wanted:
            return
        try:
            stored = self._commit([waiting.leaf for waiting in wanted])
        except (OperationalError, InterfaceError, StorageUnavailable) as error:
            self._refuse(wanted, error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one leaf does
            self._write_apart(wanted, error)
        else:
            self.sizes[len(wanted)] += 1
            for waiting, leaf in zip(wanted, stored, strict=True):
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

    __slots__ = ("_answer", "_answered", "_make", "given_up", "leaf")

    leaf: Leaf
    """Once it is made."""

    def __init__(self, make: Callable[[], Leaf]) -> None:
        self._make = make
        self.given_up = False
        self._answer: Leaf | Exception | None = None
        self._answered = threading.Lock()
        self._answered.acquire()

    def make(self) -> bool:
        """Make the leaf; return False where nobody waits for it, or none can be made."""
        if self.given_up:
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
            self.given_up = True
            raise StorageUnavailable("The receipt has waited too long to be written.")
        if isinstance(self._answer, Exception):
            raise self._answer
        assert self._answer is not None
        return self._answer
