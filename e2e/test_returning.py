"""What a visit costs: one request to be asked, and next to nothing ever after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

GATED = '<script type="text/plain" data-consent="analytics">document.title = "counted"</script>'
COUNT = """
window.built = [];
const DOORS = [[Document, "createElement"], [Element, "attachShadow"], [CSSStyleSheet, "replaceSync"]];
for (const [{ prototype }, name] of DOORS) {
  const own = prototype[name];
  prototype[name] = function (...words) {
    window.built.push(name);
    return own.apply(this, words);
  };
}
"""


@pytest.fixture
def plain(demo: Demo) -> str:
    """Serve a page with the tag and one marked script; return its path."""
    html = f"<!doctype html><html lang='en'><title>quiet</title>{demo.tag}{GATED}</html>"
    return demo.pages.put("/plain", html)


def asked_of_the_server(visitor: Visitor) -> list[str]:
    """Return what was asked of the consent server, without its address."""
    server = visitor.demo.home
    return [request.url.replace(server, "") for request in visitor.requests if "/v1/" in request.url]


def test_the_banner_takes_one_request(visitor: Visitor, plain: str) -> None:
    """Being asked costs the script alone; the rest comes when somebody opens the preferences."""
    visitor.open_other(plain)
    visitor.banner.wait_for()
    visitor.page.wait_for_timeout(300)
    assert asked_of_the_server(visitor) == ["/consent.js"]
    visitor.choose()
    rest = asked_of_the_server(visitor)[1:]
    assert len(rest) == 2
    assert any("/assets/" in url for url in rest)
    assert f"/notices/{visitor.demo.notice()['sha256']}.json" in rest


@pytest.mark.parametrize("button", ["accept-all", "reject-all"])
def test_a_returning_visitor_runs_no_interface(visitor: Visitor, plain: str, button: str) -> None:
    """Whoever has chosen is served by the script alone, which builds no element, frame or style sheet."""
    visitor.context.add_init_script(COUNT)
    visitor.open_other(plain)
    visitor.press(button)
    assert "attachShadow" in visitor.page.evaluate("built")
    visitor.until(lambda: visitor.receipt_id() and not visitor.pending(), "the receipt")
    visitor.requests.clear()
    visitor.open_other(plain)
    expect(visitor.page).to_have_title("counted" if button == "accept-all" else "quiet")
    visitor.page.wait_for_timeout(2000)  # longer than anything waits that is done later
    assert visitor.page.evaluate("built") == []
    assert set(asked_of_the_server(visitor)) <= {"/consent.js"}
    expect(visitor.banner).to_have_count(0)
