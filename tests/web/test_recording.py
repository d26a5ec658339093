"""A decision is recorded before Flask is reached, or by its view: nobody can tell which it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from consent_server.app import Server

PATH = "/v1/shop/receipts"
HEADERS = {"Origin": "https://shop.example", "Content-Type": "text/plain;charset=UTF-8"}
BY_THE_VIEW = {"Authorization": "Basic Og=="}
"""What makes a request go to the view, and means nothing there."""
CHANGES: dict[str, dict[str, Any]] = {
    "a field too many": {"colour": "red"},
    "a notice that never was": {"notice": "ab" * 32},
    "a build that never was": {"widget": "ab" * 32},
    "choices of others": {"choices": {"analytics": True}},
    "a method that grants what it refuses": {"method": "refuse_all"},
    "a time to come": {"decision": "0fffffff-ffff-7fff-bfff-ffffffffffff"},
    "a token of nobody": {"token": "made-up"},
}
BODIES = {"no JSON": b"{", "no object": b"[]", "no UTF-8": b"\xff", "too large": b" " * 20_000}
DIFFERING = {"X-Request-Id", "Content-Length"}


def told(answer: TestResponse) -> tuple[int, dict[str, str]]:
    """Return what of an answer must be the same whichever way."""
    return answer.status_code, {name: value for name, value in answer.headers if name not in DIFFERING}


def both(client: FlaskClient, data: Callable[[], bytes], **headers: str) -> tuple[TestResponse, TestResponse]:
    """Post before Flask, and to its view."""
    asked = HEADERS | headers
    return (
        client.post(PATH, data=data(), headers=asked),
        client.post(PATH, data=data(), headers=asked | BY_THE_VIEW),
    )


@pytest.mark.parametrize("gpc", ["0", "1"])
def test_a_receipt_is_the_same_whichever_way(
    client: FlaskClient, decide: Callable[..., dict[str, Any]], gpc: str
) -> None:
    """The same status, headers and members; the signal of the header is in both receipts or in none."""
    before, view = both(client, lambda: json.dumps(decide()).encode(), **{"Sec-GPC": gpc})
    assert told(before) == told(view)
    assert before.status_code == 201
    assert set(before.json or {}) == set(view.json or {})


def test_a_repeat_is_the_same_whichever_way(
    client: FlaskClient, decide: Callable[..., dict[str, Any]]
) -> None:
    """Who sends a decision again by the other way gets the receipt that there is."""
    data = json.dumps(decide()).encode()
    first = client.post(PATH, data=data, headers=HEADERS)
    before, view = both(client, lambda: data)
    assert told(before) == told(view)
    assert before.status_code == 200
    assert first.json == before.json == view.json


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_a_refusal_is_the_same_whichever_way(
    client: FlaskClient, decide: Callable[..., dict[str, Any]], changes: dict[str, Any]
) -> None:
    """What cannot be recorded is refused with the same words and headers."""
    before, view = both(client, json.dumps(decide(**changes)).encode)
    assert told(before) == told(view)
    assert before.status_code >= 400
    assert before.json == view.json


@pytest.mark.parametrize("data", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_none_is_refused_the_same_whichever_way(client: FlaskClient, data: bytes) -> None:
    """What cannot be read is refused with the same words and headers."""
    before, view = both(client, lambda: data)
    assert told(before) == told(view)
    assert before.status_code >= 400
    assert before.json == view.json


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Content-Type": "text/html"}],
    ids=["another origin", "no origin", "another type"],
)
def test_headers_are_looked_at_whichever_way(
    client: FlaskClient, decide: Callable[..., dict[str, Any]], headers: dict[str, str]
) -> None:
    """A page of nobody's, or a body of another type, records nothing."""
    before, view = both(client, lambda: json.dumps(decide()).encode(), **headers)
    assert told(before) == told(view)
    assert before.status_code in {403, 415}
    assert before.json == view.json


def test_a_number_that_nothing_holds_is_refused_the_same_whichever_way(
    client: FlaskClient, decide: Callable[..., dict[str, Any]]
) -> None:
    """A body that no check foresees is a refusal, never a fault."""
    data = json.dumps(decide()).replace('"choices"', '"x": ' + "9" * 5000 + ', "choices"').encode()
    before, view = both(client, lambda: data)
    assert told(before) == told(view)
    assert before.status_code in {400, 422}


def test_a_fault_is_told_and_logged_whichever_way(
    client: FlaskClient,
    server: Server,
    decide: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What breaks inside is a problem document without a word of it, and each time a trace in the log."""

    def broken(_leaf: object) -> None:
        raise RuntimeError("broken inside")

    monkeypatch.setattr(server.store, "record_made", broken)
    before, view = both(client, lambda: json.dumps(decide()).encode())
    assert told(before) == told(view)
    assert (before.status_code, (before.json or {})["code"]) == (500, "internal_error")
    assert "broken" not in before.text
    assert len([record for record in caplog.records if record.exc_info]) == 2
