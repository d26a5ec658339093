"""The one answer that every page waits for, asked of Flask once and kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent_server.web.ahead import Ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from consent_server.consent.sites import LiveSite, Sites

ROUTE = "/v1/<site_id>/consent.js"
_ASKED = ("QUERY_STRING", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH")
"""What such an answer depends on, beside the site and its catalog."""
_AHEAD = Ahead(
    "GET", ROUTE, ("HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE")
)
_MOST = 256
_LONGEST = 512
"""Characters of a question: browsers ask in few ways, all of them short."""
_KEPT = {200, 304}


@dataclass(frozen=True, slots=True)
class _Answer:
    site: LiveSite
    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def code(self) -> int:
        return int(self.status[:3])


class Kept:
    """Wraps an application and keeps its answers to `consent.js`, until the site's catalog changes.

    Flask takes five times as long to give the same one. `tell` hears of each that it was spared.
    """

    def __init__(
        self, app: WSGIApplication, sites: Sites, tell: Callable[[WSGIEnvironment, str, int], None]
    ) -> None:
        self._app = app
        self._sites = sites
        self._tell = tell
        self._answers: dict[tuple[str, ...], _Answer] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        site = _AHEAD.site(environ, self._sites)
        if site is None:
            return self._app(environ, start)
        question = (site.id, *(environ.get(name, "") for name in _ASKED))
        kept = self._answers.get(question)
        if kept is None or kept.site is not site:
            return self._ask(environ, start, site, question)
        self._tell(environ, ROUTE, kept.code)
        start(kept.status, list(kept.headers))
        return [kept.body]

    def _ask(
        self, environ: WSGIEnvironment, start: StartResponse, site: LiveSite, question: tuple[str, ...]
    ) -> Iterable[bytes]:
        begun: list[Any] = []
        answer = self._app(environ, lambda *said: begun.extend(said) or bytes)  # type: ignore[func-returns-value]
        try:
            body = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        # When it was sent, the server in front says each time.
        headers = [(name, value) for name, value in begun[1] if name != "Date"]
        made = _Answer(site, begun[0], headers, body)
        start(made.status, list(headers))
        if made.code in _KEPT and sum(map(len, question)) <= _LONGEST:
            self._keep(question, made)
        return [body]

    def _keep(self, question: tuple[str, ...], answer: _Answer) -> None:
        with self._lock:
            while len(self._answers) >= _MOST:
                self._answers.pop(next(iter(self._answers)))
            self._answers[question] = answer
