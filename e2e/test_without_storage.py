"""A browser that keeps nothing, or not everything: a choice holds as long as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.trouble import PAGE, methods, works

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor


@pytest.fixture
def shop(demo: Demo) -> str:
    """Serve a page with one gated script and a button of its own; return its path."""
    return demo.pages.put("/without-storage", PAGE.format(language="en", tag=demo.tag))


@pytest.mark.parametrize("how", ["blocked", "full"])
def test_without_storage_a_choice_holds_too(visitor: Visitor, shop: str, how: str) -> None:
    """Where localStorage is blocked or full, a choice holds, is recorded once, and is not asked again."""
    if how == "blocked":
        visitor.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked') } })"
        )
    visitor.open_other(shop)
    if how == "full":
        visitor.page.evaluate(
            """() => {
              for (let size = 6e6; size >= 1; size /= 2)
                try { localStorage.setItem(`full${size}`, "x".repeat(size)) } catch {}
            }"""
        )
    visitor.press("accept-all")
    expect(visitor.page).to_have_title("counted")
    visitor.until(lambda: methods(visitor) == ["accept_all"], "the receipt")
    visitor.page.reload()
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)
    visitor.page.wait_for_timeout(200)
    assert methods(visitor) == ["accept_all"]


def test_without_cookies_a_choice_holds_for_the_page(visitor: Visitor, shop: str) -> None:
    """Where cookies are switched off, a choice holds in this page and is recorded; the next one asks."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Emulation.setDocumentCookieDisabled", {"disabled": True})
    visitor.open_other(shop)
    visitor.press("accept-all")
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)
    visitor.until(lambda: methods(visitor) == ["accept_all"], "the receipt")
    visitor.page.reload()
    visitor.banner.wait_for()
    assert visitor.page.title() == "quiet"


def test_in_a_sandbox_it_still_asks(visitor: Visitor, demo: Demo, shop: str) -> None:
    """In a sandbox, where cookies and storage throw, the page works, asks, and does what is chosen."""
    visitor.expects("403|sandboxed|blocked by CORS policy|ERR_FAILED")
    html, _ = demo.pages.by_path[shop]
    visitor.open_other(demo.pages.put("/sandbox", html, "sandbox allow-scripts"))
    visitor.banner.wait_for()
    assert works(visitor.page)
    assert visitor.page.title() == "quiet"
    visitor.press("accept-all")
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)
