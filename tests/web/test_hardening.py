"""Every answer of every route is closed: whatever it is asked, by whichever method, whoever asks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import Server, build_server, now
from consent_server.consent.auditing import new_auditor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from consent_server.settings import Settings

STRANGE = "strange.example"
PUBLIC = "https://consent.example.com"
SHOP = "https://shop.example"
OPERATOR = "m" * 16
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
IN_TURN = ("GET", "HEAD", "POST", "DELETE")
SETS = {
    "/v1/<site_id>/receipts": {"offer"},
    "/v1/<site_id>/receipts/<receipt_id>/withdraw": {"offer"},
    "/v1/<site_id>/cookies": {"offer", "consent"},
    "/console/sign-in": {"__Host-console"},
    "/console/sign-out": {"__Host-console"},
}
"""Where cookies are set or expired, and which."""
LIES = {
    "Host": STRANGE,
    "X-Forwarded-Host": STRANGE,
    "Forwarded": f"host={STRANGE}",
    "Referer": f"https://{STRANGE}/page",
    "X-Original-URL": f"https://{STRANGE}/",
}


@pytest.fixture
def public(settings: Settings) -> Iterator[Server]:
    """Give a server that knows its own address."""
    server = build_server(replace(settings, public_url=PUBLIC, metrics_token=OPERATOR.encode()))
    server.seal()
    yield server
    server.close()


@dataclass(frozen=True, slots=True)
class Insider:
    """Somebody who may pass every door: with a receipt that is in the log, an auditor's token and session."""

    server: Server
    receipt: dict[str, Any]
    decide: Callable[..., dict[str, Any]]
    auditor: str
    session: str
    form: str
    named: dict[str, str]

    def path(self, rule: str) -> str:
        """Return an address of a route that leads to something."""
        kind = "notice" if "notices" in rule else "style" if rule.endswith(".css") else "build"
        rule = rule.replace("<sha256>", f"<{kind}>")
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: self.named[part[1]], rule)

    def headers(self, rule: str) -> dict[str, str]:
        """Return what opens a route, and cookies that can be expired."""
        ours = rule.startswith("/console") or rule.endswith("/cookies")
        tokens = {"/audit/": self.auditor, "<receipt_id>": self.receipt["token"], "/metrics": OPERATOR}
        bearers = [f"Bearer {token}" for part, token in tokens.items() if part in rule]
        return {
            "Origin": PUBLIC if ours else SHOP,
            "Cookie": f"__Host-console={self.session}; offer=1; consent=1.00000000.1790000000.analytics",
            **({"Authorization": bearers[0]} if bearers else {}),
        }

    def body(self, rule: str) -> dict[str, Any]:
        """Return what a route takes, as the test client wants it."""
        token = self.receipt["token"]
        if rule.endswith("/withdraw"):
            nothing = {"analytics": False, "marketing": False}
            return {"json": self.decide(method="withdraw", choices=nothing, token=token)}
        if rule.endswith("/receipts"):
            return {"json": self.decide()}
        forms = {"cookies": {"token": token}, "in": {"token": self.auditor}, "out": {"form": self.form}}
        return {"data": forms[re.split("[/-]", rule)[-1]]}


@pytest.fixture
def insider(public: Server, decide: Callable[..., dict[str, Any]]) -> Insider:
    """Give somebody to whom every route answers."""
    client = public.app.test_client(use_cookies=False)
    receipt = client.post("/v1/shop/receipts", json=decide(), headers={"Origin": SHOP}).get_json()
    public.seal()
    auditor, token = new_auditor("shop", "Jane", 1, now())
    public.store.add(auditor)
    signed_in = client.post("/console/sign-in", data={"token": token}, headers={"Origin": PUBLIC})
    session = re.findall(r"__Host-console=([^;]+)", signed_in.headers["Set-Cookie"])[0]
    page = client.get("/console", headers={"Cookie": f"__Host-console={session}"}).text
    notice = client.get("/v1/shop/notice.json").get_json()
    named = {
        "site_id": "shop",
        "receipt_id": receipt["id"],
        "notice": notice["sha256"],
        "build": notice["widget"],
        "style": re.findall(r"/v1/assets/(\w+)\.css", client.get("/docs").text)[0],
        "name": re.findall(r"/console/assets/([\w.]+)", page)[0],
        "path": f"tile/0/000.p/{client.get('/v1/shop/log/checkpoint').text.splitlines()[1]}",
    }
    form = re.findall(r'name="form" value="([^"]+)"', page)[0]
    return Insider(public, receipt, decide, token, session, form, named)


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


def answers_inside(insider: Insider, **lies: str) -> Iterator[tuple[str, TestResponse]]:
    """Ask every route for what it is there for; what erases comes last."""
    client: FlaskClient = insider.server.app.test_client(use_cookies=False)
    rules = list(insider.server.app.url_map.iter_rules())
    for method in IN_TURN:
        for rule in [str(rule) for rule in rules if method in (rule.methods or ())]:
            headers = insider.headers(rule) | lies
            body = insider.body(rule) if method == "POST" else {}
            answer = client.open(insider.path(rule), method=method, headers=headers, **body)
            assert answer.status_code in {200, 201, 303}, f"{method} {rule}: {answer.text}"
            yield f"{method} {rule}", answer


def check_closed(asked: str, answer: TestResponse) -> None:
    """No other type, no foreign script or frame, no inline script, no address handed on."""
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(("default-src 'none'", "sandbox")), asked
    assert "frame-ancestors 'none'" in policy or "frame-ancestors 'self'" in policy, asked
    assert "unsafe" not in policy, asked
    assert "*" not in policy, asked
    assert answer.headers["X-Content-Type-Options"] == "nosniff", asked
    assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}, asked


def test_every_answer_is_closed(public: Server) -> None:
    """Whoever knows nothing gets no cookie and no fault either."""
    seen = 0
    for asked, answer in answers(public):
        seen += 1
        check_closed(asked, answer)
        assert "Set-Cookie" not in answer.headers, asked
        assert answer.status_code < 500, asked
    assert seen > 300


def test_every_answer_to_those_who_may_ask_is_closed(insider: Insider) -> None:
    """What holders, auditors and the site get too; cookies are set and expired where they have to be."""
    seen = 0
    for asked, answer in answers_inside(insider):
        seen += 1
        check_closed(asked, answer)
        method, rule = asked.split()
        names = {line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")}
        assert names == (SETS.get(rule, set()) if method == "POST" else set()), asked
    assert seen > 70


def test_no_answer_repeats_what_a_stranger_calls_us(public: Server) -> None:
    """Neither Host nor what proxies say of it reaches a page, a link, a redirect or a header."""
    for asked, answer in answers(public, **LIES, Origin=f"https://{STRANGE}"):
        if STRANGE in asked:
            continue
        assert STRANGE not in answer.text, asked
        assert STRANGE not in str(answer.headers), asked


def test_no_answer_to_those_who_may_ask_repeats_it_either(insider: Insider) -> None:
    """Not in the cookies that are expired, nor on the pages of holders and auditors."""
    for asked, answer in answers_inside(insider, **LIES):
        assert STRANGE not in answer.get_data().decode("utf-8", "replace"), asked
        assert STRANGE not in str(answer.headers), asked


def test_nobody_but_the_site_is_let_in(public: Server) -> None:
    """No origin but the site's may read a private answer, and none may send credentials to a public one."""
    for asked, answer in answers(public, Origin=f"https://{STRANGE}"):
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed in {None, "*"}, asked
        assert "Access-Control-Allow-Credentials" not in answer.headers, asked
        if ("receipts" in asked and "proof" not in asked) or "audit" in asked or "console" in asked:
            assert allowed is None, asked
