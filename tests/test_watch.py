"""The catalog is live: a changed one is served, a broken one is reported and left alone."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from consent_server.app import Server


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something holds; the promise is two seconds, a busy machine gets more."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def edit(path: Path, old: str, new: str) -> None:
    """Change the catalog as an editor does."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def title(client: FlaskClient) -> Any:
    """Return the title of the category of statistics as visitors are shown it."""
    return client.get("/v1/shop/notice.json").json["notice"]["categories"][1]["title"]


def test_a_changed_catalog_is_served_without_a_restart(client: FlaskClient, catalog_path: Path) -> None:
    """The legal team saves the file and sees the change."""
    assert title(client) == "Statistics"
    edit(catalog_path, '"Statistics"', '"Measurement"')
    wait_for(lambda: title(client) == "Measurement")


def test_a_decision_on_the_old_notice_still_counts(
    client: FlaskClient, catalog_path: Path, decide: Callable[..., Any], post: Callable[..., Any]
) -> None:
    """A page that was open while the catalog changed gets its receipt."""
    body = decide()
    edit(catalog_path, '"Statistics"', '"Measurement"')
    wait_for(lambda: title(client) == "Measurement")
    assert post(body).status_code == 201


def test_a_new_notice_is_in_the_database_before_it_is_served(
    client: FlaskClient, server: Server, catalog_path: Path
) -> None:
    """Whoever saw it can have it proven."""
    edit(catalog_path, '"Statistics"', '"Measurement"')
    wait_for(lambda: title(client) == "Measurement")
    sha256 = client.get("/v1/shop/notice.json").json["sha256"]
    assert server.store.notice("shop", sha256) is not None


def test_a_broken_catalog_is_reported_and_the_last_good_one_stays(
    client: FlaskClient, catalog_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the line, readiness says broken; mending it is enough."""
    good = catalog_path.read_text(encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        edit(catalog_path, 'lifespan = "2 years"', 'lifespan = "long"')
        wait_for(lambda: client.get("/readyz").json["catalog"] == "broken")
    line = 1 + good[: good.index('lifespan = "2 years"')].count("\n")
    assert f"cookie_catalog.toml:{line}:" in caplog.text
    assert title(client) == "Statistics"
    catalog_path.write_text(good.replace('"Statistics"', '"Measurement"'), encoding="utf-8")
    wait_for(lambda: title(client) == "Measurement")
    assert client.get("/readyz").json["catalog"] == "ok"


def test_a_catalog_that_vanishes_is_reported_and_comes_back(client: FlaskClient, catalog_path: Path) -> None:
    """An editor that replaces the file does not stop the service."""
    text = catalog_path.read_text(encoding="utf-8")
    catalog_path.unlink()
    wait_for(lambda: client.get("/readyz").json["catalog"] == "broken")
    assert title(client) == "Statistics"
    catalog_path.write_text(text, encoding="utf-8")
    wait_for(lambda: client.get("/readyz").json["catalog"] == "ok")


def test_new_origins_may_write_at_once(
    client: FlaskClient, catalog_path: Path, decide: Callable[..., Any]
) -> None:
    """Origins are evaluated at each request."""
    headers = {"Origin": "https://www.shop.example"}
    assert client.post("/v1/shop/receipts", json=decide(), headers=headers).status_code == 403
    edit(catalog_path, '["https://shop.example"]', '["https://shop.example", "https://www.shop.example"]')
    wait_for(lambda: client.post("/v1/shop/receipts", json=decide(), headers=headers).status_code == 201)
