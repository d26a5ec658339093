"""The public cookie page, where there is no JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from consent_server.catalog.texts import texts_in
from e2e.test_accessibility import flaws

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
    cookies = {cookie["name"]: cookie for category in notice["categories"] for cookie in category["cookies"]}
    assert reader.page.locator("html").get_attribute("lang") == "lt"
    assert rows.count() == len(cookies)
    for row in rows.all():
        cookie = cookies.pop(row.locator("code").inner_text())
        for said in (cookie["purpose"], cookie["lifespan"], services[cookie["service"]]):
            assert said in row.inner_text()


def test_the_table_is_searched_without_scripts(reader: Visitor) -> None:
    """Words and choices in the form narrow the table; a column sorts what is left, and one link shows all."""
    texts = texts_in("lt")["page"]
    shown = reader.page.locator("tbody code")
    every = shown.count()
    reader.page.get_by_label(texts["filter_text"]).fill("Google _UTM")
    reader.page.get_by_label(texts["column_service"]).select_option(texts["third_party"])
    reader.page.get_by_role("button", name=texts["filter_submit"]).click()
    expect(shown).to_have_text(["__utma", "__utmb", "__utmc", "__utmt", "__utmz"])
    reader.page.get_by_role("link", name=texts["column_lifespan"], exact=True).click()
    by_lifespan = ["__utmc", "__utmt", "__utmb", "__utmz", "__utma"]
    expect(shown).to_have_text(by_lifespan)
    reader.page.locator(".tongues").get_by_role("link", name="English").click()
    expect(reader.page.get_by_label("Search")).to_have_value("Google _UTM")
    expect(shown).to_have_text(by_lifespan)
    reader.page.get_by_role("link", name="Show all").click()
    expect(shown).to_have_count(every)


def test_the_printed_page_is_the_table_alone(reader: Visitor) -> None:
    """On paper there is no form, no menu and no button, and each link to elsewhere shows its address."""
    reader.page.emulate_media(media="print")
    for gone in ("form", "nav", "button"):
        for each in reader.page.locator(gone).all():
            expect(each).to_be_hidden()
    printed = "node => getComputedStyle(node, '::after').content"
    link = reader.page.locator("td a.leaving").first
    assert link.get_attribute("href") in link.evaluate(printed)
    expect(reader.page.locator("thead").first).to_be_visible()


def test_the_form_withdraws_without_scripts(visitor: Visitor, reader: Visitor) -> None:
    """The code of a receipt, pasted into the page's form, withdraws it and is answered in Lithuanian."""
    visitor.open()
    visitor.accept_all()
    reader.page.locator("#token").fill(visitor.receipt()["token"])
    reader.page.locator("form[method=post] button").click()
    expect(reader.page.locator("h1")).to_have_text(texts_in("lt")["page"]["withdrawn_heading"])
    given, withdrawn = visitor.receipts()
    assert (withdrawn["state"], withdrawn["method"]) == ("withdrawn", "form")
    assert withdrawn["previous"]["id"] == given["id"]


@pytest.mark.parametrize("path", ["cookies?q=google&sort=name", "cookies?q=nothing+like+it", "guide?lang=lt"])
@pytest.mark.parametrize(("width", "theme"), [(1200, "light"), (360, "dark")])
def test_axe_finds_nothing_in_the_pages(visitor: Visitor, path: str, width: int, theme: str) -> None:
    """Neither in a searched table nor in the guide, wide or narrow, light or dark."""
    visitor.expects("favicon.ico")
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    visitor.page.goto(f"{visitor.demo.home}/{path}")
    assert flaws(visitor) == []
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
