"""What a visit remembers is asked of the cookie store, and of `document.cookie` where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

GATED = '<script type="text/plain" data-consent="analytics">document.title = "counted"</script>'
STORES = {
    "none": "undefined",
    "refusing": "{ getAll: async () => { throw new DOMException('not here', 'SecurityError') } }",
    "of another kind": "document.createElement('img')",
}
READS = """
const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
window.reads = [];
Object.defineProperty(Document.prototype, "cookie", {
  set,
  get() {
    window.reads.push(!!document.querySelector("consent-banner"));
    return get.call(this);
  },
});
"""


@pytest.fixture
def counting(demo: Demo) -> str:
    """Serve a page with one gated script, which changes the title; return its path."""
    html = f"<!doctype html><html lang='en'><title>quiet</title>{demo.tag}{GATED}</html>"
    return demo.pages.put("/counting", html)


def test_nothing_is_read_that_keeps_the_page_waiting(visitor: Visitor, counting: str) -> None:
    """Until the banner is there `document.cookie` has not been read."""
    visitor.context.add_init_script(READS)
    visitor.open_other(counting)
    visitor.banner.wait_for()
    assert False not in visitor.page.evaluate("reads")


@pytest.mark.parametrize("store", STORES.values(), ids=STORES.keys())
def test_without_a_store_the_choice_is_remembered(visitor: Visitor, counting: str, store: str) -> None:
    """Where the browser has no cookie store, or one that gives nothing, a choice holds all the same."""
    visitor.context.add_init_script(f"Object.defineProperty(window, 'cookieStore', {{ value: {store} }})")
    visitor.open_other(counting)
    visitor.accept_all()
    visitor.page.reload()
    expect(visitor.page).to_have_title("counted")
    expect(visitor.banner).to_have_count(0)


def test_who_calls_at_once_is_heard(visitor: Visitor, demo: Demo) -> None:
    """A call in the next line of the page comes before what is remembered is known, and counts."""
    tag = demo.tag.replace(" async", "")
    html = (
        f"<!doctype html><html lang='en'><title>quiet</title>{tag}<script>consent.refuseAll()</script></html>"
    )
    visitor.open_other(demo.pages.put("/at-once", html))
    visitor.until(lambda: visitor.receipt_id() and not visitor.pending(), "the receipt")
    assert [receipt["method"] for receipt in visitor.receipts()] == ["api"]
    expect(visitor.banner).to_have_count(0)
