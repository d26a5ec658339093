"""Checking the lines of an export in worker processes: batch after batch, answered in the order given.

A worker is a new interpreter, which takes some tenths of a second to start: what is short, or comes first,
is checked in the calling process. A worker that dies costs nothing but its time: what it would have checked,
the caller checks.
"""

from __future__ import annotations

import marshal
import os
import pickle
import subprocess
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import islice
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, cast

from consent_server.evidence import worker
from consent_server.evidence.lines import Batch, LineCheck, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

BATCH = 256
"""Lines that are checked at once: some 300 kB of receipts."""
ALONE = 2048
"""Lines that are checked before workers are started, or while they start."""
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
    if workers < 2:  # noqa: PLR2004 - one is no team
        yield from map(check.check, batches)
        return
    first = list(islice(batches, ALONE // BATCH))
    second = next(batches, None)
    if second is None:
        yield from map(check.check, first)
    else:
        yield from _spread(check, terms, (first, second, batches), workers)


def _spread(
    check: LineCheck,
    terms: Terms,
    given: tuple[list[list[bytes]], list[bytes], Iterator[list[bytes]]],
    workers: int,
) -> Iterator[Batch]:
    idle: SimpleQueue[_Worker] = SimpleQueue()

    def check_next(batch: list[bytes]) -> Batch:
        worker = idle.get()
        try:
            return worker.check(batch)
        finally:
            idle.put(worker)

    first, second, batches = given
    # One more than asked for: while one hands over what it has, another computes.
    workers += 1
    with ExitStack() as stack:
        for _ in range(workers):
            idle.put(stack.enter_context(closing(_Worker(terms, check))))
        threads = stack.enter_context(ThreadPoolExecutor(workers))
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        waiting: deque[Future[Batch]] = deque([threads.submit(check_next, second)])
        for batch in islice(batches, workers * _AHEAD - 1):
            waiting.append(threads.submit(check_next, batch))
        yield from map(check.check, first)
        for batch in batches:
            yield waiting.popleft().result()
            waiting.append(threads.submit(check_next, batch))
        while waiting:
            yield waiting.popleft().result()


class _Worker:
    """A process that checks batches, one at a time, and two pipes that it shares with no other.

    What concurrent.futures shares between its processes, queues and their locks, a killed one takes with
    it: then the caller waits for ever.
    """

    def __init__(self, terms: Terms, instead: LineCheck) -> None:
        # The modules are looked for where they were found here, and not in the current folder.
        path = os.pathsep.join(filter(None, sys.path))
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter
            [sys.executable, "-P", "-m", worker.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._calls = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._terms: bytes | None = pickle.dumps(terms)
        self._instead = instead

    def check(self, batch: list[bytes]) -> Batch:
        """Check `batch` in the process, or here where that has died."""
        try:
            if self._terms is not None:
                worker.send(self._calls, self._terms)
                self._terms = None
            worker.send(self._calls, marshal.dumps(batch))
            return worker.unpack_batch(worker.receive(self._answers))
        except (EOFError, OSError):
            return self._instead.check(batch)

    def close(self) -> None:
        """Let the process end, and wait for it."""
        self._process.communicate()


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(lines, BATCH)):
        yield batch
