"""Checking the lines of an export in worker processes: batch after batch, answered in the order given.

A worker is a new interpreter (`spawn`), which takes about a second to start: what is short, or comes first,
is checked in the calling process. A worker that dies costs nothing but its time: its batch, and all that
follow, are checked by the caller.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING

from consent_server.evidence.lines import Batch, LineCheck, Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

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
        yield from _spread(terms, check, first, batches, workers)


def _spread(
    terms: Terms, check: LineCheck, first: list[bytes], batches: Iterator[list[bytes]], workers: int
) -> Iterator[Batch]:
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (terms,))
    waiting: deque[tuple[list[bytes], Future[Batch]]] = deque()
    batch: list[bytes] | None = first
    try:
        while batch or waiting:
            while batch and len(waiting) < workers * _AHEAD:
                waiting.append((batch, pool.submit(_check, batch)))
                batch = next(batches, None)
            checked = waiting[0][1].result()
            waiting.popleft()
            yield checked
    except BrokenExecutor:
        yield from (check.check(lines) for lines, _ in waiting)
        if batch:
            yield check.check(batch)
        yield from map(check.check, batches)
    finally:
        pool.shutdown(cancel_futures=True)


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(lines, BATCH)):
        yield batch


_checks: list[LineCheck] = []
"""In a worker: its one check."""


def _start(terms: Terms) -> None:
    # Ctrl-C reaches every process of a terminal; the caller alone decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _checks.append(LineCheck(terms))


def _check(lines: list[bytes]) -> Batch:
    return _checks[0].check(lines)
