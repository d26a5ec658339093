"""Slow clients: bodies that do not come may hold some of the server's threads, never all of them."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from consent_server.errors import ServerBusy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_READING = 12
"""Bodies that may be on their way at a time; the server has 16 threads or more."""
_SECONDS = 0.25
"""How long one more waits for its turn: on a busy machine a body that is there takes a moment too."""


class Patience:
    """Wraps an application, so that reading one body too many at a time raises ServerBusy.

    A read that waits cannot be given up: granian holds Python's lock until it ends. So those who are in
    may stay as long as they like, and only a proxy that hands on whole requests keeps them out.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        # A queue of turns: it does what a semaphore does in a tenth of the time.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(_READING):
            self._turns.put(None)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        environ["wsgi.input"] = _Input(environ["wsgi.input"], self._read)
        return self._app(environ, start)

    def _read(self, read: Callable[[], bytes]) -> bytes:
        try:
            self._turns.get(timeout=_SECONDS)
        except Empty:
            raise ServerBusy("Too many bodies are on their way.") from None
        try:
            return read()
        finally:
            self._turns.put(None)


class _Input:
    """A `wsgi.input` whose reads are counted."""

    def __init__(self, stream: Any, counted: Callable[[Callable[[], bytes]], bytes]) -> None:
        self._stream = stream
        self._counted = counted

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes. Raises ServerBusy."""
        return self._counted(lambda: self._stream.read(size))
