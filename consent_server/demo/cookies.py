"""The cookies that the demo website's own server sets: protection on every page, sign-in on request.

All are `necessary` in the shipped catalog, host-only and HttpOnly (RFC 6265). Lifetimes are in seconds.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Request
    from werkzeug.wrappers import Response

_YEAR = 365 * 24 * 60 * 60

PROTECTION: dict[str, int | None] = {
    "visid_incap_2104815": 2 * _YEAR,
    "incap_ses_1184_2104815": None,
    "nlbi_2104815": None,
}
"""Names as Incapsula gives them, its number of the site in each; a lifetime of None ends with the session."""

SIGN_IN: dict[str, int | None] = {"bacloud_session": None, "WHMCSk3Vd81qTzp0M": None}
"""What signing in sets: the account's session, and the client area's under the name of its installation."""

REMEMBERED: dict[str, int | None] = {"WHMCSUser": _YEAR}
"""What signing in sets as well for those who ask to be remembered."""


def set_protection(request: Request, response: Response) -> None:
    """Set what the request did not bring, as the protection in front of the website does."""
    for name, lifetime in PROTECTION.items():
        if name not in request.cookies:
            _set(request, response, name, lifetime)


def sign_in(request: Request, response: Response, *, remember: bool) -> None:
    """Set the sign-in cookies; their values are random and mean nothing to anyone."""
    for name, lifetime in (SIGN_IN | REMEMBERED if remember else SIGN_IN).items():
        _set(request, response, name, lifetime)


def sign_out(response: Response) -> None:
    """Remove the sign-in cookies, the lasting one included."""
    for name in SIGN_IN | REMEMBERED:
        response.delete_cookie(name, path="/", httponly=True, samesite="Lax")


def is_signed_in(request: Request) -> bool:
    """Whether the request brings a sign-in cookie: this session's, or that of a remembered visitor."""
    return any(request.cookies.get(name) for name in SIGN_IN | REMEMBERED)


def names_set(request: Request) -> tuple[str, ...]:
    """Name the cookies that the server has set, or sets with the answer to this request."""
    return (*PROTECTION, *(name for name in SIGN_IN | REMEMBERED if name in request.cookies))


def _set(request: Request, response: Response, name: str, lifetime: int | None) -> None:
    response.set_cookie(
        name,
        secrets.token_urlsafe(24),
        max_age=lifetime,
        path="/",
        httponly=True,
        secure=request.is_secure,
        samesite="Lax",
    )
