"""A name for each request, by which its lines in the log are found: `X-Request-Id`."""

from __future__ import annotations

import re
import secrets
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from consent_server.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BEGAN = "consent.began"
"""Where a request's environment says when it began, on the clock of `time.perf_counter`."""

_HEADER = "X-Request-Id"
# Short, and nothing that could break a line or a header.
_TAKEN = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class Traced:
    """Wraps an application: a request has the id that a proxy in front gave it, or a new one.

    Outside of Flask, whose headers and hooks cost several times as much.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._prefix = secrets.token_hex(4)
        self._numbers = count()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        name = given if _TAKEN.fullmatch(given) else f"{self._prefix}{next(self._numbers):08x}"
        REQUEST_ID.set(name)
        environ[BEGAN] = time.perf_counter()

        def start_named(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            return start(status, [*headers, (_HEADER, name)], fault)

        return self._app(environ, start_named)
