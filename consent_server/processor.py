"""Python's threads on one processor: they share one lock, which passes slowly from one to another."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Processor:
    """One of the processors that this process may use, chosen by `number`.

    Two servers of one machine with different numbers seldom meet. Where the system is not Linux, nothing
    is kept anywhere.
    """

    def __init__(self, number: int) -> None:
        self._all = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        self._one = {sorted(self._all)[number % len(self._all)]} if self._all else set()

    def stay(self) -> None:
        """Keep the calling thread here."""
        _move(self._one)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Keep the threads here that are started meanwhile, and the calling one until the end."""
        self.stay()
        try:
            yield
        finally:
            _move(self._all)


class Staying:
    """Wraps an application: whichever thread runs it stays on `processor`.

    The server's own thread, which reads and writes the sockets, runs no Python and is left to the system.
    """

    def __init__(self, app: WSGIApplication, processor: Processor) -> None:
        self._app = app
        self._processor = processor
        self._stays = threading.local()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        if not hasattr(self._stays, "here"):
            self._processor.stay()
            self._stays.here = True
        return self._app(environ, start)


def _move(processors: set[int]) -> None:
    if processors:
        os.sched_setaffinity(0, processors)
