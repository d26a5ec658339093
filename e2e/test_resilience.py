"""Where the widget does not come, or not all of it, the page works and nothing optional runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.proxy import HTML, answering, down, hanging, refusing, slow
from e2e.trouble import NOISE, delivered, methods, trouble, works

if TYPE_CHECKING:
    from e2e.proxy import Proxy, Trouble
    from e2e.visitor import Visitor

SCRIPT_TROUBLES: dict[str, Trouble] = {
    "down": down,
    "busy": answering(429),
    "broken": answering(500),
    "unavailable": answering(503, HTML),
    "captive portal": answering(200, HTML, open_=False),
    "cut short": answering(200, "(()=>{let consent=", kind="text/javascript"),
    "empty": answering(200, "", kind="text/javascript"),
    "gone": refusing(404, "site_unknown"),
}


@pytest.mark.parametrize("kind", SCRIPT_TROUBLES.values(), ids=SCRIPT_TROUBLES.keys())
def test_without_its_script_the_page_works(visitor: Visitor, proxy: Proxy, shop: str, kind: Trouble) -> None:
    """Whatever comes in the script's place, the page works and nothing optional runs or is stored."""
    visitor.expects(NOISE)
    trouble(proxy, kind)
    visitor.open_other(shop)
    assert works(visitor.page)
    assert visitor.page.title() == "quiet"
    assert (visitor.cookies(), visitor.stored()) == ({}, {})


def test_a_slow_script_keeps_nobody_waiting(visitor: Visitor, proxy: Proxy, shop: str) -> None:
    """While the script is on its way the page can be used; then it asks, and nothing ran before."""
    trouble(proxy, slow(1), "/consent.js")
    visitor.page.goto(visitor.demo.other + shop, wait_until="commit")
    assert works(visitor.page)
    assert visitor.banner.count() == 0
    visitor.banner.wait_for()
    assert visitor.page.title() == "quiet"


def test_a_server_that_never_answers_holds_nothing_back(visitor: Visitor, proxy: Proxy, shop: str) -> None:
    """The page's own scripts hear that the document is there and run; what comes in the end still asks."""
    let_go = threading.Event()
    trouble(proxy, hanging(let_go), "/consent.js")
    try:
        visitor.page.goto(visitor.demo.other + shop, wait_until="domcontentloaded")
        assert works(visitor.page)
        assert visitor.banner.count() == 0
        assert visitor.page.title() == "quiet"
    finally:
        let_go.set()
    visitor.press("accept-all")
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)
    delivered(visitor)


def test_what_it_complains_of_is_in_plain_words(shopper: Visitor, proxy: Proxy) -> None:
    """The console says what could not be had, and which answer came instead."""
    trouble(proxy, answering(503), "/notices/")
    shopper.press("choose")
    shopper.until(lambda: any("uncaught" in said for said in shopper.complaints), "the complaint")
    [said] = [said for said in shopper.complaints if "uncaught" in said]
    assert "/notices/" in said
    assert said.endswith(" answered 503")


@pytest.mark.parametrize("kind", [down, answering(500), answering(200, HTML)], ids=["down", "500", "HTML"])
def test_without_its_notice_it_asks_in_what_it_has(
    visitor: Visitor, proxy: Proxy, shop: str, kind: Trouble
) -> None:
    """Where the notice in the page's language cannot be had, the one that is there asks, and is answered."""
    visitor.expects(NOISE)
    trouble(proxy, kind, "/notice.json")
    visitor.open_other(f"{shop}/lt")
    expect(visitor.banner.locator("#consent-reject-all")).to_have_text("Reject all")
    visitor.refuse_all()
    assert methods(visitor) == ["refuse_all"]


@pytest.mark.parametrize("kind", [down, answering(503, HTML)], ids=["down", "503"])
def test_without_its_chunk_it_can_be_answered(shopper: Visitor, proxy: Proxy, kind: Trouble) -> None:
    """Where the preferences cannot be had the banner stays and is answered, and they open once they can."""
    trouble(proxy, kind, "/assets/")
    shopper.press("choose")
    shopper.page.wait_for_timeout(100)
    expect(shopper.banner).to_be_visible()
    shopper.refuse_all()
    assert methods(shopper) == ["refuse_all"]
    proxy.trouble = None
    shopper.page.reload()
    shopper.page.get_by_text("Settings").click()
    shopper.preferences.wait_for()
