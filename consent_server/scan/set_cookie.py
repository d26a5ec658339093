"""Reading a Set-Cookie header as browsers do (RFC 6265, section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

LONGEST = 400 * 86_400
"""Seconds that Chromium lets a cookie live at most (draft RFC 6265bis, section 5.5)."""
_DIGITS = 18
"""Of a Max-Age that are read: more are far beyond `LONGEST`, and Python refuses thousands of them."""


@dataclass(frozen=True, slots=True)
class SetCookie:
    """What a header asks for. `domain` is None for the host alone, `seconds` None for the session.

    `gone` says that it deletes the cookie.
    """

    name: str
    domain: str | None
    http_only: bool
    seconds: int | None
    gone: bool


def parse_set_cookie(header: str, now: float) -> SetCookie | None:
    """Read one header; `now` is Unix time in seconds. Returns None where a browser would ignore it."""
    pair, *rest = header.split(";")
    name, equals, _ = pair.partition("=")
    if not equals or not name.strip():
        return None
    attributes = {
        key.strip().lower(): value.strip() for key, _, value in (one.partition("=") for one in rest)
    }
    seconds = _seconds(attributes, now)
    return SetCookie(
        name=name.strip(),
        domain=attributes.get("domain", "").removeprefix(".").lower() or None,
        http_only="httponly" in attributes,
        seconds=seconds if seconds is None else min(seconds, LONGEST),
        gone=seconds is not None and seconds <= 0,
    )


def _seconds(attributes: dict[str, str], now: float) -> int | None:
    """Max-Age wins over Expires; what cannot be read counts for nothing."""
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal():
        return int(age[:_DIGITS])
    try:
        return round(parsedate_to_datetime(attributes["expires"]).timestamp() - now)
    except (KeyError, ValueError, OverflowError):
        return None
