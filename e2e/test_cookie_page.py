"""The public cookie page, where there is no JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from consent_server.catalog.texts import texts_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.demo import Demo
    from e2e.visitor import Visitor


@pytest.fixture
def reader(visit: Callable[..., Visitor], demo: Demo) -> Visitor:
    """Bring a visitor whose browser runs no scripts, to the Lithuanian page."""
    arrived = visit(demo, script=False)
    arrived.expects("favicon.ico")  # what a browser asks for where a page names no picture
    arrived.page.goto(f"{demo.home}/cookies?lang=lt")
    return arrived


def test_the_table_is_complete_without_scripts(reader: Visitor) -> None:
    """Every cookie of the notice stands in the page, in Lithuanian, with purpose, lifespan and service."""
    notice = reader.demo.notice("lt")["notice"]
    services = {service["id"]: service["name"] for service in notice["services"]}
    rows = reader.page.locator("tbody tr")
    cookies = [cookie for category in notice["categories"] for cookie in category["cookies"]]
    assert reader.page.locator("html").get_attribute("lang") == "lt"
    assert rows.count() == len(cookies)
    for row, cookie in zip(rows.all_inner_texts(), cookies, strict=True):
        for said in (cookie["name"], cookie["purpose"], cookie["lifespan"], services[cookie["service"]]):
            assert said in row


def test_the_form_withdraws_without_scripts(visitor: Visitor, reader: Visitor) -> None:
    """The code of a receipt, pasted into the page's form, withdraws it and is answered in Lithuanian."""
    visitor.open()
    visitor.accept_all()
    reader.page.locator("#token").fill(visitor.receipt()["token"])
    reader.page.locator("form button").click()
    expect(reader.page.locator("h1")).to_have_text(texts_in("lt")["page"]["withdrawn_heading"])
    given, withdrawn = visitor.receipts()
    assert (withdrawn["state"], withdrawn["method"]) == ("withdrawn", "form")
    assert withdrawn["previous"]["id"] == given["id"]
