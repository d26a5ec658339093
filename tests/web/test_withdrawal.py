"""What a decision takes back, over HTTP: cookies expired, checked by a repeat; the browser's signal."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import build_server
from consent_server.evidence.keys import public_keys
from consent_server.evidence.verify import verify_jws

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from consent_server.app import Server
    from consent_server.settings import Settings

    Decide = Callable[..., dict[str, Any]]
    Post = Callable[..., Any]

NOTHING = {"analytics": False, "marketing": False}


def outcomes(answer: Any) -> dict[str, str]:
    """Return what became of each name."""
    return {row["name"]: row["outcome"] for row in answer.json["deletion"]}


def expired(answer: Any) -> set[str]:
    """Return the lines that expire cookies, as sets of their attributes would have it."""
    lines = answer.headers.getlist("Set-Cookie")
    return {line.replace("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; ", "") for line in lines}


@pytest.fixture
def withdrawal(decide: Decide, post: Post) -> tuple[dict[str, Any], str]:
    """Accept first; give the body that withdraws, and where to post it."""
    first = post(decide()).json
    body = decide(method="withdraw", choices=NOTHING, token=first["token"])
    return body, f"/v1/shop/receipts/{first['id']}/withdraw"


def test_a_repeat_tells_what_was_not_deleted(withdrawal: tuple[dict[str, Any], str], post: Post) -> None:
    """The same withdrawal again says “expired” only of what the browser still sends."""
    body, path = withdrawal
    assert outcomes(post(body, path, Cookie="offer=1"))["offer"] == "expired"
    stubborn = post(body, path, Cookie="offer=1")
    gone = post(body, path, Cookie="basket=1")
    assert (stubborn.status_code, outcomes(stubborn)["offer"]) == (200, "expired")
    assert (gone.status_code, outcomes(gone)["offer"]) == (200, "host_only")


def test_a_narrower_choice_expires_what_it_refuses(decide: Decide, post: Post) -> None:
    """A decision that comes with cookies is answered with what became of those it refuses, and no others."""
    first = post(decide(choices={"analytics": True, "marketing": True}, method="accept_all")).json
    narrower = decide(choices={"analytics": True, "marketing": False}, token=first["token"])
    answer = post(narrower, Cookie="offer=1; basket=2")
    assert answer.status_code == 201
    assert outcomes(answer) == {"offer": "expired"}
    assert all(line.startswith("offer=;") for line in expired(answer))


def test_what_is_granted_is_not_expired(decide: Decide, post: Post) -> None:
    """A decision that grants a cookie leaves it alone."""
    answer = post(decide(choices={"analytics": False, "marketing": True}), Cookie="offer=1")
    assert "offer" not in outcomes(answer)
    assert expired(answer) == set()


def test_a_decision_without_cookies_reports_nothing(decide: Decide, post: Post) -> None:
    """Where the browser sends none, there is nothing to say about them."""
    assert "deletion" not in post(decide()).json


@pytest.mark.parametrize(
    ("host", "domains"),
    [
        ("consent.eu.shop.example", {"consent.eu.shop.example", "eu.shop.example", "shop.example"}),
        ("127.0.0.1:8000", {"shop.example"}),
        ("localhost", {"shop.example"}),
        ("Consent.Shop.Example:8443", {"consent.shop.example", "shop.example"}),
        ("evil.example.com", {"shop.example"}),
        ("evilshop.example", {"shop.example"}),
        ("a;b.shop.example", {"shop.example"}),
        (f"{'a.' * 25}shop.example", {f"{'a.' * more}shop.example" for more in range(7)}),
    ],
)
def test_every_domain_above_is_tried(
    withdrawal: tuple[dict[str, Any], str], client: FlaskClient, host: str, domains: set[str]
) -> None:
    """A cookie that came may belong to this host or to any domain above it, partitioned or not.

    A Host that is not the site's is not repeated, nor one that no browser can have asked for.
    """
    body, path = withdrawal
    headers = {"Origin": "https://shop.example", "Cookie": "offer=1", "Host": host}
    lines = expired(client.post(path, json=body, headers=headers))
    kinds = ("", "Secure; ")
    assert lines == {
        f"offer=; {domain}{kind}Path=/{'; Partitioned' if kind else ''}"
        for domain in ("", *(f"Domain={name}; " for name in domains))
        for kind in kinds
    }


@pytest.mark.parametrize(
    ("host", "repeated"),
    [("consent.partner.example", True), ("www.other.example", True), ("partner.example", False)],
)
def test_the_domains_above_the_public_host_and_the_origins_are_tried(
    settings: Settings, catalog_path: Path, decide: Decide, host: str, *, repeated: bool
) -> None:
    """Wherever the catalog's cookies belong: the server may stand beside the site, and the site have two."""
    text = catalog_path.read_text(encoding="utf-8")
    two = text.replace('["https://shop.example"]', '["https://shop.example", "https://www.other.example"]')
    catalog_path.write_text(two.replace('cookie_domain = "shop.example"\n', ""), encoding="utf-8")
    with closing(build_server(replace(settings, public_url="https://consent.partner.example"))) as server:
        client = server.app.test_client(use_cookies=False)
        notice = client.get("/v1/shop/notice.json").get_json()["sha256"]
        headers = {"Origin": "https://shop.example", "Cookie": "offer=1", "Host": host}
        lines = expired(client.post("/v1/shop/receipts", json=decide(notice=notice), headers=headers))
    assert any(f"Domain={host};" in line for line in lines) is repeated
    assert any("Domain=" in line for line in lines) is repeated


@pytest.mark.parametrize(("header", "says"), [("1", True), ("0", False), ("true", False), ("", False)])
def test_the_header_of_global_privacy_control_is_recorded(
    client: FlaskClient, decide: Decide, post: Post, header: str, *, says: bool
) -> None:
    """`Sec-GPC: 1` stands in the receipt, whatever the page's script could see of the signal."""
    receipt = post(decide(signals={"gpc": False}), Sec_GPC=header).json["receipt"]
    keys = public_keys(client.get("/.well-known/jwks.json").get_json())
    assert verify_jws(receipt, keys)["signals"] == {"gpc": says}


def test_the_form_without_javascript_records_it_too(
    client: FlaskClient, server: Server, decide: Decide, post: Post
) -> None:
    """Where no script runs, the header alone tells of Global Privacy Control."""
    token = post(decide()).json["token"]
    headers = {"Origin": "http://localhost", "Sec-GPC": "1"}
    assert client.post("/v1/shop/cookies", data={"token": token}, headers=headers).status_code == 200
    jws = server.store.unsealed("shop", None, 100)[-1].jws
    keys = public_keys(client.get("/.well-known/jwks.json").get_json())
    assert verify_jws(str(jws), keys)["signals"] == {"gpc": True}
