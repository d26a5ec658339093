"""A remembered choice that was damaged means: ask."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

GATED = '<script type="text/plain" data-consent="analytics">document.title = "counted"</script>'
DAMAGED = {
    "empty": "",
    "version alone": "1",
    "unknown version": "2.{revision}.{now}.analytics",
    "another revision": "1.00000000.{now}.analytics",
    "shortened revision": "1.{revision:.7}.{now}.analytics",
    "no time": "1.{revision}..analytics",
    "time to come": "1.{revision}.{later}.analytics",
    "time long past": "1.{revision}.1500000000.analytics",
    "negative time": "1.{revision}.-1.analytics",
    "unknown category": "1.{revision}.{now}.analytics-marketing",
    "necessary as a category": "1.{revision}.{now}.necessary-analytics",
    "category twice": "1.{revision}.{now}.analytics-analytics",
    "letters changed": "1.{revision}.{now}.Analytics",
    "a service that is not": "1.{revision}.{now}.analytics.nobody=1",
    "a service neither way": "1.{revision}.{now}.analytics.google-analytics=2",
    "more at the end": "1.{revision}.{now}.analytics.",
    "cut short": "1.{revision}.{now}",
    "too long": "1.{revision}.{now}.analytics" + ".google-analytics=1" * 60,
    "encoded": "1.{revision}.{now}.%61nalytics",
}


def remember(visitor: Visitor, value: str, path: str = "/") -> None:
    """Put a consent cookie into the browser; `{revision}`, `{now}` and `{later}` are filled in."""
    now = int(time.time())
    revision = visitor.demo.notice()["revision"][:8]
    filled = value.format(revision=revision, now=now, later=now + 3600)
    visitor.context.add_cookies([{"name": "consent", "value": filled, "domain": "localhost", "path": path}])


def consent_cookies(visitor: Visitor) -> int:
    """Count the browser's consent cookies, of whatever path."""
    return [cookie["name"] for cookie in visitor.context.cookies()].count("consent")


@pytest.fixture
def counting(demo: Demo) -> str:
    """Serve a page with one gated script, which changes the title; return its path."""
    html = f"<!doctype html><html lang='en'><title>quiet</title>{demo.tag}{GATED}</html>"
    return demo.pages.put("/counting/page", html)


@pytest.mark.parametrize("value", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_cookie_means_ask(visitor: Visitor, counting: str, value: str) -> None:
    """A consent cookie that is not exactly ours, current and of this notice, grants nothing and asks."""
    remember(visitor, value)
    visitor.open_other(counting)
    expect(visitor.banner).to_be_visible()
    assert visitor.page.title() == "quiet"


def test_a_sound_cookie_is_believed(visitor: Visitor, counting: str) -> None:
    """A consent cookie in its fixed form is believed, whoever wrote it."""
    remember(visitor, "1.{revision}.{now}.analytics.google-analytics=1")
    visitor.open_other(counting)
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)


def test_two_cookies_that_differ_mean_ask(visitor: Visitor, counting: str) -> None:
    """Two consent cookies that contradict each other grant nothing, until the visitor has chosen anew."""
    remember(visitor, "1.{revision}.{now}.analytics")
    remember(visitor, "1.{revision}.{now}.", path="/counting")
    visitor.open_other(counting)
    expect(visitor.banner).to_be_visible()
    assert visitor.page.title() == "quiet"
    visitor.accept_all()
    visitor.until(lambda: consent_cookies(visitor) == 1, "the cookie of the other path to be gone")
    visitor.page.reload()
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)


@pytest.mark.parametrize("name", ["consent.receipt", "consent.pending"])
@pytest.mark.parametrize("value", ["{", "[]", "7", "null", '{"id":7}', '[{"decision":7},null]'])
def test_damaged_storage_harms_nobody(visitor: Visitor, counting: str, name: str, value: str) -> None:
    """What is damaged in localStorage is ignored: the visitor is asked, and the choice gets its receipt."""
    visitor.open_other(counting)
    visitor.page.evaluate("([name, value]) => localStorage.setItem(name, value)", [name, value])
    visitor.page.reload()
    visitor.press("reject-all")
    visitor.until(lambda: len(visitor.posts()) == 1 and not visitor.pending(), "the receipt")
    assert [receipt["state"] for receipt in visitor.receipts()] == ["refused"]
