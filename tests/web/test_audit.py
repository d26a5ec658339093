"""What an auditor gets, and who is no auditor."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
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


@pytest.mark.parametrize(
    "query",
    [
        *("?limit=0", "?limit=1001", "?limit=x", "?cursor=x", "?cursor=%00", "?cursor=1_0", "?cursor=%2b5"),
        *("?cursor=-1", "?cursor=%D9%A5", "?cursor=%205", "?cursor=05", "?cursor=", "?limit=%EF%BC%95"),
        *("?limit=5&limit=6", "?cursor=5&cursor=5", "?state=given&state=refused"),
        *("?id=x", "?id=", "?id=00000000-0000-4000-8000-000000000000", "?id=%00"),
        "?id=01920000000070008000000000000000",
    ],
)
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


def test_filters_narrow_what_is_shown(
    pull: Callable[[str], Any], server: Server, post: Post, decide: Decide
) -> None:
    """By state, what was granted, subject, id and time; what agrees with nothing is an empty page."""
    part = post(decide()).json
    none = post(decide(method="refuse_all", choices={"analytics": False, "marketing": False})).json
    server.seal()

    def ids(query: str) -> list[str]:
        return [item["id"] for item in pull(f"{PATH}?{query}").json["items"]]

    assert ids("") == [part["id"], none["id"]]
    assert ids("state=refused") == [none["id"]]
    assert ids("category=analytics") == [part["id"]]
    assert ids("category=marketing") == []
    assert ids(f"subject={none['subject']}") == [none["id"]]
    assert ids(f"id={none['id']}") == [none["id"]]
    assert ids(f"id={none['id']}&state=partial") == []
    assert ids("id=01920000-0000-7000-8000-000000000000") == []
    waiting = post(decide()).json
    assert ids(f"id={waiting['id']}") == []
    assert ids("from=2100-01-01") == []
    assert ids("to=2100-01-01T00:00:00Z&from=2020-01-01") == [part["id"], none["id"]]


@pytest.mark.parametrize(
    "query", ["?state=unsure", "?category=A!", "?subject=x", "?from=tomorrow", "?to=99999999", "?typo=1"]
)
def test_a_filter_that_cannot_be_used_is_refused(pull: Callable[[str], Any], query: str) -> None:
    """A filter with a typo must not show more than was asked for."""
    answer = pull(PATH + query)
    assert (answer.status_code, answer.json["code"]) == (400, "query_invalid")


def test_the_csv_opens_safely_and_holds_every_receipt(
    pull: Callable[[str], Any], server: Server, post: Post, decide: Decide
) -> None:
    """RFC 4180, a header, one row a receipt, filtered like the pages, and no cell is taken for a formula."""
    recorded = post(decide()).json
    post(decide(method="refuse_all", choices={"analytics": False, "marketing": False}))
    server.seal()
    answer = pull(f"{PATH}.csv?state=partial")
    assert answer.mimetype == "text/csv"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["id"], row["state"], row["granted"]) == (recorded["id"], "partial", "analytics")
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


def test_statistics_count_each_sealed_receipt_once(
    pull: Callable[[str], Any], server: Server, post: Post, decide: Decide
) -> None:
    """States, methods, languages, what was granted, opt-in rate and GPC share, in all and of each day."""
    post(decide(signals={"gpc": True}))
    post(decide())
    post(decide(method="refuse_all", choices={"analytics": False, "marketing": False}))
    server.seal()
    server.seal()
    stats = pull("/v1/shop/audit/stats").json
    assert stats["receipts"] == 3
    assert stats["states"] == {"partial": 2, "refused": 1}
    assert stats["methods"] == {"refuse_all": 1, "save": 2}
    assert stats["languages"] == {"en": 3}
    assert stats["granted"] == {"analytics": 2}
    assert (stats["opt_in_rate"], stats["gpc_share"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert len(stats["days"]) == 30
    today = datetime.now(UTC).date()
    whole = {name: value for name, value in stats.items() if name != "days"}
    assert stats["days"][-1] == {"date": today.isoformat(), **whole}
    nothing = {"receipts": 0, "opt_in_rate": None, "gpc_share": None}
    empty: dict[str, Any] = {"states": {}, "methods": {}, "languages": {}, "granted": {}}
    assert stats["days"][0] == {"date": (today - timedelta(days=29)).isoformat(), **nothing, **empty}
    assert pull("/v1/shop/audit/stats?from=2020-01-01&to=2020-01-03").json["receipts"] == 0
    assert pull("/v1/shop/audit/stats?from=2020-01-03&to=2020-01-01").json["code"] == "query_invalid"


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("to=0001-01-01", None),
        ("from=1969-12-31&to=1970-01-02", None),
        ("from=9999-12-31T23:00:00Z&to=9999-12-31T23:59:59-23:00", None),
        ("from=1970-01-01&to=1970-01-02", ["1970-01-01"]),
        ("from=9999-12-31T23:00:00Z&to=9999-12-31T23:59:59Z", ["9999-12-31"]),
    ],
)
def test_days_are_those_that_have_a_date(
    pull: Callable[[str], Any], query: str, days: list[str] | None
) -> None:
    """From 1970-01-01 to 9999-12-31; anything else is refused in plain words."""
    answer = pull(f"/v1/shop/audit/stats?{query}")
    if days is None:
        assert (answer.status_code, answer.json["code"]) == (400, "query_invalid")
        assert "between 1970-01-01 and 9999-12-31" in answer.json["detail"]
    else:
        assert [day["date"] for day in answer.json["days"]] == days


def test_each_use_of_a_token_is_kept(pull: Callable[[str], Any], server: Server) -> None:
    """Who looked at what: the operator can show it."""
    pull(PATH)
    pull("/v1/shop/audit/export")
    assert [access.action for access in server.store.accesses("shop", 10)] == ["export", "receipts"]
