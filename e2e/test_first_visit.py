"""Before any choice: nothing optional, nothing in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from consent_server.demo.cookies import PROTECTION

if TYPE_CHECKING:
    from e2e.visitor import Visitor

BUTTONS = ("accept-all", "reject-all", "choose")

SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


def test_the_banner_asks_with_three_buttons(visitor: Visitor) -> None:
    """A first visit is met by a banner that offers to accept, to refuse and to choose."""
    visitor.open()
    for button in BUTTONS:
        expect(visitor.banner.locator(f"#consent-{button}")).to_be_visible()
    assert visitor.banner.locator("button").count() == len(BUTTONS)


def test_nothing_optional_is_stored_run_or_sent(visitor: Visitor) -> None:
    """Before a choice only necessary cookies exist, nothing gated runs, and nobody else is asked or told."""
    visitor.open()
    visitor.banner.wait_for()
    visitor.page.locator("consent-frame").wait_for()  # all that the widget does without a choice is done
    visitor.page.wait_for_timeout(300)
    assert set(visitor.cookies()) == set(PROTECTION)
    assert visitor.stored() == {}
    assert visitor.page.evaluate("sessionStorage.length") == 0
    assert visitor.analytics_runs() == 0
    assert not visitor.film_plays()
    assert visitor.hosts() == {visitor.demo.server.split("//")[1], visitor.demo.website.split("//")[1]}
    assert visitor.posts() == []
    assert not any("ga.js" in request.url for request in visitor.requests)


@pytest.mark.parametrize("gesture", ["escape", "scroll", "click elsewhere"])
def test_only_a_button_grants(visitor: Visitor, gesture: str) -> None:
    """Escape, scrolling and clicking elsewhere grant nothing, and the banner stays."""
    visitor.open()
    visitor.banner.wait_for()
    {
        "escape": lambda: visitor.page.keyboard.press("Escape"),
        "scroll": lambda: visitor.page.mouse.wheel(0, 900),
        "click elsewhere": lambda: visitor.page.locator("h1").click(),
    }[gesture]()
    visitor.page.wait_for_timeout(200)
    expect(visitor.banner).to_be_visible()
    assert "consent" not in visitor.cookies()
    assert visitor.analytics_runs() == 0
    assert visitor.posts() == []


def test_the_page_does_not_move(visitor: Visitor) -> None:
    """The banner shifts nothing in the page that it appears on."""
    visitor.context.add_init_script(SHIFTS)
    visitor.open()
    visitor.banner.wait_for()
    visitor.page.wait_for_timeout(300)
    assert visitor.page.evaluate("window.shifts") == 0


def test_the_page_scrolls_under_the_banner(visitor: Visitor) -> None:
    """The page can be scrolled while the banner is there."""
    visitor.open()
    visitor.banner.wait_for()
    visitor.page.mouse.move(200, 200)
    visitor.page.mouse.wheel(0, 600)
    visitor.until(lambda: visitor.page.evaluate("scrollY") > 0, "the page to scroll")


def test_the_page_works_without_the_server(visitor: Visitor) -> None:
    """Where the consent server cannot be reached, the page works and everything optional stays off."""
    visitor.expects("Failed to load resource: net::ERR_CONNECTION_REFUSED")
    visitor.context.route(f"{visitor.demo.server}/**", lambda route: route.abort("connectionrefused"))
    visitor.open()
    visitor.page.locator("#plans").get_by_role("link").first.click()
    visitor.page.wait_for_url("**/sign-in")
    assert set(visitor.cookies()) == set(PROTECTION)
    assert visitor.analytics_runs() == 0
    visitor.open()
    assert not visitor.film_plays()
    assert visitor.complaints  # the script that did not load, and nothing else: see the fixture
