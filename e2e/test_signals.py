"""What other companies' tags and the browser itself are told, and tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from consent_server.catalog.files import read_catalogs
from consent_server.cli.tag import csp_hash, default_script
from e2e.stock import stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

    from e2e.demo import Demo
    from e2e.visitor import Visitor

DENIED = dict.fromkeys(
    (
        "ad_storage",
        "ad_user_data",
        "ad_personalization",
        "analytics_storage",
        "functionality_storage",
        "personalization_storage",
    ),
    "denied",
)
FULL = {**dict.fromkeys(DENIED, "granted"), "security_storage": "granted"}
NOTHING = {**DENIED, "security_storage": "granted"}
CALLS = """() => dataLayer.map((entry) =>
  String(entry) === "[object Arguments]" ? [...entry] : entry.event ?? entry)"""
VENDORS = """<script>
  window.uetq = [];
  window.told = { clarity: [], fbq: [] };
  window.clarity = (...words) => told.clarity.push(words);
  window.fbq = (...words) => told.fbq.push(words);
</script>"""
TAGS = """<script type="text/plain" data-consent="analytics">dataLayer.push({ event: "ran" })</script>
<script type="text/plain" data-consent="analytics" src="/gtag/js?id=G-SHOP1"></script>"""


@pytest.fixture(scope="module")
def tagged(own_demo: Demo) -> Demo:
    """Start servers, and pages with the snippet that `catalog tag` prints before any tag."""
    stock(own_demo)
    snippet = default_script(read_catalogs(own_demo.catalog)[0])
    head = "<!doctype html><meta charset=utf-8><title>Tagged</title>"
    own_demo.pages.put("/tagged", f"{head}<script>{snippet}</script>{own_demo.tag}{VENDORS}{TAGS}")
    own_demo.pages.put("/untagged", f"{head}{own_demo.tag}")
    policy = (
        f"default-src 'none'; script-src {own_demo.server} {csp_hash(snippet)}; connect-src {own_demo.server}"
    )
    own_demo.pages.put("/strict", f"{head}<script>{snippet}</script>{own_demo.tag}", policy)
    return own_demo


@pytest.fixture
def shopper(visit: Callable[..., Visitor], tagged: Demo) -> Visitor:
    """Bring a visitor to a page with tags."""
    visitor = visit(tagged)
    visitor.open_other("/tagged")
    visitor.banner.wait_for()
    return visitor


def calls(visitor: Visitor) -> list[Any]:
    """Return what stands in the data layer: calls as lists, events by name."""
    found: list[Any] = visitor.page.evaluate(CALLS)
    return found


def updates(visitor: Visitor) -> list[dict[str, str]]:
    """Return every consent update that Google's tags were told."""
    return [call[2] for call in calls(visitor) if call[:2] == ["consent", "update"]]


def sends_gpc(context: BrowserContext, *, header: bool = True, script: bool = True) -> None:
    """Let the browser send Global Privacy Control, by header, by property, or both."""
    if header:
        context.set_extra_http_headers({"Sec-GPC": "1"})
    if script:
        context.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
        )


def test_google_is_told_no_before_anything_else(shopper: Visitor) -> None:
    """Before a decision there is one default, which denies, and no update."""
    [default] = calls(shopper)
    assert default[:2] == ["consent", "default"]
    assert default[2] == {**NOTHING, "wait_for_update": 500}


@pytest.mark.parametrize(("button", "told"), [("accept-all", FULL), ("reject-all", NOTHING)])
def test_google_is_told_each_decision_once(shopper: Visitor, button: str, told: dict[str, str]) -> None:
    """A decision is exactly one update with all seven keys."""
    shopper.press(button)
    shopper.until(shopper.receipt_id, "a receipt")
    assert updates(shopper) == [told]


def test_google_is_told_of_each_category_alone(shopper: Visitor) -> None:
    """A key is granted by the category that names it, and by no other."""
    shopper.choose()
    shopper.save(analytics=True)
    assert updates(shopper) == [{**NOTHING, "analytics_storage": "granted"}]


def test_google_is_told_no_where_one_service_is_refused(shopper: Visitor) -> None:
    """A key stays denied while a service of its category is refused: nobody knows whose tag asks."""
    shopper.page.evaluate("consent.save({ marketing: true, louder: false })")
    assert updates(shopper) == [NOTHING]


def test_tags_find_the_update_already_said(shopper: Visitor) -> None:
    """At the next page the update comes once, after the default and before any tag runs."""
    shopper.press("accept-all")
    shopper.until(shopper.receipt_id, "a receipt")
    shopper.page.reload()
    shopper.until(lambda: "ran" in calls(shopper), "the tag")
    shopper.until(lambda: "consent_update" in calls(shopper), "the event")
    assert calls(shopper)[1] == ["consent", "update", FULL]
    assert updates(shopper) == [FULL]


def test_a_withdrawal_is_told_too(shopper: Visitor) -> None:
    """Who withdraws takes every key back with one more update."""
    shopper.press("accept-all")
    shopper.page.evaluate("consent.withdraw()")
    shopper.report()
    assert updates(shopper) == [FULL, NOTHING]


def test_microsoft_and_meta_are_told(shopper: Visitor) -> None:
    """UET, Clarity and Meta's pixel hear of each decision in their own words."""
    shopper.press("accept-all")
    shopper.page.evaluate("consent.refuseAll()")
    assert shopper.page.evaluate("uetq") == [
        *("consent", "update", {"ad_storage": "granted"}),
        *("consent", "update", {"ad_storage": "denied"}),
    ]
    assert shopper.page.evaluate("told.clarity") == [
        ["consentv2", {"ad_Storage": "granted", "analytics_Storage": "granted"}],
        ["consentv2", {"ad_Storage": "denied", "analytics_Storage": "denied"}],
    ]
    assert shopper.page.evaluate("told.fbq") == [["consent", "grant"], ["consent", "revoke"]]


def test_google_analytics_is_switched_off(shopper: Visitor) -> None:
    """A tag that has run is switched off by its own switch when it is refused, and on when allowed."""
    shopper.press("accept-all")
    assert shopper.page.evaluate("window['ga-disable-G-SHOP1']") is False
    shopper.page.evaluate("consent.refuseAll()")
    assert shopper.page.evaluate("window['ga-disable-G-SHOP1']") is True


def test_nothing_is_made_for_tags_that_are_not_there(visit: Callable[..., Visitor], tagged: Demo) -> None:
    """A page without other companies' tags gets none of their names."""
    visitor = visit(tagged)
    visitor.open_other("/untagged")
    visitor.accept_all()
    names = ["dataLayer", "gtag", "uetq", "clarity", "fbq"]
    assert visitor.page.evaluate("names => names.filter((name) => name in window)", names) == []


def test_the_snippet_passes_a_strict_policy(visit: Callable[..., Visitor], tagged: Demo) -> None:
    """Under the hash that is printed with it, the snippet runs where no other inline script may."""
    visitor = visit(tagged)
    visitor.open_other("/strict")
    visitor.accept_all()
    assert calls(visitor)[0][:2] == ["consent", "default"]
    assert updates(visitor) == [FULL]


@pytest.mark.parametrize(("header", "script"), [(True, True), (True, False), (False, True)])
def test_the_browsers_signal_stands_in_the_receipt(visitor: Visitor, *, header: bool, script: bool) -> None:
    """Global Privacy Control is recorded, whether it comes as header, as property, or as both."""
    sends_gpc(visitor.context, header=header, script=script)
    visitor.open()
    visitor.refuse_all()
    [receipt] = visitor.receipts()
    assert receipt["signals"] == {"gpc": True}


def test_the_browsers_signal_is_honoured_and_shown(visitor: Visitor) -> None:
    """With Global Privacy Control nothing optional runs unasked, and the preferences say that it counts."""
    sends_gpc(visitor.context)
    visitor.open()
    visitor.choose()
    expect(visitor.preferences).to_contain_text("Global Privacy Control")
    expect(visitor.switch("analytics")).not_to_be_checked()
    assert visitor.analytics_runs() == 0


def test_without_a_signal_nothing_is_said_of_it(visitor: Visitor) -> None:
    """Who sends no signal is told of none, and the receipt says so."""
    visitor.open()
    visitor.choose()
    expect(visitor.preferences).not_to_contain_text("Global Privacy Control")
    visitor.save()
    assert visitor.receipts()[0]["signals"] == {"gpc": False}


def test_the_data_layer_hears_the_choices(shopper: Visitor) -> None:
    """Each decision is one `consent_update` event with categories and services."""
    shopper.page.evaluate("consent.save({ marketing: true, louder: false })")
    events = shopper.page.evaluate("JSON.stringify([...dataLayer].filter((entry) => entry.event))")
    assert json.loads(events) == [
        {
            "event": "consent_update",
            "consent": {"functional": False, "analytics": False, "marketing": True, "louder": False},
        }
    ]
