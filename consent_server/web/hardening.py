"""The headers that every answer carries, whoever made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
"""What holds where an answer says nothing else."""


class Hardened:
    """Wraps an application: what an answer leaves open is closed. Outside of Flask, as `Traced` is."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""

        def start_hardened(status: str, headers: list[tuple[str, str]], fault: Any = None) -> Any:
            said = {name for name, _ in headers}
            return start(status, headers + [pair for pair in _HEADERS if pair[0] not in said], fault)

        return self._app(environ, start_hardened)
