"""One thread that works for many: what waits for it is taken in groups."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

GROUP = 64
"""The most that are taken at a time."""


class GroupWorker(Generic[T]):
    """Takes things from many threads and hands all that wait to `work`, in its own thread only.

    There `begin` is called before and `end` after. `work` must not raise. What `begin` raises is dropped:
    `work` will meet the same, and say so to those who wait.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[T]], object],
        begin: Callable[[], object] = lambda: None,
        end: Callable[[], object] = lambda: None,
    ) -> None:
        self._work = work
        self._begin = begin
        self._end = end
        self._queue: queue.SimpleQueue[T | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, thing: T) -> None:
        """Let `thing` wait for its turn."""
        self._queue.put(thing)

    def waiting(self) -> int:
        """Return how many wait, roughly."""
        return self._queue.qsize()

    def is_alive(self) -> bool:
        """Whether anything would still be worked on."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Work off what waits, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(Exception):
            self._begin()
        while (first := self._queue.get()) is not None:
            group, last = self._gather(first)
            self._work(group)
            if last:
                break
        self._end()

    def _gather(self, first: T) -> tuple[list[T], bool]:
        group = [first]
        with contextlib.suppress(queue.Empty):
            while len(group) < GROUP:
                thing = self._queue.get_nowait()
                if thing is None:
                    return group, True
                group.append(thing)
        return group, False
