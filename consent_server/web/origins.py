"""Who may call from where: CORS headers by flask-cors, and the origins that may write."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import request
from flask_cors.core import DEFAULT_OPTIONS, get_cors_headers, serialize_options, set_cors_headers
from werkzeug.datastructures import Headers

from consent_server.errors import OriginForbidden

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request, Response

    from consent_server.consent.sites import LiveSite


def allow_everyone(answer: Response) -> Response:
    """Let any page read a public file, credentials left out."""
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return set_cors_headers(answer, _for_everyone())


def allow_site(answer: Response, site: LiveSite) -> Response:
    """Let the site's own origins, as its catalog names them now, read an answer."""
    origins, origin = site.catalog.site.origins, request.headers.get("Origin")
    # Caches must keep the answers to different origins apart, this site's and others'.
    answer.headers.add("Vary", "Origin")
    if request.method == "OPTIONS":
        return set_cors_headers(answer, _for_origins(origins))
    if origin in origins:
        answer.headers.extend(allowing(origins, origin))
    return answer


def check_origin(environ: WSGIEnvironment, site: LiveSite) -> None:
    """Refuse a write that does not come from an origin of the site."""
    if environ.get("HTTP_ORIGIN") not in site.catalog.site.origins:
        raise OriginForbidden(
            "A write needs the Origin header of one of the site's origins: "
            + ", ".join(site.catalog.site.origins)
            + "."
        )


def check_own_origin(incoming: Request, public_url: str | None) -> None:
    """Refuse a form that was not sent from one of this server's own pages."""
    own = urlsplit(public_url or incoming.host_url)
    if incoming.headers.get("Origin") != f"{own.scheme}://{own.netloc}":
        raise OriginForbidden("This form can only be sent from this server's own page.")


@cache
def _for_everyone() -> Any:
    return _options(origins="*", send_wildcard=True, methods=["GET", "HEAD"])


@lru_cache(maxsize=256)
def allowing(origins: tuple[str, ...], origin: str) -> list[tuple[str, str]]:
    """Return what flask-cors says to one of a site's origins; but for preflights that is always the same."""
    headers = get_cors_headers(_for_origins(origins), Headers({"Origin": origin}), "GET")
    return [(name, str(value)) for name, value in headers.items()]


@lru_cache(maxsize=64)
def _for_origins(origins: tuple[str, ...]) -> Any:
    return _options(
        # As patterns: flask-cors takes a plain origin with brackets (IPv6) for one.
        origins=[re.compile(re.escape(origin) + r"\Z") for origin in origins],
        always_send=False,
        supports_credentials=True,
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
        methods=["GET", "POST", "DELETE"],
        max_age=600,
        vary_header=False,
    )


def _options(**given: Any) -> Any:
    # Not flask-cors' own way, which looks for the application that answers: some answers need none.
    return serialize_options(DEFAULT_OPTIONS | given)
