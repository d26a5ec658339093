"""What receipts are searched by is an index that nobody signed: an auditor reads what the receipt says."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import now
from consent_server.cli import doctor_receipts
from consent_server.cli.doctor_receipts import look_at_receipts
from consent_server.consent.auditing import new_auditor
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.verify import parse_jws

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server

    Decide = Callable[..., dict[str, Any]]
    Post = Callable[..., Any]

PATH = "/v1/shop/audit/receipts"
LIE = (
    "UPDATE leaf SET state = 'given', method = 'accept_all', language = 'lt', granted = ' marketing ',"
    " gpc = 1, time = 0, subject = zeroblob(16), notice = 'cd' WHERE type = 'consent-receipt+jws'"
)


@pytest.fixture
def auditor(server: Server) -> FlaskClient:
    """Give an auditor's browser that is signed in at the console, and sends the token everywhere."""
    known, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(known)
    browser = server.app.test_client()
    browser.post("/console/sign-in", data={"token": token}, headers={"Origin": "http://localhost"})
    browser.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return browser


def change(server: Server, statement: str, *values: str) -> None:
    """Do as somebody who can write into the database."""
    with server.store._connected():  # noqa: SLF001 - no door of the program
        server.store._database.execute_sql(statement, values)  # noqa: SLF001


def test_an_auditor_reads_what_was_signed(
    auditor: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """Columns that make a refusal a consent change no page, no table and no receipt's page."""
    first = post(decide(method="refuse_all", choices={"analytics": False, "marketing": False})).json
    post(decide(token=first["token"], method="refuse_all", choices={"analytics": False, "marketing": False}))
    server.seal()
    paths = (PATH, f"{PATH}.csv", "/console/receipts", "/console/receipts.csv")
    before = {path: auditor.get(path).text for path in paths}
    pages = [link["id"] for link in auditor.get(PATH).get_json()["items"]]
    opened = [auditor.get(f"/console/receipts/{name}").text for name in pages]
    change(server, LIE)
    assert {path: auditor.get(path).text for path in paths} == before
    assert [auditor.get(f"/console/receipts/{name}").text for name in pages] == opened
    (item, _) = auditor.get(PATH).get_json()["items"]
    assert (item["state"], item["method"], item["granted"]) == ("refused", "refuse_all", [])
    assert item["subject"] == first["subject"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}.csv", "/console/receipts"])
def test_a_member_that_no_text_can_hold_is_damage(
    auditor: FlaskClient, server: Server, post: Post, decide: Decide, path: str
) -> None:
    """A receipt that somebody wrote with half a character in it is called damaged, and breaks no page."""
    jws = post(decide()).json["receipt"]
    server.seal()
    payload = {**parse_jws(jws).payload, "subject": "\ud800"}
    header, _, signature = jws.split(".")
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    change(server, "UPDATE leaf SET jws = ? WHERE jws = ?", f"{header}.{body}.{signature}", jws)
    answer = auditor.get(path)
    assert answer.status_code == 200
    assert "subject" in answer.text if path.startswith(PATH) else "amaged" in answer.text


def test_the_doctor_counts_whole_days_only(
    server: Server, post: Post, decide: Decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long log it looks at the end, and does not take the rest of a day for a wrong count."""
    for _ in range(5):
        post(decide())
    server.seal()
    change(server, "UPDATE tally SET receipts = receipts + 1")
    assert [found.level for found in look_at_receipts(server.store, "shop")] == ["wrong"]
    monkeypatch.setattr(doctor_receipts, "LAST", 3)
    [found] = look_at_receipts(server.store, "shop")
    assert (found.level, found.said[:18]) == ("ok", "The last 3 receipt")


def damage_of(auditor: FlaskClient, index: int = 0) -> str:
    """Return what is said of a damaged receipt, the same in a page, in both tables and in the list."""
    item = auditor.get(PATH).get_json()["items"][index]
    assert set(item) == {"index", "id", "receipt", "damage"}
    for path in (f"{PATH}.csv", "/console/receipts.csv"):
        row = list(csv.DictReader(io.StringIO(auditor.get(path).text)))[index]
        assert (row["damage"], row["state"], row["time"]) == (item["damage"], "", "")
    assert "Damaged" in auditor.get("/console/receipts").text
    assert auditor.get(f"/console/receipts/{item['id']}").status_code == 200
    return str(item["damage"])


@pytest.mark.parametrize(
    "content",
    [
        *("", "x", "é.é.é", "a.b.c", "e30.e30.e30", "e30.W10.AA", "=1+1.a.b"),
        "e30.eyJzY2hlbWEiOiJjb25zZW50LXJlY2VpcHQvMSJ9.AA",
    ],
)
def test_a_damaged_receipt_is_called_damaged(
    auditor: FlaskClient, server: Server, post: Post, decide: Decide, content: str
) -> None:
    """Whatever stands in its place, every page answers, and says so instead of what the columns say."""
    post(decide())
    server.seal()
    change(server, "UPDATE leaf SET jws = ? WHERE type = 'consent-receipt+jws'", content)
    assert damage_of(auditor)


@pytest.mark.parametrize("member", ["notice", "signals", "subject", "choices", "method", "time"])
def test_a_receipt_without_a_member_is_called_damaged(
    auditor: FlaskClient, server: Server, post: Post, decide: Decide, member: str
) -> None:
    """Signed by our own key, and yet none of ours."""
    recorded = post(decide()).json
    server.seal()
    payload = {**parse_jws(recorded["receipt"]).payload, member: None}
    made = ReceiptSigner([generate_key()]).sign(payload)
    change(server, "UPDATE leaf SET jws = ? WHERE jws = ?", made, recorded["receipt"])
    assert damage_of(auditor)


def test_a_receipt_in_the_place_of_another_is_called_damaged(
    auditor: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """It is whole and signed, and not the one whose number it stands under."""
    one, other = post(decide()).json, post(decide()).json
    server.seal()
    change(server, "UPDATE leaf SET jws = ? WHERE jws = ?", one["receipt"], other["receipt"])
    assert damage_of(auditor, 1) == f"It is the receipt {one['id']}, not the one that stands here."
