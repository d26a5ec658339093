"""Rate limits: who is one client, what is counted, what the answer says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import build_server
from consent_server.consent.auditing import new_auditor
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from consent_server.app import Server

ORIGIN = {"Origin": "https://shop.example"}
WRONG = {"Authorization": "Bearer auditor-made-up"}


@pytest.fixture
def limited(catalog_path: Path, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Give a function that starts a server which takes three writes a minute."""
    servers: list[Server] = []

    def limited(**more: str) -> Server:
        environ = {
            "CONSENT_CATALOG": str(catalog_path),
            "CONSENT_DATA_DIR": str(tmp_path / "var"),
            "CONSENT_RATE_LIMIT": "3",
        }
        servers.append(build_server(read_settings(environ | more)))
        return servers[-1]

    yield limited
    for server in servers:
        server.close()


@pytest.fixture
def write(decide: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    """Give a function that posts a decision from an address, through proxies where it is told so."""

    def write(server: Server, peer: str = "192.0.2.1", forwarded: str | None = None) -> Any:
        headers = ORIGIN | ({} if forwarded is None else {"X-Forwarded-For": forwarded})
        return client_of(server).post(
            "/v1/shop/receipts", json=decide(), headers=headers, environ_overrides={"REMOTE_ADDR": peer}
        )

    return write


def client_of(server: Server) -> FlaskClient:
    """Return a client that keeps no cookies."""
    return server.app.test_client(use_cookies=False)


def statuses(write: Callable[..., Any], server: Server, *asked: tuple[str, str | None]) -> list[int]:
    """Write from each peer and header in turn; return what was answered."""
    return [write(server, peer, forwarded).status_code for peer, forwarded in asked]


def test_the_fourth_write_in_a_minute_is_refused_and_told_when_to_come_again(
    limited: Callable[..., Server], write: Callable[..., Any]
) -> None:
    """429 is a problem document that the site's page may read, with `Retry-After` in seconds."""
    server = limited()
    assert statuses(write, server, *[("192.0.2.1", None)] * 3) == [201, 201, 201]
    refused = write(server)
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert refused.json["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert refused.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert refused.headers["Cache-Control"] == "no-store"
    assert "192.0.2.1" not in refused.text


def test_reading_is_never_limited(limited: Callable[..., Server], write: Callable[..., Any]) -> None:
    """The widget, the notice, the cookie page and the preflight are answered as often as they are asked."""
    server = limited()
    statuses(write, server, *[("192.0.2.1", None)] * 5)
    client = client_of(server)
    for path in ("consent.js", "notice.json", "cookies", "log/checkpoint"):
        for _ in range(5):
            answer = client.get(f"/v1/shop/{path}", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
            assert answer.status_code != 429
    assert client.options("/v1/shop/receipts", headers=ORIGIN).status_code == 200


@pytest.mark.parametrize(
    ("first", "second", "one_client"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
    ],
)
def test_one_client_is_an_ipv4_address_or_an_ipv6_network(
    limited: Callable[..., Server], write: Callable[..., Any], first: str, second: str, *, one_client: bool
) -> None:
    """A customer's /64 counts as one; neighbours do not pay for each other."""
    server = limited()
    statuses(write, server, *[(first, None)] * 3)
    assert write(server, second).status_code == (429 if one_client else 201)


def test_a_form_and_an_erasure_count_as_writes(
    limited: Callable[..., Server], write: Callable[..., Any]
) -> None:
    """Every way to change something shares one count."""
    server = limited()
    client, here = client_of(server), {"REMOTE_ADDR": "192.0.2.1"}
    made = write(server).json
    path = f"/v1/shop/receipts/{made['id']}"
    erase = {"Authorization": f"Bearer {made['token']}"} | ORIGIN
    assert client.delete(path, headers=erase, environ_overrides=here).status_code == 200
    write(server)
    form = client.post("/v1/shop/cookies", data={"token": "x"}, environ_overrides=here)
    assert (form.status_code, form.mimetype) == (429, "text/html")
    assert "Retry-After" in form.headers


def test_off_is_off(limited: Callable[..., Server], write: Callable[..., Any]) -> None:
    """A load generator is never refused."""
    server = limited(CONSENT_RATE_LIMIT="off")
    assert set(statuses(write, server, *[("192.0.2.1", None)] * 70)) == {201}


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "refused"),
    [
        # Nobody said which proxies there are: visitors behind one must not share its limit.
        ("", "127.0.0.1", "198.51.100.{n}", False),
        ("", "127.0.0.1", "198.51.100.7", False),
        # Proxies are named, and this is none: whoever reaches us past them made the header up.
        ("10.0.0.0/8", "192.0.2.1", "198.51.100.{n}", True),
        ("10.0.0.0/8", "192.0.2.1", "x", True),
        # There are no proxies: whoever sends the header made it up.
        ("none", "192.0.2.1", "198.51.100.{n}", True),
        # The right-most address that no trusted proxy has; what stands left of it was sent by the client.
        ("127.0.0.1", "127.0.0.1", "198.51.100.7", True),
        ("127.0.0.1", "127.0.0.1", "198.51.100.{n}", False),
        ("127.0.0.1", "127.0.0.1", "203.0.113.{n}, 198.51.100.7", True),
        ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", "203.0.113.{n}, 198.51.100.7, 10.1.2.3", True),
        ("127.0.0.1, 10.0.0.0/8", "127.0.0.1", "198.51.100.7, 198.51.100.{n}, 10.1.2.3", False),
        ("127.0.0.1", "127.0.0.1", "198.51.100.7:50{n}", True),
        ("127.0.0.1", "127.0.0.1", "[2001:db8::7]:50{n}", True),
        ("127.0.0.1", "::ffff:127.0.0.1", "198.51.100.7", True),
        ("127.0.0.1", "127.0.0.1", "unknown", False),
    ],
)
def test_behind_a_proxy_the_client_is_whom_the_trusted_proxies_saw(
    limited: Callable[..., Server],
    write: Callable[..., Any],
    trusted: str,
    peer: str,
    forwarded: str,
    *,
    refused: bool,
) -> None:
    """Nobody evades the limit by a header, and nobody is limited for somebody else."""
    server = limited(CONSENT_TRUSTED_PROXIES=trusted)
    asked = [(peer, forwarded.format(n=n)) for n in range(10, 14)]
    assert statuses(write, server, *asked)[-1] == (429 if refused else 201)


def test_an_unknown_proxy_is_said_once(
    limited: Callable[..., Server], write: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """One warning names the setting and no address."""
    with caplog.at_level(logging.WARNING):
        statuses(write, limited(), *[("127.0.0.1", "198.51.100.7")] * 3)
    said = [record.getMessage() for record in caplog.records if "proxy" in record.getMessage()]
    assert len(said) == 1
    assert "CONSENT_TRUSTED_PROXIES" in said[0]
    assert "are not limited" in said[0]
    assert "198.51.100.7" not in said[0]


def test_a_proxy_that_was_forgotten_is_said_once(
    limited: Callable[..., Server], write: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Its visitors share one limit: the operator has to hear of it."""
    server = limited(CONSENT_TRUSTED_PROXIES="10.0.0.0/8")
    with caplog.at_level(logging.WARNING):
        statuses(write, server, *[("192.0.2.1", "198.51.100.7")] * 3)
    said = [record.getMessage() for record in caplog.records if "proxy" in record.getMessage()]
    assert len(said) == 1
    assert "CONSENT_TRUSTED_PROXIES" in said[0]
    assert "count as one client" in said[0]
    assert "198.51.100.7" not in said[0]
    assert "192.0.2.1" not in said[0]


@pytest.mark.parametrize("forwarded", [{}, {"X-Forwarded-For": "x"}], ids=["plain", "header"])
@pytest.mark.parametrize(
    "guess",
    [
        lambda client, headers: client.get("/v1/shop/audit/stats", headers=WRONG | headers),
        lambda client, headers: client.post(
            "/console/sign-in",
            data={"token": "auditor-made-up"},
            headers={"Origin": "http://localhost"} | headers,
        ),
    ],
    ids=["bearer", "console"],
)
def test_wrong_tokens_are_limited_more_strictly(
    limited: Callable[..., Server], guess: Callable[..., Any], forwarded: dict[str, str]
) -> None:
    """Ten a minute, then 429 even for a right one; whoever brings none is not counted.

    No header evades it, not even where nobody said which proxies there are.
    """
    server = limited(CONSENT_RATE_LIMIT="1000")
    client = client_of(server)
    assert client.get("/v1/shop/audit/stats").status_code == 401
    assert [guess(client, forwarded).status_code for _ in range(12)] == [401] * 10 + [429] * 2
    assert "Retry-After" in guess(client, forwarded).headers
    auditor, token = new_auditor("shop", "Jane", 1, 1_790_000_000_000)
    server.store.add(auditor)
    right = client.get("/v1/shop/audit/stats", headers={"Authorization": f"Bearer {token}"})
    assert right.status_code == 429


def test_right_tokens_are_not_counted_as_guesses(limited: Callable[..., Server]) -> None:
    """An auditor's tool may page as fast as it can."""
    server = limited()
    auditor, token = new_auditor("shop", "Jane", 3000, 1_790_000_000_000)
    server.store.add(auditor)
    right = {"Authorization": f"Bearer {token}"}
    client = client_of(server)
    answers = {client.get("/v1/shop/audit/stats", headers=right).status_code for _ in range(20)}
    assert answers == {200}


def test_a_shared_store_that_does_not_answer_costs_no_decision(
    limited: Callable[..., Server], write: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Each process counts for itself meanwhile, and says so."""
    server = limited(CONSENT_RATE_LIMIT_STORE="redis://127.0.0.1:1/0")
    assert statuses(write, server, *[("192.0.2.1", None)] * 4) == [201, 201, 201, 429]
    assert "CONSENT_RATE_LIMIT_STORE does not answer" in caplog.text
