"""A page whose widget comes by a way on which a test makes trouble, and a visitor who has seen its banner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from e2e.demo import Demo
    from e2e.proxy import Trouble
    from e2e.visitor import Visitor

NOISE = r"Failed to (load resource|fetch)|blocked by CORS policy|Unexpected (token|end)|answered \d{3}$"
"""What a browser says of a server in trouble, and what the widget reports."""
PAGE = """<!doctype html>
<html lang="{language}"><title>quiet</title>{tag}
<button onclick="this.textContent = 'Sold'">Buy</button>
<a href="#" data-consent-open>Settings</a>
<script type="text/plain" data-consent="analytics">document.title = "counted"</script></html>"""


@pytest.fixture(scope="module")
def road(demo: Demo) -> Iterator[Proxy]:
    """Give the way to the server that every test of this module goes."""
    with Proxy(demo.server).running() as proxy:
        yield proxy


@pytest.fixture
def proxy(road: Proxy) -> Proxy:
    """Give that way without trouble."""
    road.trouble, road.where = None, ""
    road.passed.clear()
    return road


@pytest.fixture
def shop(demo: Demo, proxy: Proxy) -> str:
    """Serve a page whose widget comes that way; return its path."""
    tag = demo.tag.replace(demo.server, proxy.url)
    demo.pages.put("/nothing", "<!doctype html><title>Nothing</title>")
    demo.pages.put("/shop/lt", PAGE.format(language="lt", tag=tag))
    return demo.pages.put("/shop", PAGE.format(language="en", tag=tag))


@pytest.fixture
def shopper(visitor: Visitor, shop: str) -> Visitor:
    """Bring a visitor who has seen the banner there."""
    visitor.expects(NOISE)
    visitor.open_other(shop)
    visitor.banner.wait_for()
    return visitor


def trouble(proxy: Proxy, kind: Trouble, where: str = "") -> None:
    """Begin this trouble for every path that contains `where`."""
    proxy.where, proxy.trouble = where, kind


def works(page: Page) -> bool:
    """Whether the page's own button does its own work."""
    page.get_by_role("button", name="Buy").click()
    return page.get_by_role("button", name="Sold").is_visible()


def delivered(visitor: Visitor) -> None:
    """Wait until nothing is pending."""
    visitor.until(lambda: visitor.receipt_id() and not visitor.pending(), "the delivery")


def methods(visitor: Visitor) -> list[str]:
    """Return how the auditor's receipts came about, oldest first."""
    return [receipt["method"] for receipt in visitor.receipts()]
