"""Recording decisions over HTTP: what is answered, what is refused and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from consent_server.app import now
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.keys import public_keys
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.evidence.verify import verify_jws

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server
    from consent_server.catalog.notice import Notice

    Decide = Callable[..., dict[str, Any]]
    Post = Callable[..., Any]

DAY = 86_400_000
ORIGIN = {"Origin": "https://shop.example"}


def payload_of(client: FlaskClient, jws: str) -> Any:
    """Verify a receipt with the published keys and return what it says."""
    return verify_jws(jws, public_keys(client.get("/.well-known/jwks.json").get_json()))


def stored(server: Server) -> int:
    """Count the receipts in the database."""
    waiting = server.store.unsealed("shop", None, 1000)
    return sum(leaf.type == RECEIPT_TYPE for leaf in [*waiting, *server.store.sealed("shop", 0, 1000)])


def test_a_decision_becomes_a_signed_receipt_that_is_stored(
    client: FlaskClient, server: Server, decide: Decide, post: Post, notices: dict[str, Notice]
) -> None:
    """201 with a receipt that verifies, says what was decided, and is in the database."""
    body = decide(signals={"gpc": True}, services={"counter": True})
    answer = post(body)
    assert answer.status_code == 201
    assert set(answer.json) == {"id", "receipt", "token", "subject", "valid_until"}
    payload = payload_of(client, answer.json["receipt"])
    assert {name: payload[name] for name in ("id", "site", "subject", "state", "method", "previous")} == {
        "id": answer.json["id"],
        "site": "shop",
        "subject": answer.json["subject"],
        "state": "partial",
        "method": "save",
        "previous": None,
    }
    assert payload["choices"] == {"analytics": True, "marketing": False}
    assert payload["services"] == {"counter": True}
    assert payload["notice"] == {
        "sha256": notices["en"].sha256,
        "revision": notices["en"].revision,
        "lang": "en",
    }
    assert payload["signals"] == {"gpc": True}
    assert payload["controller"] == {"name": "Shop UAB"}
    assert payload["jurisdiction"] == "EU"
    assert payload["valid_until"] == answer.json["valid_until"]
    leaf = server.store.leaf("shop", UUID(answer.json["id"]))
    assert leaf is not None
    assert leaf.jws == answer.json["receipt"]


def test_a_receipt_holds_no_address_no_user_agent_and_no_decision_id(
    client: FlaskClient, decide: Decide, post: Post
) -> None:
    """What a receipt says is what is needed to prove the decision, and no more (EDPB 05/2020, 106)."""
    body = decide()
    answer = post(body, User_Agent="Extraordinary/1.0", Referer="https://shop.example/secret-page")
    text = json.dumps(payload_of(client, answer.json["receipt"]))
    for secret in (body["decision"], "Extraordinary", "secret-page", "127.0.0.1"):
        assert secret not in text


@pytest.mark.parametrize("media_type", ["text/plain", "text/plain;charset=UTF-8", "application/json"])
def test_a_decision_may_come_as_plain_text_or_json(
    client: FlaskClient, decide: Decide, media_type: str
) -> None:
    """Plain text needs no preflight, even while a page unloads."""
    answer = client.post(
        "/v1/shop/receipts", data=json.dumps(decide()), headers={**ORIGIN, "Content-Type": media_type}
    )
    assert answer.status_code == 201


def test_the_same_body_again_answers_with_the_same_receipt(
    server: Server, decide: Decide, post: Post
) -> None:
    """A repeat gets the stored receipt and token, and nothing new is stored."""
    body = decide()
    first, again = post(body), post(body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert stored(server) == 1


def test_the_same_decision_with_another_body_is_refused(server: Server, decide: Decide, post: Post) -> None:
    """Nobody can change what was decided by sending it again."""
    body = decide()
    post(body)
    answer = post({**body, "choices": {"analytics": False, "marketing": False}})
    assert (answer.status_code, answer.json["code"]) == (409, "decision_reused")
    assert stored(server) == 1


def test_a_token_chains_the_next_receipt_to_the_last(client: FlaskClient, decide: Decide, post: Post) -> None:
    """With the token the subject stays, and the new receipt names the old one and its hash."""
    first = post(decide()).json
    second = post(decide(token=first["token"])).json
    assert second["subject"] == first["subject"]
    assert payload_of(client, second["receipt"])["previous"] == {
        "id": first["id"],
        "sha256": hashlib.sha256(first["receipt"].encode()).hexdigest(),
    }


def test_without_a_token_every_decision_has_a_subject_of_its_own(decide: Decide, post: Post) -> None:
    """The server does not recognise visitors by anything but the token."""
    assert post(decide()).json["subject"] != post(decide()).json["subject"]


def test_a_withdrawal_is_a_receipt_too(client: FlaskClient, decide: Decide, post: Post) -> None:
    """It refuses everything, is chained, and says what becomes of each optional cookie."""
    first = post(decide()).json
    refusing = {"analytics": False, "marketing": False}
    body = decide(method="withdraw", choices=refusing, token=first["token"])
    answer = post(body, f"/v1/shop/receipts/{first['id']}/withdraw", Cookie="offer=1; basket=2")
    assert answer.status_code == 201
    payload = payload_of(client, answer.json["receipt"])
    assert (payload["state"], payload["previous"]["id"]) == ("withdrawn", first["id"])
    assert answer.json["deletion"] == [
        {"name": "_count*", "category": "analytics", "service": "counter", "outcome": "script"},
        {"name": "offer", "category": "marketing", "service": "site", "outcome": "expired"},
    ]


def test_a_withdrawal_expires_the_http_only_cookies_that_it_sees(decide: Decide, post: Post) -> None:
    """Both as host-only and for the site's domain; a necessary one is left alone."""
    first = post(decide()).json
    body = decide(method="withdraw", choices={"analytics": False, "marketing": False}, token=first["token"])
    path = f"/v1/shop/receipts/{first['id']}/withdraw"
    cookies = post(body, path, Cookie="offer=1; basket=2").headers.getlist("Set-Cookie")
    assert all(cookie.startswith("offer=;") and "Max-Age=0" in cookie for cookie in cookies)
    assert {"Domain=shop.example" in cookie for cookie in cookies} == {True, False}
    unseen = post(decide(**{**body, "decision": str(uuid7(now()))}), path)
    assert unseen.headers.getlist("Set-Cookie") == []
    assert unseen.json["deletion"][1]["outcome"] == "host_only"


def test_a_holder_sees_their_receipt_and_nobody_else_does(
    client: FlaskClient, decide: Decide, post: Post
) -> None:
    """The token in the Authorization header opens the receipt, and only those of its subject."""
    mine, other = post(decide()).json, post(decide()).json
    path = f"/v1/shop/receipts/{mine['id']}"
    answer = client.get(path, headers={"Authorization": f"Bearer {mine['token']}"})
    assert answer.json == {"id": mine["id"], "receipt": mine["receipt"]}
    stranger = client.get(path, headers={"Authorization": f"Bearer {other['token']}"})
    assert (stranger.status_code, stranger.json["code"]) == (404, "receipt_unknown")
    nobody = client.get(path)
    assert (nobody.status_code, nobody.json["code"]) == (401, "token_refused")
    assert nobody.headers["WWW-Authenticate"] == "Bearer"


def test_an_erased_receipt_is_gone_and_its_decision_cannot_be_repeated(
    client: FlaskClient, decide: Decide, post: Post
) -> None:
    """GDPR Art. 17: the content is gone; the holder and a repeat are told so."""
    body = decide()
    mine = post(body).json
    path, headers = f"/v1/shop/receipts/{mine['id']}", {**ORIGIN, "Authorization": f"Bearer {mine['token']}"}
    assert client.delete(path, headers=headers).json == {"erased": 1}
    for answer in (client.get(path, headers=headers), post(body), client.delete(path, headers=headers)):
        assert (answer.status_code, answer.json["code"]) == (410, "receipt_erased")


def test_an_erased_receipt_is_only_known_to_its_holder(
    client: FlaskClient, decide: Decide, post: Post
) -> None:
    """A stranger does not learn that there was one."""
    mine, other = post(decide()).json, post(decide()).json
    path = f"/v1/shop/receipts/{mine['id']}"
    client.delete(path, headers={**ORIGIN, "Authorization": f"Bearer {mine['token']}"})
    stranger = client.get(path, headers={"Authorization": f"Bearer {other['token']}"})
    assert (stranger.status_code, stranger.json["code"]) == (404, "receipt_unknown")


def test_whoever_had_their_receipt_erased_begins_anew(
    client: FlaskClient, decide: Decide, post: Post
) -> None:
    """The erased pseudonym does not live on: neither chain nor subject, and no withdrawal of what is gone."""
    mine = post(decide()).json
    headers = {**ORIGIN, "Authorization": f"Bearer {mine['token']}"}
    client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers)
    again = post(decide(token=mine["token"])).json
    assert again["subject"] != mine["subject"]
    assert payload_of(client, again["receipt"])["previous"] is None
    refusing = {"analytics": False, "marketing": False}
    body = decide(method="withdraw", choices=refusing, token=mine["token"])
    assert post(body, f"/v1/shop/receipts/{mine['id']}/withdraw").json["code"] == "receipt_erased"


def test_the_rest_can_be_erased_after_one_was(client: FlaskClient, decide: Decide, post: Post) -> None:
    """`all=1` goes by the token, whatever became of the receipt in the path."""
    first = post(decide()).json
    second = post(decide(token=first["token"])).json
    headers = {**ORIGIN, "Authorization": f"Bearer {second['token']}"}
    path = f"/v1/shop/receipts/{second['id']}"
    assert client.delete(path, headers=headers).json == {"erased": 1}
    assert client.delete(f"{path}?all=1", headers=headers).json == {"erased": 1}
    assert client.delete(f"{path}?all=true", headers=headers).json["code"] == "query_invalid"


def test_a_repeat_is_answered_however_late_it_comes(
    server: Server, decide: Decide, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limits are for new decisions."""
    body = decide()
    first = post(body)
    later = now() + 200 * DAY
    recorder = next(
        cell.cell_contents
        for cell in server.app.view_functions["receipts.record"].__closure__ or ()
        if type(cell.cell_contents).__name__ == "Recorder"
    )
    monkeypatch.setattr(recorder, "_clock", lambda: later)
    again = post(body)
    assert (again.status_code, again.json) == (200, first.json)
    assert post(decide()).json["code"] == "decision_time"


def test_a_subject_can_erase_every_receipt_of_theirs(client: FlaskClient, decide: Decide, post: Post) -> None:
    """`all=1` takes the whole chain and leaves others' alone."""
    first = post(decide()).json
    second = post(decide(token=first["token"])).json
    other = post(decide()).json
    headers = {**ORIGIN, "Authorization": f"Bearer {second['token']}"}
    assert client.delete(f"/v1/shop/receipts/{second['id']}?all=1", headers=headers).json == {"erased": 2}
    headers["Authorization"] = f"Bearer {other['token']}"
    assert client.get(f"/v1/shop/receipts/{other['id']}", headers=headers).status_code == 200


def test_a_notice_in_another_language_is_named_in_the_receipt(
    client: FlaskClient, decide: Decide, post: Post, notices: dict[str, Notice]
) -> None:
    """The receipt proves what was shown, its language included."""
    payload = payload_of(client, post(decide(notice=notices["lt"].sha256)).json["receipt"])
    assert payload["notice"]["lang"] == "lt"


def test_a_replaced_notice_counts_for_180_days_and_then_no_more(
    server: Server, decide: Decide, post: Post, notices: dict[str, Notice]
) -> None:
    """A page that was open while the catalog changed still gets its receipt."""
    old = next(iter(notices.values()))
    body = json.loads(old.canonical) | {"policy_url": "https://shop.example/old"}
    canonical = json.dumps(body).encode()
    sha256 = hashlib.sha256(canonical).hexdigest()
    gone = type(old)(sha256, old.revision, "en", canonical, body)
    live = list(notices.values())
    server.store.keep("shop", [*live, gone], now() - 200 * DAY)
    server.store.keep("shop", live, now() - 179 * DAY)
    assert post(decide(notice=sha256)).status_code == 201
    server.store.keep("shop", [*live, gone], now() - 200 * DAY)
    server.store.keep("shop", live, now() - 181 * DAY)
    answer = post(decide(notice=sha256))
    assert (answer.status_code, answer.json["code"]) == (409, "notice_outdated")


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "unknown field": ({"extra": 1}, 422, "body_invalid"),
    "no decision": ({"decision": None}, 422, "body_invalid"),
    "decision no UUID": ({"decision": "x"}, 422, "body_invalid"),
    "decision a number": ({"decision": 7}, 422, "body_invalid"),
    "decision a UUIDv4": ({"decision": "6f1b7b5e-8f4f-4f7e-9b1a-3d1b8a2f9c00"}, 422, "body_invalid"),
    "decision in capitals": ({"decision": str(uuid7(now())).upper()}, 422, "body_invalid"),
    "notice no hash": ({"notice": "AB" * 32}, 422, "body_invalid"),
    "notice unknown": ({"notice": "ab" * 32}, 404, "notice_unknown"),
    "widget no hash": ({"widget": "x"}, 422, "body_invalid"),
    "widget unknown": ({"widget": "ab" * 32}, 404, "build_unknown"),
    "method unknown": ({"method": "guess"}, 422, "body_invalid"),
    "choices a list": ({"choices": []}, 422, "body_invalid"),
    "choice a string": ({"choices": {"analytics": "true", "marketing": False}}, 422, "body_invalid"),
    "choice a number": ({"choices": {"analytics": 1, "marketing": 0}}, 422, "body_invalid"),
    "choice null": ({"choices": {"analytics": None, "marketing": False}}, 422, "body_invalid"),
    "choice badly named": ({"choices": {"Analytics!": True}}, 422, "body_invalid"),
    "choice missing": ({"choices": {"analytics": True}}, 422, "choices_mismatch"),
    "choice too many": (
        {"choices": {"analytics": True, "marketing": True, "other": True}},
        422,
        "choices_mismatch",
    ),
    "method contradicted": ({"method": "accept_all"}, 422, "choices_mismatch"),
    "service unknown": ({"services": {"nobody": True}}, 422, "choices_mismatch"),
    "signals a list": ({"signals": []}, 422, "body_invalid"),
    "signals unknown": ({"signals": {"dnt": True}}, 422, "body_invalid"),
    "signal a string": ({"signals": {"gpc": "1"}}, 422, "body_invalid"),
    "token no string": ({"token": 5}, 422, "body_invalid"),
    "token empty": ({"token": ""}, 422, "body_invalid"),
    "token damaged": ({"token": "abc"}, 401, "token_refused"),
    "token no text": ({"token": "\ud800"}, 401, "token_refused"),
    "too early": ({"decision": str(uuid7(now() + DAY))}, 422, "decision_time"),
    "too late": ({"decision": str(uuid7(now() - 181 * DAY))}, 422, "decision_time"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_decision_that_does_not_hold_is_refused_and_leaves_nothing(
    server: Server, decide: Decide, post: Post, name: str
) -> None:
    """Each is a problem document with its status and code, and no receipt."""
    changes, status, code = REFUSED[name]
    answer = post(decide(**changes))
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert stored(server) == 0


def test_a_wrong_field_is_named(decide: Decide, post: Post) -> None:
    """The problem document says which field is wrong and why."""
    answer = post(decide(method="guess", signals={"gpc": "1"}))
    assert set(answer.json["fields"]) == {"method", "signals.gpc"}


BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "body_malformed"),
    "no JSON": (b"{", 400, "body_malformed"),
    "no UTF-8": (b'{"a": "\xff"}', 400, "body_malformed"),
    "NaN": (b'{"decision": NaN}', 400, "body_malformed"),
    "infinity": (b'{"decision": -Infinity}', 400, "body_malformed"),
    "a member twice": (b'{"method": "save", "method": "save"}', 400, "body_malformed"),
    "nested too deep": (b"[" * 16000, 400, "body_malformed"),
    "a number too long": (b'{"a": ' + b"1" * 10000 + b"}", 400, "body_malformed"),
    "a list": (b"[]", 422, "body_invalid"),
    "a string": (b'"x"', 422, "body_invalid"),
    "null": (b"null", 422, "body_invalid"),
    "a name that is no text": (b'{"\\ud800": 1}', 422, "body_invalid"),
    "a choice that is no text": (b'{"choices": {"\\ud800": true}}', 422, "body_invalid"),
    "a lone surrogate": (b'{"method": "\\ud800"}', 422, "body_invalid"),
    "a null character": (b'{"token": "\\u0000", "notice": "\\u0000"}', 422, "body_invalid"),
    "too large": (b" " * (16 * 1024 + 1), 413, "body_too_large"),
}


@pytest.mark.parametrize("name", list(BODIES))
def test_a_body_that_is_no_decision_is_refused(client: FlaskClient, server: Server, name: str) -> None:
    """Whatever comes, the answer is a problem document and nothing is stored."""
    body, status, code = BODIES[name]
    answer = client.post("/v1/shop/receipts", data=body, headers={**ORIGIN, "Content-Type": "text/plain"})
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert stored(server) == 0


def test_a_body_of_just_the_limit_is_read(client: FlaskClient, decide: Decide) -> None:
    """16 KiB are inside."""
    body = json.dumps(decide()).encode().ljust(16 * 1024)
    answer = client.post("/v1/shop/receipts", data=body, headers={**ORIGIN, "Content-Type": "text/plain"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/problem+json"},
        {"Content-Type": ""},
        {"Content-Type": "text/plain; charset=utf-16"},
        {"Content-Type": "text/plain", "Content-Encoding": "gzip"},
    ],
)
def test_another_media_type_or_coding_is_refused(
    client: FlaskClient, decide: Decide, headers: dict[str, str]
) -> None:
    """415, before the body is looked at."""
    answer = client.post("/v1/shop/receipts", data=json.dumps(decide()), headers={**ORIGIN, **headers})
    assert (answer.status_code, answer.json["code"]) == (415, "media_type_unsupported")


@pytest.mark.parametrize(
    "origin",
    [None, "null", "https://evil.example", "http://shop.example", "https://shop.example.evil.example"],
)
def test_a_write_from_elsewhere_is_refused(
    client: FlaskClient, server: Server, decide: Decide, origin: str | None
) -> None:
    """Only the site's own origins write, and no other page may even read the refusal."""
    answer = client.post("/v1/shop/receipts", json=decide(), headers={"Origin": origin} if origin else {})
    assert (answer.status_code, answer.json["code"]) == (403, "origin_forbidden")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    assert stored(server) == 0


def test_the_sites_origin_may_read_the_answer(decide: Decide, post: Post) -> None:
    """CORS names the origin exactly, and nothing is cached."""
    answer = post(decide())
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_preflight_lets_the_site_send_its_token(client: FlaskClient) -> None:
    """Reading and erasing a receipt need the Authorization header."""
    answer = client.options(
        "/v1/shop/receipts/x",
        headers={
            **ORIGIN,
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]


def test_a_token_of_somebody_else_withdraws_nothing(server: Server, decide: Decide, post: Post) -> None:
    """Nobody can write into another's history."""
    mine, other = post(decide()).json, post(decide()).json
    refusing = {"analytics": False, "marketing": False}
    body = decide(method="withdraw", choices=refusing, token=other["token"])
    answer = post(body, f"/v1/shop/receipts/{mine['id']}/withdraw")
    assert (answer.status_code, answer.json["code"]) == (404, "receipt_unknown")
    assert stored(server) == 2


def test_a_withdrawal_needs_its_method_and_its_token(server: Server, decide: Decide, post: Post) -> None:
    """A withdrawal that grants, or that nobody vouches for, is refused."""
    mine = post(decide()).json
    path = f"/v1/shop/receipts/{mine['id']}/withdraw"
    assert post(decide(token=mine["token"]), path).json["code"] == "choices_mismatch"
    refusing = {"analytics": False, "marketing": False}
    assert post(decide(method="withdraw", choices=refusing), path).json["code"] == "token_refused"
    no_text = decide(method="withdraw", choices=refusing, token="\ud800")
    assert post(no_text, path).json["code"] == "token_refused"
    assert stored(server) == 1


def test_a_decision_id_and_a_token_never_reach_the_log(
    decide: Decide, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """They are the browser's secrets, also when something is refused."""
    with caplog.at_level(logging.DEBUG):
        body = decide()
        token = post(body).json["token"]
        post({**body, "method": "api"})
        post(decide(token=token + "x"))
    assert body["decision"] not in caplog.text
    assert token not in caplog.text


def test_an_unknown_site_has_no_receipts(client: FlaskClient) -> None:
    """404 before anything is read."""
    answer = client.post("/v1/none/receipts", json={}, headers=ORIGIN)
    assert (answer.status_code, answer.json["code"]) == (404, "site_unknown")


def test_a_holder_gets_their_receipt_in_each_form(client: FlaskClient, decide: Decide, post: Post) -> None:
    """As JSON, as a page, and as the records of two standards, all of the same receipt."""
    mine = post(decide()).json
    headers = {"Authorization": f"Bearer {mine['token']}"}
    path = f"/v1/shop/receipts/{mine['id']}"
    page = client.get(f"{path}?lang=lt", headers={**headers, "Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert mine["id"] in page.text
    assert 'lang="lt"' in page.text
    for form in ("iso27560", "kantara"):
        answer = client.get(f"{path}?format={form}", headers=headers)
        assert answer.status_code == 200
        assert mine["id"] in json.dumps(answer.get_json(force=True))
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get(f"{path}?format=pdf", headers=headers).json["code"] == "query_invalid"
