"""Metrics, request ids, readiness: what an operator is told, and what nobody is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from consent_server import __version__
from consent_server.app import build_server, now
from consent_server.settings import read_settings
from consent_server.web.health import Health
from consent_server.web.operations import operations_blueprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from consent_server.app import Server

TOKEN = "operator-token-0123456789"
ELSEWHERE: Any = {"REMOTE_ADDR": "192.0.2.1"}


@pytest.fixture
def guarded(catalog_path: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """Give a client of a server whose metrics have a token."""
    environ = {
        "CONSENT_CATALOG": str(catalog_path),
        "CONSENT_DATA_DIR": str(tmp_path / "guarded"),
        "CONSENT_METRICS_TOKEN": TOKEN,
    }
    server = build_server(read_settings(environ))
    yield server.app.test_client()
    server.close()


def samples(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Return every sample: name, then `label=value` in order of labels."""
    return {
        (one.name, *(f"{label}={value}" for label, value in sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for one in family.samples
    }


def test_requests_are_counted_by_route_method_and_status(
    client: FlaskClient, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """Routes are templates: whatever stands in a path makes no new series."""
    receipt = post(decide()).json
    for token in (receipt["token"], "wrong"):
        client.get(f"/v1/shop/receipts/{receipt['id']}", headers={"Authorization": f"Bearer {token}"})
    client.get("/nowhere/at/all")
    client.open("/healthz", method="BREW")
    found = samples(client)
    route = "route=/v1/<site_id>/receipts/<receipt_id>"
    count = "consent_request_seconds_count"
    assert found[count, "method=POST", "route=/v1/<site_id>/receipts", "status=201"] == 1
    assert found[count, "method=GET", route, "status=200"] == 1
    assert found[count, "method=GET", route, "status=401"] == 1
    assert found[count, "method=GET", "route=none", "status=404"] == 1
    assert found[count, "method=other", "route=none", "status=405"] == 1


def test_decisions_are_counted_once_each(
    client: FlaskClient, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """By site, state and method; a repeat is no second decision."""
    body = decide()
    assert [post(body).status_code for _ in range(2)] == [201, 200]
    post(decide(method="refuse_all", choices={"analytics": False, "marketing": False}))
    found = samples(client)
    assert found["consent_decisions_total", "method=save", "site=shop", "state=partial"] == 1
    assert found["consent_decisions_total", "method=refuse_all", "site=shop", "state=refused"] == 1


def test_metrics_name_nobody(
    client: FlaskClient, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """No token, no id and no address stands in any label."""
    body = decide()
    receipt = post(body).json
    client.get(f"/v1/shop/receipts/{receipt['id']}?format=html&lang=lt")
    text = client.get("/metrics").text
    for secret in (
        body["decision"],
        receipt["id"],
        receipt["token"],
        receipt["subject"],
        "127.0.0.1",
        "lang=lt",
    ):
        assert secret not in text


def test_the_log_of_each_site_is_told(
    server: Server, client: FlaskClient, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """Its size, how long its oldest leaf waits, how commits were grouped, the catalog, the version."""
    for repeat in server.repeating:
        repeat.stop()
    server.seal()
    before = samples(client)
    post(decide())
    waiting = samples(client)
    server.seal()
    after = samples(client)
    leaves, lag = ("consent_log_leaves", "site=shop"), ("consent_seal_lag_seconds", "site=shop")
    assert (before[lag], after[lag]) == (0, 0)
    assert 0 < waiting[lag] < 60
    assert after[leaves] == waiting[leaves] + 1
    sizes = ("consent_commit_receipts_sum",)
    assert waiting[sizes] == before.get(sizes, 0) + 1
    assert (after["consent_catalog_broken",], after["consent_database_up",]) == (0, 1)
    assert any(name[0] == "consent_build_info" and f"version={__version__}" in name for name in after)


def test_sealing_that_is_late_is_told(
    server: Server, client: FlaskClient, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """Readiness says so and takes no node out: another would seal no sooner."""
    for repeat in server.repeating:
        repeat.stop()
    post(decide())
    store = server.store
    late = Health(server.sites, store, store, store, lambda: None, tuple, lambda: now() + 61_000)
    app = Flask("late", static_folder=None)
    app.register_blueprint(operations_blueprint({"keys": []}, late, lambda: b"", None))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["sealing"]) == (200, "behind")
    assert client.get("/readyz").json["sealing"] == "ok"


def test_metrics_are_for_the_operator(guarded: FlaskClient) -> None:
    """On the machine itself or with the token; a wrong token does not open them, wherever it comes from."""

    def status(path: str, token: str | None = None, **more: Any) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return guarded.get(path, headers=headers | more.pop("headers", {}), **more).status_code

    assert status("/metrics") == 200
    assert status("/metrics", environ_overrides=ELSEWHERE) == 401
    assert status("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}) == 401
    assert status("/metrics", TOKEN, environ_overrides=ELSEWHERE) == 200
    assert status("/metrics", "wrong") == 401
    assert status("/metrics", "ž" * 20, environ_overrides=ELSEWHERE) == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    ready: Any = guarded.get("/readyz", headers=headers, environ_overrides=ELSEWHERE).json
    assert "flaws" in ready


def test_no_token_opens_metrics_where_none_is_set(client: FlaskClient) -> None:
    """Nobody comes in with an empty or made-up one."""
    for token in ("", "None", "x" * 30):
        answer = client.get(
            "/metrics", headers={"Authorization": f"Bearer {token}"}, environ_overrides=ELSEWHERE
        )
        assert answer.status_code == 401


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("01J0-abc_def.42", True),
        ("short", False),
        ("x" * 65, False),
        ("two words here", False),
        ('quote"brace{}', False),
        ("ąžuolas-ąžuolas", False),
    ],
)
def test_a_request_has_an_id(client: FlaskClient, given: str, *, taken: bool) -> None:
    """A short token of the proxy's is taken over, anything else is replaced."""
    answered = client.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert (answered == given) is taken
    assert re.fullmatch(r"[A-Za-z0-9_.-]{8,64}", answered)


def test_every_request_has_another_id(client: FlaskClient) -> None:
    """Refusals and faults too."""
    ids = [client.get(path).headers["X-Request-Id"] for path in ("/healthz", "/nowhere", "/v1/none/cookies")]
    assert len(set(ids)) == 3
