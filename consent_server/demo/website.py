"""The demo website's factory: another origin than the consent server's, under a strict policy.

It shows what a website owner does: paste one script tag, mark tags with a category or service, and
loosen nothing. Third parties are stand-ins that the website serves itself.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, g, request
from jinja2 import StrictUndefined

from consent_server.demo.cookies import set_protection
from consent_server.demo.pages import Pages, pages_blueprint

if TYPE_CHECKING:
    from flask import Response

_LARGEST_FORM = 16 * 1024  # bytes; the sign-in form is the only body


def create_website(consent_url: str, site_id: str = "bacloud") -> Flask:
    """Build the website that loads its consent script from `consent_url` as site `site_id`.

    `consent_url` is absolute (`http://localhost:8000`), with or without a slash at its end;
    anything else is a `ValueError`.
    """
    address = urlsplit(consent_url)
    if address.scheme not in {"http", "https"} or not address.netloc:
        raise ValueError(f"The consent server's URL must be absolute, http or https: {consent_url!r}")
    website = Flask(__name__)
    website.config["MAX_CONTENT_LENGTH"] = _LARGEST_FORM
    website.jinja_env.undefined = StrictUndefined
    pages = Pages(f"{consent_url.rstrip('/')}/v1/{site_id}")
    website.register_blueprint(pages_blueprint(pages))
    website.register_error_handler(404, pages.not_found)
    website.before_request(_draw_nonce)
    website.after_request(partial(_set_policy, f"{address.scheme}://{address.netloc}"))
    website.after_request(_protect)
    return website


def _draw_nonce() -> None:
    g.nonce = secrets.token_urlsafe(16)


def _set_policy(consent_origin: str, response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _policy(consent_origin, g.nonce)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        # The nonce and the sign-in link differ from answer to answer.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def _protect(response: Response) -> Response:
    if response.mimetype == "text/html":
        set_protection(request, response)
    return response


def _policy(consent_origin: str, nonce: str) -> str:
    """Content Security Policy Level 3: what the pages may load, the consent server's script included."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {consent_origin} 'nonce-{nonce}'",
            f"connect-src {consent_origin}",
            "style-src 'self'",
            "img-src 'self' data:",
            "frame-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
        )
    )
