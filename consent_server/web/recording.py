"""The one write that every visitor makes, recorded before Flask is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.web.ahead import Ahead
from consent_server.web.origins import allowing
from consent_server.web.receipts import REFUSED, encode, status_of, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from consent_server.consent.recorder import Recorder
    from consent_server.consent.sites import Sites
    from consent_server.web.limits import Limits

ROUTE = "/v1/<site_id>/receipts"
_AHEAD = Ahead("POST", ROUTE, ("HTTP_COOKIE", "HTTP_AUTHORIZATION"))
"""Those headers ask for more than a receipt."""


class Recording:
    """Wraps an application and records decisions in its stead, by the functions that its own view calls.

    Flask's way to a view takes as long as recording. What is out of the ordinary is left to it; so is every
    refusal, which then stands in the environment as `REFUSED`: how one is told is decided in one place.
    `tell` hears of each request that it was spared.
    """

    def __init__(
        self,
        app: WSGIApplication,
        sites: Sites,
        recorder: Recorder,
        limits: Limits | None,
        tell: Callable[[WSGIEnvironment, str, int], None],
    ) -> None:
        self._app = app
        self._sites = sites
        self._recorder = recorder
        self._limits = limits
        self._tell = tell

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        site = _AHEAD.site(environ, self._sites)
        if site is None or (self._limits and not self._limits.admit(environ)):
            return self._app(environ, start)
        try:
            recorded, _ = take(environ, site, self._recorder)
        except Exception as refusal:  # noqa: BLE001 - the application tells what is wrong, or logs it
            environ[REFUSED] = refusal
            return self._app(environ, start)
        body, status = encode(recorded), status_of(recorded)
        self._tell(environ, ROUTE, status)
        start(
            f"{status.value} {status.phrase}",
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Vary", "Origin"),
                *allowing(site.catalog.site.origins, environ["HTTP_ORIGIN"]),
            ],
        )
        return [body]
