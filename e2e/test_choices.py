"""What a choice does, and that it stays."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.visitor import Visitor

FORM = re.compile(r"1\.[0-9a-f]{8}\.[0-9]+\.(?P<granted>[a-z0-9-]*)(\.[a-z0-9-]+=[01])*")
TYPES = Path(__file__).parent.parent / "widget/consent.d.ts"
STATISTICS = {"__utma", "__utmb", "__utmc", "__utmt", "__utmz"}
PERSONAL = {"visitor_id", "visitor_profile"}


def granted(visitor: Visitor) -> str:
    """Return the granted categories as the consent cookie has them."""
    found = FORM.fullmatch(visitor.cookies()["consent"])
    assert found
    return found["granted"]


def test_accepting_runs_everything_once(visitor: Visitor) -> None:
    """Accept all runs each gated script once, inline ones too, and loads the film."""
    visitor.open()
    visitor.accept_all()
    visitor.until(visitor.film_plays, "the film")
    visitor.until(lambda: set(visitor.cookies()) >= STATISTICS | PERSONAL, "the gated scripts' cookies")
    assert visitor.analytics_runs() == 1
    expect(visitor.banner).to_have_count(0)


def test_the_consent_cookie_has_its_fixed_form(visitor: Visitor) -> None:
    """The consent cookie holds version, revision, time and grants, for six months and this host alone."""
    visitor.open()
    visitor.accept_all()
    assert granted(visitor) == "functional-analytics"
    [cookie] = [found for found in visitor.context.cookies() if found["name"] == "consent"]
    _, revision, moment, _ = cookie["value"].split(".")
    assert visitor.demo.notice()["revision"].startswith(revision)
    assert abs(int(moment) - time.time()) < 60
    assert (cookie["path"], cookie["sameSite"], cookie["domain"]) == ("/", "Lax", "localhost")
    assert abs(cookie["expires"] - time.time() - visitor.demo.notice()["notice"]["ask_again_after"]) < 60


def test_the_receipt_verifies_and_reaches_the_auditor(visitor: Visitor) -> None:
    """The visitor's receipt verifies under the published keys and is the one that the auditor has."""
    visitor.open()
    visitor.accept_all()
    payload = visitor.demo.auditor.verify(visitor.receipt()["receipt"])
    assert (payload["state"], payload["method"]) == ("given", "accept_all")
    assert payload["choices"] == {"functional": True, "analytics": True}
    assert payload["notice"]["sha256"] == visitor.demo.notice()["sha256"]
    assert payload["widget"]["sha256"] == visitor.demo.notice()["widget"]
    assert visitor.receipts() == [payload]


def test_refusing_runs_nothing(visitor: Visitor) -> None:
    """Reject all stores and runs nothing optional, and its receipt says refused."""
    visitor.open()
    visitor.refuse_all()
    visitor.page.wait_for_timeout(200)
    assert granted(visitor) == ""
    assert not (STATISTICS | PERSONAL) & set(visitor.cookies())
    assert visitor.analytics_runs() == 0
    assert not visitor.film_plays()
    assert [receipt["state"] for receipt in visitor.receipts()] == ["refused"]


def test_a_refusal_is_not_asked_again(visitor: Visitor) -> None:
    """A refusal survives a reload and the visitor is left in peace."""
    visitor.open()
    visitor.refuse_all()
    visitor.page.reload()
    visitor.page.locator("consent-frame").wait_for()  # shown after the banner would be
    expect(visitor.banner).to_have_count(0)
    assert visitor.analytics_runs() == 0
    assert len(visitor.receipts()) == 1


def test_a_part_can_be_chosen(visitor: Visitor) -> None:
    """Statistics alone, chosen in the preferences, run; the film does not; both hold after a reload."""
    visitor.open()
    visitor.choose()
    visitor.save(analytics=True, functional=False)
    for _ in range(2):
        visitor.until(lambda: visitor.analytics_runs() == 1, "the statistics")
        visitor.page.locator("consent-frame").wait_for()
        assert not visitor.film_plays()
        assert granted(visitor) == "analytics"
        assert not PERSONAL & set(visitor.cookies())
        visitor.page.reload()
    [receipt] = visitor.receipts()
    assert (receipt["state"], receipt["method"]) == ("partial", "save")


def test_every_switch_starts_off(visitor: Visitor) -> None:
    """In the preferences of a first visit no switch is on."""
    visitor.open()
    visitor.choose()
    for category in ("functional", "analytics"):
        expect(visitor.switch(category)).not_to_be_checked()
    assert visitor.switch("necessary").count() == 0


def test_the_placeholder_loads_the_film(visitor: Visitor) -> None:
    """The film's own button grants what the film needs, loads it, and is recorded as embed."""
    visitor.open()
    visitor.refuse_all()
    visitor.allow_film()
    visitor.until(visitor.film_plays, "the film")
    assert granted(visitor) == "functional"
    assert visitor.analytics_runs() == 0
    assert [receipt["method"] for receipt in visitor.receipts()] == ["refuse_all", "embed"]


def test_a_choice_follows_to_every_page(visitor: Visitor) -> None:
    """A choice holds on the next page and after a reload, and each page runs the statistics once."""
    visitor.open()
    visitor.accept_all()
    for go in (visitor.page.reload, lambda: visitor.open("/privacy"), visitor.page.go_back):
        go()
        visitor.until(lambda: visitor.analytics_runs() > 0, "the statistics")
        visitor.page.wait_for_timeout(150)
        assert visitor.analytics_runs() == 1
        expect(visitor.banner).to_have_count(0)
    assert len(visitor.receipts()) == 1


def test_settings_show_the_present_choice(visitor: Visitor) -> None:
    """“Cookie settings” reopens the preferences with the switches as they were chosen."""
    visitor.open()
    visitor.choose()
    visitor.save(analytics=True)
    visitor.open_settings()
    expect(visitor.switch("analytics")).to_be_checked()
    expect(visitor.switch("functional")).not_to_be_checked()


def test_escape_changes_nothing(visitor: Visitor) -> None:
    """Escape closes the preferences without a change and gives the focus back to the link."""
    visitor.open()
    visitor.refuse_all()
    before = visitor.cookies()["consent"]
    visitor.settings_link.focus()
    visitor.page.keyboard.press("Enter")
    visitor.preferences.wait_for()
    visitor.switch("analytics").set_checked(True)
    visitor.page.keyboard.press("Escape")
    expect(visitor.preferences).to_have_count(0)
    expect(visitor.settings_link).to_be_focused()
    assert visitor.cookies()["consent"] == before
    assert len(visitor.receipts()) == 1


def test_a_narrower_choice_deletes_what_it_refuses(visitor: Visitor) -> None:
    """Switching statistics off deletes their cookies and leaves those that are still granted."""
    visitor.open()
    visitor.accept_all()
    visitor.until(lambda: set(visitor.cookies()) >= STATISTICS | PERSONAL, "the gated scripts' cookies")
    visitor.open_settings()
    visitor.save(analytics=False)
    visitor.until(lambda: not STATISTICS & set(visitor.cookies()), "the statistics' cookies to go")
    assert set(visitor.cookies()) >= PERSONAL
    assert visitor.film_plays()


def test_a_click_by_script_is_no_visitors(visitor: Visitor) -> None:
    """A click that a script makes works, and its receipt says api."""
    visitor.open()
    visitor.banner.wait_for()
    visitor.page.evaluate("document.querySelector('#consent-accept-all').click()")
    visitor.until(visitor.receipt_id, "a receipt")
    assert [receipt["method"] for receipt in visitor.receipts()] == ["api"]


def test_pages_can_call_the_widget(visitor: Visitor) -> None:
    """A page's own code can ask, be told of a change, and decide, which its receipt calls api."""
    visitor.open()
    visitor.banner.wait_for()
    visitor.page.evaluate(
        """() => {
          window.told = [];
          document.addEventListener("consent:change", ({ detail }) => told.push(detail.choices));
        }"""
    )
    assert visitor.page.evaluate("consent.granted('google-analytics')") is False
    visitor.page.evaluate("consent.save({ analytics: true })")
    visitor.until(visitor.receipt_id, "a receipt")
    assert visitor.page.evaluate("consent.granted('google-analytics')") is True
    assert visitor.page.evaluate("told") == [{"functional": False, "analytics": True}]
    assert [receipt["method"] for receipt in visitor.receipts()] == ["api"]


def test_pages_have_all_that_the_types_promise(visitor: Visitor) -> None:
    """`window.consent` has exactly the members of the shipped types, and cannot be changed."""
    visitor.open()
    visitor.banner.wait_for()
    declared = (
        TYPES.read_text(encoding="utf-8").partition("export interface Consent {")[2].partition("\n}")[0]
    )
    members = re.findall(r"(?m)^  (?:readonly )?(\w+)", declared)
    assert sorted(visitor.page.evaluate("Object.keys(consent)")) == sorted(members)
    assert visitor.page.evaluate("Object.isFrozen(consent)")


def test_pages_are_told_once_each_of_what_happens(visitor: Visitor) -> None:
    """`ready`, `change` and `withdraw` reach callbacks and DOM events alike, until a page stops listening."""
    visitor.page.add_init_script(
        """window.heard = [];
        for (const event of ["ready", "change", "withdraw"])
          document.addEventListener(`consent:${event}`, (told) => heard.push([event, told.detail.method]));"""
    )
    visitor.open()
    visitor.accept_all()
    visitor.page.evaluate(
        "void (window.stopListening = consent.on('withdraw', ({ method }) => heard.push(['on', method])))"
    )
    visitor.page.evaluate("consent.withdraw()")
    visitor.report()
    visitor.page.evaluate("stopListening()")
    visitor.page.evaluate("consent.withdraw()")
    change, withdraw = ["change", "withdraw"], ["withdraw", "withdraw"]
    assert visitor.page.evaluate("heard") == [
        ["ready", None],
        ["change", "accept_all"],
        *(change, withdraw, ["on", "withdraw"]),
        *(change, withdraw),
    ]
