"""What was shown, drawn again: it looks as it did, and nothing in it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

SENDS_NOTHING = (r"Content Security Policy", r"sandboxed", r"favicon")


def go(visitor: Visitor, envelope: dict[str, Any], home: str) -> None:
    """Open the page of a notice as a receipt names it, with its build."""
    visitor.page.goto(f"{home}/notices/{envelope['sha256']}?widget={envelope['widget']}")


@pytest.mark.parametrize("language", ["en", "lt"])
def test_the_banner_is_drawn_with_the_words_of_the_notice(
    visitor: Visitor, demo: Demo, language: str
) -> None:
    """Texts and both buttons stand there, in any language, and the strict policy is kept."""
    envelope = demo.notice(language)
    texts = envelope["notice"]["texts"]
    go(visitor, envelope, demo.home)
    expect(visitor.banner).to_be_visible()
    expect(visitor.banner.locator("h2")).to_have_text(texts["banner_title"])
    expect(visitor.banner.locator("p")).to_have_text(texts["banner_text"])
    expect(visitor.banner.locator("#consent-reject-all")).to_have_text(texts["refuse_all"])
    assert visitor.complaints == []


def test_the_preferences_open_from_the_stored_chunk(visitor: Visitor, demo: Demo) -> None:
    """From the banner and from the page, with a table for each category."""
    envelope = demo.notice()
    go(visitor, envelope, demo.home)
    visitor.choose()
    expect(visitor.preferences.locator("section")).to_have_count(len(envelope["notice"]["categories"]) + 1)
    visitor.press("close", "consent-preferences")
    visitor.page.locator("[data-consent-open]").click()
    expect(visitor.preferences).to_be_visible()
    assert visitor.complaints == []


@pytest.mark.parametrize("button", ["accept-all", "reject-all"])
def test_a_click_leaves_nothing_behind(visitor: Visitor, demo: Demo, button: str) -> None:
    """No receipt, no request, no cookie, nothing stored; reloaded, the banner asks again."""
    for complaint in SENDS_NOTHING:
        visitor.expects(complaint)
    before = demo.auditor.receipts()
    envelope = demo.notice()
    go(visitor, envelope, demo.home)
    visitor.press(button)
    expect(visitor.banner).to_have_count(0)
    visitor.page.wait_for_timeout(300)
    assert visitor.cookies() == {}
    assert demo.auditor.receipts() == before
    visitor.page.goto(f"{demo.home}/cookies")
    assert visitor.stored() == {}
    go(visitor, envelope, demo.home)
    expect(visitor.banner).to_be_visible()


def test_a_visitors_own_choice_is_not_touched(visitor: Visitor, demo: Demo) -> None:
    """On a website that shares its host with the server, what the visitor chose there stays as it was."""
    for complaint in SENDS_NOTHING:
        visitor.expects(complaint)
    visitor.open()
    visitor.refuse_all()
    before = visitor.cookies()
    go(visitor, demo.notice(), demo.home)
    expect(visitor.banner).to_be_visible()
    visitor.press("accept-all")
    expect(visitor.banner).to_have_count(0)
    assert visitor.cookies() == before
    assert [receipt["state"] for receipt in visitor.receipts()] == ["refused"]


def test_without_javascript_every_text_stands_there(visit: Any, demo: Demo) -> None:
    """The words of the notice and its tables need no script."""
    visitor = visit(demo, script=False)
    envelope = demo.notice()
    go(visitor, envelope, demo.home)
    expect(visitor.banner).to_have_count(0)
    for text in envelope["notice"]["texts"].values():
        expect(visitor.page.get_by_text(text, exact=True).first).to_be_visible()
