"""The Flask application: Flask, less what it does in each request for features that are not used here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.sessions import NullSession, SessionInterface

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Request
    from flask.sessions import SessionMixin

_NO_SESSION = NullSession()


class _NoSessions(SessionInterface):
    """Flask's own sessions, which nothing here may use: visitors get no cookie, the console has its own."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:  # noqa: ARG002
        """Return the one session that refuses to be written."""
        return _NO_SESSION


class Application(Flask):
    """Our Flask application. No function of ours is a coroutine, so Flask need not look."""

    session_interface = _NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return `func` as it is."""
        return func
