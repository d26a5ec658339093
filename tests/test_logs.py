"""The log: one JSON object a line, and nothing in it by which a visitor could be known."""

from __future__ import annotations

import json
import logging
import time
from contextlib import closing
from contextvars import Context
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from consent_server.app import now, open_store
from consent_server.consent.auditing import new_auditor
from consent_server.consent.uuid7 import uuid7
from consent_server.logs import REQUEST_ID, JsonLines
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from email.message import Message

    from started import Running

SHOP = {"Origin": "https://shop.example", "Content-Type": "text/plain"}
VISITOR = "198.51.100.77"
BROWSER = "ParticularBrowser/1.0"


class Stay(HTTPRedirectHandler):
    """Follows no redirect, so that the session's cookie can be read."""

    def redirect_request(self, *_: Any) -> None:
        """Stay."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visitor got."""

    status: int
    headers: Message
    text: str


def ask(url: str, data: bytes | None = None, **more: Any) -> Answer:
    """Ask as a visitor behind a proxy does; return the answer, whatever its status."""
    headers = {"X-Forwarded-For": VISITOR, "User-Agent": BROWSER, **more.pop("headers", {})}
    try:
        answer = build_opener(Stay).open(Request(url, data, headers, **more), timeout=10)
    except HTTPError as refused:
        answer = refused
    with answer:
        return Answer(answer.status, answer.headers, answer.read().decode())


def test_a_day_of_the_server_leaves_nobody_in_its_log(
    serving: Callable[..., AbstractContextManager[Running]], decide: Callable[..., dict[str, Any]]
) -> None:
    """Decisions, withdrawals, forms, an auditor and wrong guesses leave no token, id, address or query."""
    with serving(CONSENT_LOG_LEVEL="debug", CONSENT_TRUSTED_PROXIES="127.0.0.1") as running:
        url = running.url
        receipts = f"{url}/v1/shop/receipts"
        body = decide()
        made = json.loads(ask(receipts, json.dumps(body).encode(), headers=SHOP).text)
        bearer = {"Authorization": f"Bearer {made['token']}"}
        own = f"{receipts}/{made['id']}"
        assert ask(f"{own}?format=html", headers=bearer).status == 200
        refuse = {
            "method": "withdraw",
            "choices": {"analytics": False, "marketing": False},
            "token": made["token"],
        }
        withdrawal = decide(**refuse)
        second = json.loads(ask(f"{own}/withdraw", json.dumps(withdrawal).encode(), headers=SHOP).text)
        form = urlencode({"token": second["token"], "lang": "en"}).encode()
        assert ask(f"{url}/v1/shop/cookies", form, headers={"Origin": url}).status == 200
        broken = decide(token=made["token"] + "x")
        assert ask(receipts, json.dumps(broken).encode(), headers=SHOP).status == 401
        assert ask(receipts, b'{"decision": "' + body["decision"].encode(), headers=SHOP).status == 400

        auditor, token = new_auditor("shop", "Jane Doe", 1, now())
        with closing(open_store(read_settings(running.environ))) as store:
            store.add(auditor)
        audit = {"Authorization": f"Bearer {token}"}
        query = f"subject={made['subject']}"
        assert ask(f"{url}/v1/shop/audit/receipts?{query}", headers=audit).status == 200
        assert ask(f"{url}/v1/shop/audit/export", headers=audit).status == 200
        sign_in = urlencode({"token": token}).encode()
        signed_in = ask(f"{url}/console/sign-in", sign_in, headers={"Origin": url})
        cookie = str(signed_in.headers["Set-Cookie"]).partition(";")[0]
        assert ask(f"{url}/console/receipts?{query}", headers={"Cookie": cookie}).status == 200
        assert ask(own, method="DELETE", headers={**SHOP, **bearer}).status == 200
        time.sleep(1.5)  # a sealing, and the scrubbing after the erasure

    text = running.log.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) > 5
    for record in map(json.loads, lines):
        assert {"time", "level", "logger", "message"} <= set(record)
    session = cookie.partition("=")[2]
    secrets = [
        *(body["decision"], withdrawal["decision"], broken["decision"]),
        *(made[part] for part in ("id", "token", "subject", "receipt")),
        *(second[part] for part in ("id", "token", "receipt")),
        *(token, session, query, VISITOR, BROWSER, "Jane Doe"),
    ]
    assert [secret for secret in secrets if secret in text] == []


def line_of(message: str, *arguments: object, fault: BaseException | None = None) -> dict[str, Any]:
    """Format a record; return what its line says."""
    info = (type(fault), fault, fault.__traceback__) if fault else None
    record = logging.LogRecord("consent_server.x", logging.ERROR, "x.py", 1, message, arguments, info)
    line = JsonLines().format(record)
    assert "\n" not in line
    read: dict[str, Any] = json.loads(line)
    return read


def test_a_record_is_one_line_of_json() -> None:
    """With the time in UTC, the level, the logger, and the request's id while one is answered."""
    assert "request_id" not in Context().run(line_of, "between two requests")
    token = REQUEST_ID.set("req-12345678")
    try:
        line = line_of("two\nlines with %s and “quotes”", "an argument")
    finally:
        REQUEST_ID.reset(token)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "error",
        "logger": "consent_server.x",
        "message": "two\nlines with an argument and “quotes”",
        "request_id": "req-12345678",
    }


def test_a_fault_is_logged_with_its_traceback() -> None:
    """On the same line."""
    with pytest.raises(ZeroDivisionError) as met:
        json.loads(str(1 / 0))
    line = line_of("A request failed.", fault=met.value)
    assert "ZeroDivisionError: division by zero" in line["exception"]
    assert "test_logs.py" in line["exception"]


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(str(uuid7(now())), id="a new id"),
        "auditor-" + "aB3_" * 8,
        "eyJhbGciOiJFUzI1NiIsInR5cCI6.eyJzY2hlbWEiOiJo.c2lnbmF0dXJlLW9mLXRoZS1yZWNlaXB0",
        "WyJzaG9wIiwiMDEyMzQ1Njc4OWFiY2RlZiJd.c2lnbmF0dXJlLW9mLWEtdG9rZW4",
        "?subject=0123456789abcdef",
    ],
)
def test_what_a_library_says_cannot_give_a_visitor_away(secret: str) -> None:
    """Ids, tokens, receipts and queries are left out of messages and of faults alike."""
    fault = ValueError(f"bad value in /v1/shop/audit/receipts{secret if secret[0] == '?' else ' ' + secret}")
    text = json.dumps(line_of("failed: %s", fault, fault=fault))
    assert secret.lstrip("?") not in text
    assert "bad value in /v1/shop/audit/receipts" in text


def test_what_an_operator_needs_stays() -> None:
    """Hashes of notices, hosts of databases, names of modules and questions are not taken for secrets."""
    message = f"{'ab' * 32} consent_server.storage.postgresql.PostgresqlStore 10.0.0.5 /var/consent.db why?"
    assert line_of(message)["message"] == message
