"""What waits for a choice: scripts in their order, frames once or for good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

SCRIPT = '<script type="text/plain" data-consent="analytics"{more}>{text}</script>'
EXTERNAL = SCRIPT.format(more=' src="data:text/javascript,order.push({number})"', text="")
INLINE = SCRIPT.format(more="", text="order.push({number})")
ORDER = "<script>const order = []</script>" + "".join(
    kind.format(number=number)
    for number, kind in enumerate((EXTERNAL, EXTERNAL, INLINE, EXTERNAL, INLINE, INLINE))
)


@pytest.fixture
def ordered(demo: Demo) -> str:
    """Serve a page whose marked scripts note their order; return its path."""
    return demo.pages.put(
        "/ordered", f"<!doctype html><html lang='en'><title>Order</title>{demo.tag}{ORDER}</html>"
    )


def test_scripts_keep_their_order(visitor: Visitor, ordered: str) -> None:
    """Released scripts run once each, in the document's order, inline ones after those before them."""
    visitor.open_other(ordered)
    visitor.press("accept-all")
    visitor.until(lambda: visitor.page.evaluate("order.length") >= 6, "all six")
    assert visitor.page.evaluate("order") == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("how", ["appended", "innerHTML"])
def test_late_scripts_run_too(visitor: Visitor, ordered: str, how: str) -> None:
    """A marked script that comes after the choice runs at once, however it came, and runs once."""
    visitor.open_other(ordered)
    visitor.press("accept-all")
    visitor.until(lambda: visitor.page.evaluate("order.length") >= 6, "all six")
    visitor.page.evaluate(
        """([how, html]) => {
          const place = document.body.appendChild(document.createElement("div"));
          if (how === "innerHTML") place.innerHTML = html;
          else place.append(document.createRange().createContextualFragment(html));
        }""",
        [how, INLINE.format(number=6)],
    )
    visitor.until(lambda: visitor.page.evaluate("order.length") >= 7, "the late one")
    visitor.page.wait_for_timeout(100)
    assert visitor.page.evaluate("order") == [0, 1, 2, 3, 4, 5, 6]


def test_a_film_can_be_seen_once(visitor: Visitor) -> None:
    """Allowing a frame once shows it, decides nothing, stores nothing, and holds for this page alone."""
    visitor.open()
    once = visitor.page.locator("consent-frame").get_by_role("button", name=re.compile("once"))
    once.click()
    visitor.until(visitor.film_plays, "the film")
    expect(visitor.page.locator("consent-frame")).to_have_count(0)
    expect(visitor.banner).to_be_visible()
    assert visitor.posts() == []
    assert "consent" not in visitor.cookies()
    visitor.page.reload()
    expect(once).to_be_visible()
    assert not visitor.film_plays()


def test_a_withdrawn_film_goes(visitor: Visitor) -> None:
    """A frame that was allowed is emptied and covered again when the choice is taken back."""
    visitor.open()
    visitor.allow_film()
    visitor.until(visitor.film_plays, "the film")
    visitor.open_settings()
    visitor.withdraw()
    visitor.page.locator("consent-preferences #consent-done").click()
    expect(visitor.page.locator("consent-frame")).to_be_visible()
    visitor.until(lambda: not visitor.film_plays(), "the film to end")
