"""Deleting what is stored here: every kind, every domain and path above, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.stock import STORED, stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from e2e.demo import Demo
    from e2e.visitor import Visitor

DEEP = "/shop/floor/shelf"
COOKIES = [
    "_ga_host=1; Path=/",
    "_ga_site=1; Path=/; Domain=shop.localhost",
    "_ga_middle=1; Path=/shop; Domain=eu.shop.localhost",
    "_ga_folder=1; Path=/shop/floor/",
    "_ga_page=1; Path=/shop/floor/shelf",
    "_ga_secure=1; Path=/; Secure; Domain=shop.localhost",
    "_ga_apart=1; Path=/; Secure; SameSite=None; Partitioned",
    "__Host-count=1; Path=/; Secure",
    "__Secure-count=1; Path=/; Secure; Domain=shop.localhost",
]
"""Each way that a script can set a cookie of the statistics, as `document.cookie` takes it."""

STORE = """async cookies => {
  for (const cookie of cookies) document.cookie = cookie;
  localStorage.setItem("count.local", "1");
  sessionStorage.setItem("count.session.7", "1");
  localStorage.setItem("basket", "1");
  for (const name of ["count-base", "count-base-2", "basket"])
    await new Promise((done) => {
      indexedDB.open(name).onsuccess = ({ target }) => done(target.result.close());
    });
}"""
KEPT = """async () => [
  ...Object.keys(localStorage), ...Object.keys(sessionStorage),
  ...(await indexedDB.databases()).map(({ name }) => name),
].filter((name) => name.startsWith("count") || name === "basket").sort()"""


@pytest.fixture(scope="module")
def stocked(own_demo: Demo) -> Demo:
    """Start servers whose catalog knows every kind of storage."""
    stock(own_demo)
    html = f"<!doctype html><title>Shelf</title><h1>Shelf</h1>{own_demo.tag}"
    own_demo.pages.put(DEEP, html)
    own_demo.pages.put("/counted", f"<!doctype html><title>Counted</title>{own_demo.tag}")
    return own_demo


@pytest.fixture
def counted(visit: Callable[..., Visitor], stocked: Demo) -> Visitor:
    """Bring a visitor who accepted everything on a page of an allowed origin."""
    visitor = visit(stocked)
    visitor.open_other("/counted")
    visitor.accept_all()
    return visitor


def withdraw(visitor: Visitor) -> dict[str, set[str]]:
    """Withdraw by the page's own way to the preferences; return the report."""
    visitor.page.evaluate("consent.open()")
    visitor.preferences.wait_for()
    visitor.press("withdraw", "consent-preferences")
    return visitor.report()


def hold_open(page: Page, name: str) -> None:
    """Open a database and keep it, whatever anybody asks."""
    page.evaluate(
        """name => new Promise((done) => {
          indexedDB.open(name).onsuccess = ({ target }) => done((window.held = target.result) && 0);
        })""",
        name,
    )


def test_every_domain_path_and_attribute_is_tried(visit: Callable[..., Visitor], stocked: Demo) -> None:
    """A cookie goes whatever domain or path above the page it has, secure, prefixed or partitioned."""
    visitor = visit(stocked)
    visitor.expects("CORS policy|ERR_FAILED|403")  # this host may not record decisions; it need not
    visitor.page.goto(stocked.below + DEEP)
    visitor.press("accept-all")
    visitor.page.evaluate(STORE, COOKIES)
    names = {cookie.partition("=")[0] for cookie in COOKIES}
    assert set(visitor.cookies()) == {"consent", *names}
    report = withdraw(visitor)
    assert set(visitor.cookies()) == {"consent"}
    assert names <= report["Deleted"]


def test_every_kind_of_storage_is_emptied(counted: Visitor) -> None:
    """Local and session storage and databases go, by name and by pattern, and nothing else does."""
    counted.page.evaluate(STORE, ["_ga_1=1; Path=/"])
    report = withdraw(counted)
    assert counted.page.evaluate(KEPT) == ["basket", "basket"]
    assert report["Deleted"] == {"_ga_1", "count.local", "count.session.7", "count-base", "count-base-2"}


def test_a_database_in_use_is_not_called_deleted(counted: Visitor) -> None:
    """What another tab holds open is reported as in use, and goes when that tab does."""
    other = counted.new_tab()
    other.goto(counted.page.url)
    hold_open(other, "count-base")
    report = withdraw(counted)
    [left] = [names for title, names in report.items() if title.startswith("These could not")]
    assert "count-base" in left
    assert counted.preferences.get_by_text("Still in use").is_visible()
    other.close()
    counted.until(lambda: not counted.page.evaluate(KEPT), "the database to go")


def test_what_comes_back_is_deleted_again(counted: Visitor) -> None:
    """A cookie that a script still running writes anew goes again, without a new page."""
    counted.page.wait_for_timeout(5500)  # past the looks that every page takes when it opens
    withdraw(counted)
    counted.page.evaluate("document.cookie = '_ga_back=1; Path=/'")
    counted.until(lambda: "_ga_back" not in counted.cookies(), "the cookie to go again")


def test_the_next_page_deletes_it_too(counted: Visitor) -> None:
    """What was written after the last look goes when the next page opens."""
    withdraw(counted)
    counted.page.goto("about:blank")
    counted.context.add_cookies([{"name": "_ga_late", "value": "1", "url": counted.demo.other}])
    counted.open_other("/counted")
    counted.until(lambda: "_ga_late" not in counted.cookies(), "the cookie to go")


def test_a_new_permission_ends_the_looking(counted: Visitor) -> None:
    """Who allows again keeps what is stored from then on."""
    withdraw(counted)
    counted.page.evaluate("consent.acceptAll()")
    counted.page.evaluate("document.cookie = '_ga_new=1; Path=/'")
    counted.page.wait_for_timeout(1500)  # past the first look
    assert "_ga_new" in counted.cookies()


def test_the_table_says_what_is_on_this_device(counted: Visitor) -> None:
    """Once a category is opened, exactly the rows that are stored here say so, of every kind."""
    counted.page.evaluate(STORE, ["_ga_1=1; Path=/"])
    counted.page.evaluate("consent.open()")
    counted.preferences.wait_for()
    section = counted.preferences.locator("section", has=counted.page.locator("[name=analytics]"))
    section.locator("summary").click()
    marks = section.get_by_text("On this device now").locator("visible=true")
    there = {"_ga_*", "count.local", "count.session.*", "count-base*"}
    rows = section.locator("tr", has=counted.page.locator("small:not([hidden])", has_text="On this device"))
    counted.until(lambda: set(rows.locator("code").all_inner_texts()) == there, "the marks")
    assert marks.count() == len(there)
    assert there < set(STORED)
