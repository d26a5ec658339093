"""Decisions reach the server once each, whatever happens on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Route

    from e2e.demo import Demo
    from e2e.visitor import Visitor

RECEIPTS = "**/v1/*/receipts"


def fail(route: Route) -> None:
    """Answer as a server that is overwhelmed."""
    route.fulfill(status=500, headers={"Access-Control-Allow-Origin": "*"}, body="")


def lose(route: Route) -> None:
    """Let the server record the decision, and lose its answer."""
    route.fetch()
    fail(route)


@pytest.mark.parametrize("trouble", [fail, lose])
def test_a_decision_is_delivered_exactly_once(visitor: Visitor, trouble: Callable[[Route], None]) -> None:
    """A decision counts at once, waits while the server fails, and arrives once, even if it had before."""
    visitor.expects("Failed to load resource: .* 500")
    visitor.context.route(RECEIPTS, trouble)
    visitor.open()
    visitor.press("accept-all")
    visitor.until(lambda: visitor.analytics_runs() == 1, "the statistics")
    visitor.until(lambda: visitor.complaints, "the failed request")
    assert [body["method"] for body in visitor.pending()] == ["accept_all"]
    visitor.context.unroute_all(behavior="ignoreErrors")  # a repeat may be on its way
    for _ in range(2):
        visitor.page.reload()
        visitor.until(lambda: visitor.receipt_id() and not visitor.pending(), "the delivery")
    assert [receipt["method"] for receipt in visitor.receipts()] == ["accept_all"]


def test_what_waits_keeps_its_order(visitor: Visitor) -> None:
    """Decisions made while the server fails arrive in their order, each naming the one before."""
    visitor.expects("Failed to load resource: .* 500")
    visitor.context.route(RECEIPTS, fail)
    visitor.open()
    visitor.press("accept-all")
    expect(visitor.banner).to_have_count(0)
    visitor.open_settings()
    visitor.press("reject-all", "consent-preferences")
    assert [body["method"] for body in visitor.pending()] == ["accept_all", "refuse_all"]
    visitor.context.unroute_all(behavior="ignoreErrors")  # a repeat may be on its way
    visitor.page.reload()
    visitor.until(lambda: visitor.receipt_id() and not visitor.pending(), "the delivery")
    first, second = visitor.receipts()
    assert (first["method"], second["method"]) == ("accept_all", "refuse_all")
    assert second["previous"]["id"] == first["id"]


def test_two_tabs_agree(visitor: Visitor) -> None:
    """A choice made in one tab holds in another without a reload, and is one receipt."""
    visitor.open()
    other = visitor.new_tab()
    other.goto(visitor.demo.website)
    other.locator("consent-banner").wait_for()
    visitor.accept_all()
    expect(other.locator("consent-banner")).to_have_count(0)
    visitor.until(lambda: other.evaluate("window.__analyticsRuns") == 1, "the other tab's statistics")
    assert len(visitor.receipts()) == 1


def test_a_tag_pasted_twice_is_one_widget(visitor: Visitor, demo: Demo) -> None:
    """A page that pasted the tag twice shows one banner and sends one decision a click."""
    visitor.open_other(demo.pages.put("/twice", f"<title>Twice</title>{demo.tag}{demo.tag}"))
    visitor.banner.first.wait_for()
    expect(visitor.banner).to_have_count(1)
    visitor.accept_all()
    visitor.page.wait_for_timeout(100)
    assert len(visitor.posts()) == len(visitor.receipts()) == 1


def test_an_outdated_notice_is_asked_anew(visit: Callable[[Demo], Visitor], own_demo: Demo) -> None:
    """A decision on a notice that the server no longer takes is asked again with the present one."""
    refusal = {"type": "about:blank", "title": "", "status": 409, "detail": "", "code": "notice_outdated"}

    def refuse(route: Route) -> None:
        route.fulfill(
            status=409,
            content_type="application/problem+json",
            headers={"Access-Control-Allow-Origin": "*"},
            body=json.dumps(refusal),
        )

    visitor = visit(own_demo)
    visitor.expects("Failed to load resource: .* 409")
    visitor.open()
    title = 'title.en = "Statistics"'
    fresh = own_demo.edit(title, 'title.en = "Visitor statistics"')
    visitor.context.route(RECEIPTS, refuse, times=1)
    visitor.press("accept-all")
    expect(visitor.banner.locator("p")).to_contain_text("Visitor statistics")
    assert "consent" not in visitor.cookies()
    assert visitor.page.evaluate("consent.choices") == {"functional": False, "analytics": False}
    visitor.refuse_all()
    [receipt] = visitor.receipts()
    assert receipt["notice"]["sha256"] == fresh["sha256"]
