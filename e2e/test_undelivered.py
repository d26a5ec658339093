"""A choice that the server does not take holds at once, waits, and is recorded once."""

from __future__ import annotations

from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.proxy import HTML, answering, down, lost, refusing, slow
from e2e.trouble import delivered, methods, trouble

if TYPE_CHECKING:
    from e2e.proxy import Proxy, Trouble
    from e2e.visitor import Visitor

RECEIPT_TROUBLES: dict[str, Trouble] = {
    "down": down,
    "its answer lost": lost,
    "busy": refusing(429, "rate_limited"),
    "broken": answering(500),
    "unavailable": answering(503, HTML),
    "captive portal": answering(200, HTML, open_=False),
    "HTML": answering(200, HTML),
    "cut short": answering(201, '{"id":"0199', kind="application/json"),
    "another's JSON": answering(200, '{"ok":true}', kind="application/json"),
    "null": answering(200, "null", kind="application/json"),
    "a firewall's refusal": answering(403, HTML),
    "a host that moved": answering(404, HTML),
}


@pytest.mark.parametrize("kind", RECEIPT_TROUBLES.values(), ids=RECEIPT_TROUBLES.keys())
def test_a_choice_holds_and_is_delivered_later_once(shopper: Visitor, proxy: Proxy, kind: Trouble) -> None:
    """A choice that the server cannot take holds at once, waits, and arrives once, though tabs compete."""
    trouble(proxy, kind, "/receipts")
    with shopper.page.expect_request("**/receipts"):
        shopper.press("accept-all")
    expect(shopper.page).to_have_title("counted", timeout=1000)
    expect(shopper.banner).to_have_count(0)
    shopper.page.wait_for_timeout(100)  # for the trouble to arrive
    assert [body["method"] for body in shopper.pending()] == ["accept_all"]
    proxy.trouble = None
    other = shopper.new_tab()
    other.goto(shopper.page.url)
    shopper.page.reload()
    for tab in (shopper.page, other):
        expect(tab).to_have_title("counted")
    delivered(shopper)
    assert methods(shopper) == ["accept_all"]


def test_a_slow_server_delays_no_choice(shopper: Visitor, proxy: Proxy) -> None:
    """A choice holds while its receipt is on its way, and a page that leaves meanwhile loses nothing."""
    trouble(proxy, slow(1), "/receipts")
    shopper.press("accept-all")
    expect(shopper.page).to_have_title("counted", timeout=900)
    assert shopper.receipt_id() is None
    shopper.page.reload()
    delivered(shopper)
    assert methods(shopper) == ["accept_all"]


@pytest.mark.parametrize(
    ("again", "waits", "tries"),
    [("", 3, 60), ("30", 20, 40), ("a date", 30, 400), ("99999999", 500, 700)],
    ids=["unsaid", "seconds", "a date", "years"],
)
def test_who_is_told_to_wait_waits(
    shopper: Visitor, proxy: Proxy, again: str, waits: int, tries: int
) -> None:
    """The next attempt comes when the server said, within ten minutes, and without a new page."""
    shopper.page.clock.install()
    shopper.page.reload()
    shopper.banner.wait_for()
    shopper.page.clock.run_for(2_000)  # the page has settled: what was pending before would have left
    when = formatdate(time() + 300, usegmt=True) if again == "a date" else again
    trouble(proxy, refusing(429, "rate_limited", when), "/receipts")
    shopper.press("reject-all")
    shopper.until(lambda: any("429" in said for said in shopper.complaints), "the refusal")
    proxy.trouble = None
    shopper.until(lambda: any("/assets/" in asked for asked in proxy.passed), "the chunk")
    proxy.passed.clear()
    shopper.page.wait_for_timeout(300)  # for it to begin
    shopper.page.clock.run_for(waits * 1000)
    shopper.page.wait_for_timeout(100)
    assert not any("receipts" in asked for asked in proxy.passed)
    shopper.page.clock.run_for((tries - waits) * 1000)
    delivered(shopper)
    assert methods(shopper) == ["refuse_all"]


def test_back_online_it_delivers_at_once(shopper: Visitor) -> None:
    """What was decided without a network is delivered as soon as there is one."""
    shopper.page.wait_for_timeout(2_000)  # the page has settled: nothing else would look for what is pending
    shopper.context.set_offline(True)
    shopper.press("reject-all")
    expect(shopper.banner).to_have_count(0)
    shopper.page.wait_for_timeout(200)
    assert len(shopper.pending()) == 1
    shopper.context.set_offline(False)
    delivered(shopper)
    assert methods(shopper) == ["refuse_all"]


def test_a_page_that_leaves_with_the_click_loses_nothing(shopper: Visitor) -> None:
    """A decision whose page unloads in the same moment reaches the server, without any page of ours left."""
    shopper.page.evaluate("addEventListener('click', () => location.assign('/nothing'))")
    shopper.press("accept-all")
    shopper.page.wait_for_url("**/nothing")
    shopper.until(lambda: methods(shopper) == ["accept_all"], "the receipt")
    shopper.page.go_back()
    delivered(shopper)
    assert methods(shopper) == ["accept_all"]


def test_a_click_is_over_before_its_receipt_is_sent(shopper: Visitor) -> None:
    """What a click grants runs first: at its end the decision is kept, and posted only afterwards."""
    shopper.context.add_init_script(
        "const { fetch } = window; window.posts = 0; window.fetch = (...of) => (posts++, fetch(...of))"
    )
    shopper.page.reload()
    shopper.page.evaluate(
        """addEventListener("click", () => {
          window.then = [document.title, posts, localStorage["consent.pending"]];
        })"""
    )
    shopper.press("accept-all")
    title, posts, pending = shopper.page.evaluate("then")
    assert (title, posts) == ("counted", 0)
    assert '"accept_all"' in pending
    delivered(shopper)
    assert shopper.page.evaluate("posts") == 1


def test_a_page_that_leaves_waits_for_no_time(shopper: Visitor) -> None:
    """Where a page leaves before its timers come, what was decided on it reaches the server all the same."""
    shopper.page.clock.install()
    shopper.page.reload()
    shopper.banner.wait_for()
    shopper.page.clock.pause_at(time() + 1)
    shopper.press("reject-all")
    shopper.page.goto("about:blank")
    shopper.until(lambda: methods(shopper) == ["refuse_all"], "the receipt")


def test_a_change_of_mind_that_leaves_with_the_click_is_kept(shopper: Visitor) -> None:
    """A later decision names the one before: if its page unloads, the next page delivers it."""
    shopper.refuse_all()
    shopper.page.evaluate("void (consent.acceptAll(), location.assign('/nothing'))")
    shopper.page.wait_for_url("**/nothing")
    shopper.page.go_back()
    expect(shopper.page).to_have_title("counted")
    delivered(shopper)
    first, second = shopper.receipts()
    assert second["previous"]["id"] == first["id"]


def test_tabs_that_decide_without_a_server_agree(shopper: Visitor, proxy: Proxy) -> None:
    """The last word counts in every tab, and each word is one receipt, in order, whichever tab delivers."""
    other = shopper.new_tab()
    other.goto(shopper.page.url)
    trouble(proxy, down, "/receipts")
    shopper.press("accept-all")
    expect(other).to_have_title("counted")
    other.wait_for_timeout(1000 - int(other.evaluate("Date.now() % 1000")))  # a cookie's time is in seconds
    other.evaluate("consent.refuseAll()")
    shopper.until(lambda: not shopper.page.evaluate("consent.granted('analytics')"), "the other's word")
    assert [body["choices"]["analytics"] for body in shopper.pending()] == [True, False]
    proxy.trouble = None
    for tab in (shopper.page, other):
        tab.reload()
    delivered(shopper)
    first, second = shopper.receipts()
    assert (first["method"], second["state"]) == ("accept_all", "refused")
    assert second["previous"]["id"] == first["id"]


def test_an_outdated_notice_grants_nothing_meanwhile(shopper: Visitor, proxy: Proxy) -> None:
    """Where a notice is outdated and the present one cannot be had, the next page asks, and runs nothing."""
    shopper.page.wait_for_load_state("networkidle")
    trouble(proxy, refusing(409, "notice_outdated"), "/v1/bacloud/")
    shopper.press("accept-all")
    shopper.until(lambda: "consent" not in shopper.cookies() and not shopper.pending(), "the refusal")
    proxy.trouble = None
    shopper.page.reload()
    shopper.banner.wait_for()
    assert shopper.page.title() == "quiet"
    assert shopper.receipts() == []
