"""What an auditor gets, and who is no auditor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import now
from consent_server.consent.auditing import new_auditor
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server

    Decide = Callable[..., dict[str, Any]]
    Post = Callable[..., Any]

PATH = "/v1/shop/audit/receipts"


@pytest.fixture
def token(server: Server) -> str:
    """Give the token of an auditor of the shop."""
    auditor, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(auditor)
    return token


@pytest.fixture
def pull(client: FlaskClient, token: str) -> Callable[[str], Any]:
    """Give a function that asks as the auditor."""

    def pull(path: str) -> Any:
        return client.get(path, headers={"Authorization": f"Bearer {token}"})

    return pull


def test_an_auditor_walks_through_every_receipt(
    pull: Callable[[str], Any], server: Server, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """By cursor, the oldest first, each once; the last page has no next."""
    receipts = [post(decide()).json["receipt"] for _ in range(5)]
    server.seal()
    walked: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = pull(f"{PATH}?limit=2&cursor={cursor}" if cursor else f"{PATH}?limit=2").json
        walked += [item["receipt"] for item in page["items"]]
        cursor = page["next"]
    assert walked == receipts


def test_a_page_says_what_each_receipt_is(
    pull: Callable[[str], Any], server: Server, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """Enough to filter by, without decoding."""
    recorded = post(decide()).json
    server.seal()
    (item,) = pull(PATH).json["items"]
    assert (
        item.items() >= {"id": recorded["id"], "state": "partial", "method": "save", "language": "en"}.items()
    )


def test_an_erased_receipt_is_shown_as_erased(
    pull: Callable[[str], Any], client: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """The gap is visible, its leaf hash stays, its content does not."""
    mine = post(decide()).json
    server.seal()
    headers = {"Origin": "https://shop.example", "Authorization": f"Bearer {mine['token']}"}
    client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers)
    (item,) = pull(PATH).json["items"]
    assert set(item) == {"index", "id", "erased", "leaf_hash"}
    assert item["erased"] is True


def test_the_export_verifies_offline(
    pull: Callable[[str], Any], server: Server, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """NDJSON, keys first; what is sealed is under the checkpoint, what waits comes last, all of it signed."""
    post(decide())
    post(decide())
    server.seal()
    waiting = post(decide()).json["receipt"]
    lines = pull("/v1/shop/audit/export").text.splitlines()
    assert json.loads(lines[0])["site"] == "shop"
    assert json.loads(lines[-1]) == {"type": RECEIPT_TYPE, "jws": waiting}
    check = ExportCheck()
    assert [typ for typ, _ in check.read(lines)].count(RECEIPT_TYPE) == 3
    assert check.checkpoint is not None
    assert check.checkpoint.size == len(lines) - 2


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?cursor=%00"])
def test_a_query_that_cannot_be_used_is_refused(pull: Callable[[str], Any], query: str) -> None:
    """400, with the parameter named."""
    answer = pull(PATH + query)
    assert (answer.status_code, answer.json["code"]) == (400, "query_invalid")
    assert query[1:].split("=", maxsplit=1)[0] in answer.json["detail"]


@pytest.mark.parametrize("path", [PATH, "/v1/shop/audit/export"])
def test_nobody_else_is_let_in(client: FlaskClient, server: Server, token: str, path: str) -> None:
    """No token, a wrong one, another site's, an expired and a revoked one all get the same answer."""
    expired, expired_token = new_auditor("shop", "Late", 1, now() - 2 * 86_400_000)
    other, other_token = new_auditor("other", "Elsewhere", 30, now())
    revoked, revoked_token = new_auditor("shop", "Gone", 30, now())
    for auditor in (expired, other, revoked):
        server.store.add(auditor)
    server.store.revoke(revoked.id, now())
    wrong = [f"Bearer {one}" for one in (expired_token, other_token, revoked_token, "x", "é", token + "x")]
    answers = [client.get(path)] + [
        client.get(path, headers={"Authorization": one}) for one in [*wrong, "Basic eDp4"]
    ]
    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(401, "auditor_refused")}
    assert len({answer.data for answer in answers}) == 1


def test_an_auditor_cannot_be_embedded_in_a_page(client: FlaskClient, token: str) -> None:
    """No CORS, nothing cached: receipts are read by tools, not by other pages."""
    answer = client.get(PATH, headers={"Authorization": f"Bearer {token}", "Origin": "https://shop.example"})
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
