"""Who may call from where: CORS headers by flask-cors, and the origins that may write."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import request
from flask_cors.core import get_cors_headers, get_cors_options, set_cors_headers
from werkzeug.datastructures import Headers

from consent_server.errors import OriginForbidden

if TYPE_CHECKING:
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
        answer.headers.extend(_allowing(origins, origin))
    return answer


def check_origin(incoming: Request, site: LiveSite) -> None:
    """Refuse a write that does not come from an origin of the site."""
    origin = incoming.headers.get("Origin")
    if origin not in site.catalog.site.origins:
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
    return get_cors_options(None, {"origins": "*", "send_wildcard": True, "methods": ["GET", "HEAD"]})


@lru_cache(maxsize=256)
def _allowing(origins: tuple[str, ...], origin: str) -> list[tuple[str, str]]:
    """Return what flask-cors says to one of a site's origins; but for preflights that is always the same."""
    headers = get_cors_headers(_for_origins(origins), Headers({"Origin": origin}), "GET")
    return [(name, str(value)) for name, value in headers.items()]


@lru_cache(maxsize=64)
def _for_origins(origins: tuple[str, ...]) -> Any:
    return get_cors_options(
        None,
        {
            # As patterns: flask-cors takes a plain origin with brackets (IPv6) for one.
            "origins": [re.compile(re.escape(origin) + r"\Z") for origin in origins],
            "always_send": False,
            "supports_credentials": True,
            "allow_headers": ["Authorization", "Content-Type"],
            "expose_headers": ["Retry-After"],
            "methods": ["GET", "POST", "DELETE"],
            "max_age": 600,
            "vary_header": False,
        },
    )
