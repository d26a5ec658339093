"""Reading Set-Cookie headers as browsers do."""

from __future__ import annotations

import pytest

from consent_server.scan.set_cookie import LONGEST, SetCookie, parse_set_cookie

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a=1", SetCookie("a", None, http_only=False, seconds=None, gone=False)),
        ("a=1; HttpOnly; Max-Age=60", SetCookie("a", None, http_only=True, seconds=60, gone=False)),
        ("a=; DOMAIN=.Shop.example; max-age=0", SetCookie("a", "shop.example", False, 0, True)),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT", SetCookie("a", None, False, -1_800_000_000, True)),
        ("a=1; Expires=Fri, 15 Jan 2027 08:01:00 GMT", SetCookie("a", None, False, 60, False)),
        ("a=1; Expires=soon", SetCookie("a", None, http_only=False, seconds=None, gone=False)),
        ("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", SetCookie("a", None, False, 60, False)),
        ("a=1; Max-Age=99999999999", SetCookie("a", None, False, LONGEST, False)),
        ("a=1; Max-Age=²", SetCookie("a", None, http_only=False, seconds=None, gone=False)),
        ("a", None),
        ("=1", None),
        ("", None),
    ],
)
def test_a_header_is_read_as_browsers_read_it(header: str, expected: SetCookie | None) -> None:
    """Max-Age before Expires, no life beyond 400 days, and nothing from what has no name."""
    assert parse_set_cookie(header, NOW) == expected
