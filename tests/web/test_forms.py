"""The revoke form, for visitors without JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.evidence.verify import parse_jws

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server

OWN = {"Origin": "http://localhost"}


def test_the_form_withdraws_with_the_receipt_code(
    client: FlaskClient, server: Server, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """A receipt of a withdrawal, chained; a page says so and expires the cookies it may."""
    mine = post(decide()).json
    answer = client.post(
        "/v1/shop/cookies",
        data={"token": f" {mine['token']}\n", "lang": "lt"},
        headers={**OWN, "Cookie": "offer=1"},
    )
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    assert 'lang="lt"' in answer.text
    entry = server.store.unsealed("shop", None, 100)[-1]
    assert entry.jws is not None
    payload = parse_jws(entry.jws).payload
    assert (payload["state"], payload["method"], payload["previous"]["id"]) == (
        "withdrawn",
        "form",
        mine["id"],
    )
    assert str(entry.id) in answer.text
    assert any(cookie.startswith("offer=;") for cookie in answer.headers.getlist("Set-Cookie"))


def test_the_form_also_tells_a_widget_that_runs_later(
    client: FlaskClient, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """Where the browser sends us its consent cookie, that becomes a refusal of everything."""
    data = {"token": post(decide()).json["token"]}
    granting = {**OWN, "Cookie": "consent=1.00000000.1790000000.analytics"}
    cookies = client.post("/v1/shop/cookies", data=data, headers=granting).headers.getlist("Set-Cookie")
    (told,) = [cookie for cookie in cookies if cookie.startswith("consent=")]
    revision = client.get("/v1/shop/notice.json").json["revision"]
    assert re.match(rf"consent=1\.{revision[:8]}\.\d{{10}}\.;", told)
    assert "Domain=shop.example" in told
    assert "SameSite=Lax" in told
    silent = client.post("/v1/shop/cookies", data=data, headers=OWN).headers.getlist("Set-Cookie")
    assert not any(cookie.startswith("consent=") for cookie in silent)


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"token": "wrong"}, OWN, 401),
        ({"lang": "en"}, OWN, 401),
        ({"token": "x"}, {}, 403),
        ({"token": "x"}, {"Origin": "null"}, 403),
        ({"token": "x"}, {"Origin": "https://shop.example"}, 403),
        ({"token": "x", "lang": "<script>"}, OWN, 401),
        ({"token": "x" * 20000}, OWN, 413),
    ],
)
def test_a_form_that_cannot_be_taken_gets_a_plain_page_and_leaves_nothing(
    client: FlaskClient, server: Server, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """The visitor reads what happened; nothing is stored."""
    answer = client.post("/v1/shop/cookies", data=fields, headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert "<script" not in answer.text
    waiting = server.store.unsealed("shop", None, 100)
    assert [leaf for leaf in waiting if leaf.type == RECEIPT_TYPE] == []


def test_a_body_of_another_kind_is_not_even_read(client: FlaskClient) -> None:
    """Not for its language either: many parts, many fields, whatever its size."""
    parts = {f"field{number}": "x" for number in range(1500)}
    answer = client.post("/v1/shop/cookies", data=parts, headers=OWN, content_type="multipart/form-data")
    assert (answer.status_code, answer.mimetype) == (415, "text/html")
    assert client.post("/v1/shop/cookies", data=parts, headers=OWN).status_code in {400, 413}
    twice = client.post(
        "/v1/shop/cookies",
        data=b"token=a&token=b",
        headers=OWN,
        content_type="application/x-www-form-urlencoded",
    )
    assert twice.status_code == 400


def test_json_is_not_taken_for_a_form(client: FlaskClient) -> None:
    """415: another page's script cannot dress up as the form."""
    assert client.post("/v1/shop/cookies", json={"token": "x"}, headers=OWN).status_code == 415
