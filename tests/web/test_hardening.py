"""Every answer of every route is closed: whatever it is asked, by whichever method, whoever asks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from consent_server.app import Server, build_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from consent_server.settings import Settings

STRANGE = "strange.example"
OF_OURS = {"site_id": "shop", "path": "tile/0/000", "name": "console.js", "receipt_id": "0" * 36}
NOWHERE = (
    "/",
    "/none",
    "//strange.example/",
    "/v1/shop/../../etc/passwd",
    "/v1/%2e%2e%2fetc/passwd",
    "/console/",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")


@pytest.fixture
def public(settings: Settings) -> Iterator[Server]:
    """Give a server that knows its own address."""
    server = build_server(replace(settings, public_url="https://consent.example.com"))
    server.seal()
    yield server
    server.close()


def paths(server: Server) -> list[str]:
    """Return an address of every route, and some that lead nowhere."""
    notice = server.app.test_client().get("/v1/shop/notice.json").get_json()
    filled = []
    for rule in map(str, server.app.url_map.iter_rules()):
        path = rule.replace("<sha256>", notice["sha256" if "notices" in rule else "widget"])
        filled.append(re.sub(r"<(?:\w+:)?(\w+)>", lambda part: OF_OURS[part[1]], path))
    return [*filled, *NOWHERE]


def answers(server: Server, **headers: str) -> Iterator[tuple[str, TestResponse]]:
    """Ask everything by every method."""
    client: FlaskClient = server.app.test_client(use_cookies=False)
    for path in paths(server):
        for method in METHODS:
            yield f"{method} {path}", client.open(path, method=method, headers=headers)


def test_every_answer_is_closed(public: Server) -> None:
    """No other type, no foreign script or frame, no inline script, no address handed on, no cookie."""
    seen = 0
    for asked, answer in answers(public):
        seen += 1
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith(("default-src 'none'", "sandbox")), asked
        assert "frame-ancestors 'none'" in policy or "frame-ancestors 'self'" in policy, asked
        assert "unsafe" not in policy, asked
        assert "*" not in policy, asked
        assert answer.headers["X-Content-Type-Options"] == "nosniff", asked
        assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, asked
        assert "Set-Cookie" not in answer.headers, asked
        assert answer.status_code < 500, asked
    assert seen > 300


def test_no_answer_repeats_what_a_stranger_calls_us(public: Server) -> None:
    """Neither Host nor what proxies say of it reaches a page, a link, a redirect or a header."""
    lies = {
        "Host": STRANGE,
        "X-Forwarded-Host": STRANGE,
        "Forwarded": f"host={STRANGE}",
        "Origin": f"https://{STRANGE}",
        "Referer": f"https://{STRANGE}/page",
        "X-Original-URL": f"https://{STRANGE}/",
    }
    for asked, answer in answers(public, **lies):
        if STRANGE in asked:
            continue
        assert STRANGE not in answer.text, asked
        assert STRANGE not in str(answer.headers), asked


def test_nobody_but_the_site_is_let_in(public: Server) -> None:
    """No origin but the site's may read a private answer, and none may send credentials to a public one."""
    for asked, answer in answers(public, Origin=f"https://{STRANGE}"):
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed in {None, "*"}, asked
        assert "Access-Control-Allow-Credentials" not in answer.headers, asked
        if ("receipts" in asked and "proof" not in asked) or "audit" in asked or "console" in asked:
            assert allowed is None, asked
