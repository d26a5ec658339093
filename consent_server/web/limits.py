"""Rate limits: how many writes a client may send a minute, and how often it may guess a token."""

from __future__ import annotations

import hmac
import secrets
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import g, request
from limits import RateLimitItemPerMinute

from consent_server.errors import RateLimited
from consent_server.web.clients import Clients
from consent_server.web.counting import Counters, open_counters

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment
    from flask import Blueprint, Response
    from limits import RateLimitItem

    from consent_server.settings import Settings

_WRITES = frozenset({"POST", "DELETE"})
_WRITING = {"forms", "receipts"}
_TAKING_TOKENS = {"receipts", "audit", "console", "operations"}
_SIGN_IN = "console.sign_in"
_GUESSES = 10
"""Wrong tokens that a client may send a minute."""
_DAY = 24 * 60 * 60
_COUNTED = "consent.counted"
"""Where a request's environment says that it was counted before Flask was reached."""


class Limits:
    """Refuses what a client sends too often, with 429 and `Retry-After`.

    A guess is what carries a token, or wants to sign in, and is answered with 401. Reading is never limited.
    """

    def __init__(self, writes: int, counters: Counters, clients: Clients) -> None:
        self._writes = RateLimitItemPerMinute(writes)
        self._guesses = RateLimitItemPerMinute(min(_GUESSES, writes))
        self._counters = counters
        self._clients = clients

    def guard(self, blueprint: Blueprint) -> None:
        """Set the limits that a blueprint needs, before it is registered. Writes to all count together."""
        if blueprint.name in _WRITING:
            blueprint.before_request(self._check_write)
        if blueprint.name in _TAKING_TOKENS:
            blueprint.before_request(self._check_guess)
        if blueprint.name in _WRITING | _TAKING_TOKENS:
            blueprint.after_request(self._conclude)

    def admit(self, environ: WSGIEnvironment) -> bool:
        """Count a write before Flask is reached; one that is refused here is counted and told there."""
        client = self._clients.hash_of(environ)
        environ[_COUNTED] = client is None or self._counters.hit(self._writes, "writes", client)
        return bool(environ[_COUNTED])

    def _check_write(self) -> None:
        if request.method not in _WRITES or request.environ.get(_COUNTED):
            return
        client = self._clients.hash_of(request.environ)
        if client and not self._counters.hit(self._writes, "writes", client):
            self._refuse(self._writes, "writes", client)

    def _check_guess(self) -> None:
        if "HTTP_AUTHORIZATION" not in request.environ and request.endpoint != _SIGN_IN:
            return
        client = g.guesser = self._clients.hash_of_guesser(request.environ)
        if client and not self._counters.allows(self._guesses, "guesses", client):
            self._refuse(self._guesses, "guesses", client)

    def _conclude(self, answer: Response) -> Response:
        status = answer.status_code
        if status == HTTPStatus.UNAUTHORIZED and (client := g.get("guesser")):
            self._counters.hit(self._guesses, "guesses", client)
        elif status == HTTPStatus.TOO_MANY_REQUESTS and "retry_after" in g:
            answer.headers["Retry-After"] = str(g.retry_after)
        return answer

    def _refuse(self, item: RateLimitItem, *names: str) -> None:
        seconds = g.retry_after = self._counters.seconds_left(item, *names)
        raise RateLimited(f"Too many requests from this address. Try again in {seconds} seconds.")


def limits_of(settings: Settings, secret: bytes) -> Limits | None:
    """Return the limits that the settings name, None where they are off.

    In memory the addresses are hashed under a key that this process draws and never tells. Nodes that count
    together have to agree: theirs comes from `secret` and the day.
    """
    if settings.rate_limit is None:
        return None
    alone = settings.rate_limit_store == "memory"
    key = _drawn_key() if alone else _daily_key(secret)
    clients = Clients(settings.trusted_proxies, key)
    return Limits(settings.rate_limit, open_counters(settings.rate_limit_store), clients)


def _drawn_key() -> Callable[[], bytes]:
    key = secrets.token_bytes(32)
    return lambda: key


def _daily_key(secret: bytes) -> Callable[[], bytes]:
    return lambda: hmac.digest(secret, f"consent.client\0{int(time.time()) // _DAY}".encode(), "sha256")
