"""Checking the lines of an export in worker processes: batch after batch, answered in the order given.

A worker is a new interpreter (`spawn`), which takes about a second to start: what is short, or comes first,
is checked in the calling process. A worker that dies costs nothing but its time: what it would have checked,
the caller checks.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from itertools import chain, islice
from multiprocessing import get_context
from queue import SimpleQueue
from typing import TYPE_CHECKING

from consent_server.evidence.lines import Batch, LineCheck, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

BATCH = 256
"""Lines that are checked at once: some 400 kB of receipts."""
ALONE = 4096
"""Lines that are checked before workers are started."""
_AHEAD = 3
"""Batches that wait for each worker: what bounds the memory."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_lines(terms: Terms, lines: Iterable[bytes], workers: int) -> Iterator[Batch]:
    """Yield the checked batches of `lines`, in order. With one worker everything is done here.

    Raises EvidenceInvalid where the keys cannot be used.
    """
    check = LineCheck(terms)
    batches = _batches(iter(lines))
    alone = batches if workers < 2 else islice(batches, ALONE // BATCH)  # noqa: PLR2004 - one is no team
    yield from map(check.check, alone)
    if workers >= 2 and (first := next(batches, None)):  # noqa: PLR2004 - as above
        yield from _spread(check, terms, first, batches, workers)


def _spread(
    check: LineCheck, terms: Terms, first: list[bytes], batches: Iterator[list[bytes]], workers: int
) -> Iterator[Batch]:
    idle: SimpleQueue[_Worker] = SimpleQueue()

    def check_next(batch: list[bytes]) -> Batch:
        worker = idle.get()
        try:
            return worker.check(batch)
        finally:
            idle.put(worker)

    # One more than asked for: while one hands over what it has, another computes.
    workers += 1
    with ExitStack() as stack:
        for _ in range(workers):
            idle.put(stack.enter_context(closing(_Worker(terms, check))))
        threads = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        waiting: deque[Future[Batch]] = deque()
        for batch in chain([first], batches):
            waiting.append(threads.submit(check_next, batch))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Worker:
    """A process that checks batches, one at a time, and a pipe that it shares with no other.

    What concurrent.futures shares between its processes, queues and their locks, a killed one takes with
    it: then the caller waits for ever.
    """

    def __init__(self, terms: Terms, instead: LineCheck) -> None:
        context = get_context("spawn")
        self._here, there = context.Pipe()
        self._process = context.Process(target=_work, args=(there, terms), daemon=True)
        self._process.start()
        there.close()
        self._instead = instead

    def check(self, batch: list[bytes]) -> Batch:
        """Check `batch` in the process, or here where that has died."""
        try:
            self._here.send(batch)
            checked: Batch = self._here.recv()
        except (EOFError, OSError):
            return self._instead.check(batch)
        return checked

    def close(self) -> None:
        """Let the process end, and wait for it."""
        self._here.close()
        self._process.join()


def _work(calls: Connection, terms: Terms) -> None:
    # Ctrl-C reaches every process of a terminal; the caller alone decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    check = LineCheck(terms)
    with suppress(EOFError, OSError):
        while True:
            calls.send(check.check(calls.recv()))


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
