"""Keys, health, readiness, and that no fault shows its inside."""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from consent_server.evidence.keys import public_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server


def test_the_key_set_holds_public_keys_only(client: FlaskClient) -> None:
    """Every key parses, and none has a private member."""
    jwks = client.get("/.well-known/jwks.json").get_json()
    assert public_keys(jwks)
    assert all("d" not in key for key in jwks["keys"])


def test_a_living_server_is_healthy_and_ready(client: FlaskClient) -> None:
    """Both answer 200 in JSON."""
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["status"] == ready.json["catalog"] == ready.json["sealing"] == "ok"
    assert ready.json["flaws"] == []
    assert set(ready.json["logs"]) == {"shop"}


def test_only_the_operator_reads_the_flaws(client: FlaskClient) -> None:
    """Behind a proxy, or from elsewhere, readiness is three words."""
    for asked in (
        client.get("/readyz", headers={"X-Forwarded-For": "192.0.2.1"}),
        client.get("/readyz", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}),
    ):
        assert asked.json == {"status": "ok", "catalog": "ok", "sealing": "ok"}


def test_the_schema_is_published_for_editors(client: FlaskClient) -> None:
    """Any page may read it, and it is the one that the package holds."""
    answer = client.get("/catalog.schema.json")
    held = files("consent_server.catalog") / "cookie_catalog.schema.json"
    assert (answer.status_code, answer.mimetype) == (200, "application/schema+json")
    assert answer.data == held.read_bytes()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_vanished_database_is_503_with_retry_after(
    server: Server, decide: Callable[..., object], post: Callable[..., object]
) -> None:
    """Whoever sends a decision is asked to come again."""
    server.store.close()
    answer = post(decide())
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")  # type: ignore[attr-defined]
    assert answer.headers["Retry-After"] == "5"  # type: ignore[attr-defined]


def test_a_fault_is_logged_and_never_shown(
    server: Server, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """500 is a problem document without a word of what went wrong."""

    def fault() -> str:
        raise RuntimeError("the secret inside")

    server.app.add_url_rule("/fault", "fault", fault)
    with caplog.at_level(logging.ERROR):
        answer = client.get("/fault")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "the secret inside" in caplog.text
