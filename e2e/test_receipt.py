"""The visitor's receipt in the preferences: what it says, that it is signed, and how to take it along."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from e2e.visitor import Visitor

IN_WORDS = "time => new Date(time).toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' })"


@pytest.fixture
def holder(visitor: Visitor) -> Visitor:
    """Bring a visitor who allowed the statistics alone and has the receipt."""
    visitor.open()
    visitor.choose()
    visitor.save(analytics=True, functional=False)
    return visitor


def section(visitor: Visitor) -> Locator:
    """Return the receipt's part of the preferences."""
    return visitor.preferences.locator("section").last


def payload(visitor: Visitor) -> dict[str, Any]:
    """Return what the receipt says, verified."""
    return visitor.demo.auditor.verify(visitor.receipt()["receipt"])


def taken(visitor: Visitor, link: str) -> bytes:
    """Follow a link of the receipt and return the file that comes."""
    with visitor.page.expect_download() as download:
        section(visitor).get_by_role("link", name=link).click()
    path: Path = download.value.path()
    return path.read_bytes()


def tamper(visitor: Visitor, *, before: str, after: str) -> None:
    """Change the stored copy of the receipt."""
    stored = visitor.stored()["consent.receipt"]
    assert before in stored
    visitor.page.evaluate(
        "text => localStorage.setItem('consent.receipt', text)", stored.replace(before, after)
    )


def test_the_receipt_is_shown_in_plain_words(holder: Visitor) -> None:
    """Number, time and every choice are those of the signed receipt."""
    holder.open_settings()
    facts = section(holder).locator("dl")
    signed = payload(holder)
    expect(facts).to_contain_text(signed["id"])
    assert section(holder).locator("dd > div").all_inner_texts() == [
        "Personal content: refused",
        "Statistics: allowed",
    ]
    shown = holder.page.evaluate(
        "time => new Date(time).toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' })",
        signed["time"],
    )
    expect(facts).to_contain_text(shown)


def test_its_signature_is_checked_against_the_published_keys(holder: Visitor) -> None:
    """The browser itself verifies the receipt, and says so."""
    holder.open_settings()
    expect(section(holder).get_by_role("status")).to_have_text("Signature verified")
    assert any(request.url.endswith("/.well-known/jwks.json") for request in holder.requests)


@pytest.mark.parametrize(
    ("before", "after"), [('"receipt":"ey', '"receipt":"e3'), ('"receipt":"', '"receipt":"nonsense')]
)
def test_a_changed_receipt_is_called_wrong(holder: Visitor, before: str, after: str) -> None:
    """A copy that was changed on this device is not passed off as a receipt."""
    tamper(holder, before=before, after=after)
    holder.open_settings()
    expect(section(holder).get_by_role("status")).to_contain_text("The signature does not match")


def test_a_signature_over_something_else_is_called_wrong(holder: Visitor) -> None:
    """The signature of one receipt does not pass for another's content."""
    first = holder.receipt()["receipt"]
    holder.open_settings()
    holder.save(analytics=False)
    second = holder.receipt()["receipt"]
    mixed = ".".join([*second.split(".")[:2], first.split(".")[2]])
    tamper(holder, before=second, after=mixed)
    holder.page.reload()
    holder.open_settings()
    expect(section(holder).get_by_role("status")).to_contain_text("The signature does not match")


def test_without_the_keys_nothing_is_claimed(holder: Visitor) -> None:
    """Where the keys cannot be had, the receipt is shown and called unchecked, not verified or wrong."""
    holder.expects("net::ERR_FAILED")
    holder.page.route("**/.well-known/jwks.json", lambda route: route.abort())
    holder.open_settings()
    expect(section(holder).get_by_role("status")).to_have_text("The signature could not be checked now")
    expect(section(holder)).to_contain_text(payload(holder)["id"])


def test_it_can_be_taken_along_signed(holder: Visitor) -> None:
    """The first file is the receipt, byte for byte as it was signed."""
    holder.open_settings()
    assert taken(holder, "JWS").decode() == holder.receipt()["receipt"]


def test_it_can_be_taken_along_readable(holder: Visitor) -> None:
    """The second file is what the receipt says, as JSON over several lines."""
    holder.open_settings()
    readable = taken(holder, "JSON").decode()
    assert json.loads(readable) == payload(holder)
    assert readable.count("\n") > 10


def test_before_any_choice_there_is_none(visitor: Visitor) -> None:
    """Who has not decided is told that there is no receipt, and can withdraw nothing."""
    visitor.open()
    visitor.choose()
    expect(section(visitor)).to_contain_text("there is no receipt")
    assert visitor.preferences.locator("#consent-withdraw").count() == 0


def test_a_choice_on_its_way_has_no_receipt_yet(visitor: Visitor) -> None:
    """While the server cannot be reached, the choice holds, and no old receipt is shown for it."""
    visitor.expects("net::ERR_FAILED")
    visitor.open()
    visitor.page.route("**/receipts", lambda route: route.abort())
    visitor.press("accept-all")
    visitor.until(visitor.analytics_runs, "the statistics")
    visitor.open_settings()
    expect(section(visitor)).to_contain_text("follows as soon as the server can be reached")
    assert section(visitor).get_by_role("link").count() == 0
