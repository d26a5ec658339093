"""Keys, health, readiness, and that no fault shows its inside."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from consent_server.errors import StorageUnavailable
from consent_server.evidence.keys import public_keys
from consent_server.web.operations import operations_blueprint

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
    assert client.get("/readyz").json == {"status": "ok", "catalog": "ok"}


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


def test_readiness_says_that_storage_is_gone() -> None:
    """A load balancer takes this node out."""

    def gone() -> None:
        raise StorageUnavailable("gone")

    app = Flask("test", static_folder=None)
    app.register_blueprint(operations_blueprint({"keys": []}, gone, lambda: "broken"))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "catalog": "unknown"})
