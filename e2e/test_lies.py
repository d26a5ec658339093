"""Pages, scripts, cookies and storage that lie: none can grant, and none can bend a refusal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.hostile import REFUSE, TWINS, assert_refused, hit, open_page, refuse_by_hand

if TYPE_CHECKING:
    from e2e.visitor import Visitor

NAMES = (
    *("currentScript", "cookie", "documentElement", "head", "body", "readyState", "scripts", "activeElement"),
    *("createElement", "querySelector", "querySelectorAll", "getElementById", "addEventListener"),
    *("dispatchEvent", "append", "prepend", "adoptedStyleSheets", "defaultView", "visibilityState"),
)
"""Properties of a document that an element of this name or id takes."""

CLOBBERED = """<img name="NAME" alt=""><embed name="NAME"><form name="NAME" id="NAME">
<input name="NAME" id="NAME"></form>"""

PAGE_NAMES = ("consent", "dataLayer", "uetq", "clarity", "fbq", "JSON", "fetch", "localStorage", "crypto")
"""Globals that the widget uses or gives."""

BROKEN = "() => { throw new Error('replaced') }"
CHANGES = {
    "JSON lies": "JSON.parse = () => ({ choices: { analytics: true }, decision: 'x', id: 'x', token: 'x' })",
    "JSON fails": f"JSON.parse = JSON.stringify = {BROKEN}",
    "JSON is gone": "delete window.JSON",
    "lists fail": f"""for (const name of ["push", "map", "filter", "forEach", "includes", "indexOf", "join",
        "some", "every", "slice", "concat", "reduce", "find"]) Array.prototype[name] = {BROKEN}""",
    "lists say yes": """Array.prototype.includes = Array.prototype.some = Array.prototype.every = () => true;
        Array.prototype.filter = Array.prototype.map = function () { return this }""",
    "no timers": f"window.setTimeout = window.setInterval = window.requestAnimationFrame = {BROKEN}",
    "no network": f"window.fetch = {BROKEN}; navigator.sendBeacon = {BROKEN}",
    "no promises": f"window.Promise = undefined; Promise = {BROKEN}",
    "no objects": f"Object.entries = Object.values = Object.fromEntries = Object.freeze = {BROKEN}",
    "no cookies": "Object.defineProperty(document, 'cookie', { get: () => 'consent=1', set() {} })",
    "no nodes": f"Node.prototype.appendChild = Element.prototype.closest = {BROKEN}",
    "no clicks": "addEventListener('click', (event) => event.stopImmediatePropagation(), true)",
}
"""What a page's script may do to the language while the banner is shown."""

LATE = """<script>
  addEventListener("keydown", () => {
    const late = document.createElement("script");
    Object.assign(late, { type: "text/plain", text: "document.title = 'counted'" });
    late.setAttribute("data-consent", "google-analytics");
    document.documentElement.append(late);
  });
</script>"""
"""Puts a gated script into the page when a key is pressed."""

LYING = {
    "time in hexadecimal": "1.{revision}.{hex}.analytics",
    "time rounded": "1.{revision}.{round}.analytics",
    "time with a sign": "1.{revision}.+{now}.analytics",
    "a number that is none": "1.{revision}.Infinity00.analytics",
    "a prototype": "1.{revision}.{now}.__proto__",
    "a constructor": "1.{revision}.{now}.constructor.toString=1",
    "a service's name": "1.{revision}.{now}.google-analytics",
    "hyphens": "1.{revision}.{now}.---------",
    "two that overlap": "1.{revision}.{now}.functional-analytics-",
    "four thousand letters": "1.{revision}.{now}." + "analytics-" * 390,
}
STORED = {
    "a receipt that allows": """localStorage.setItem("consent.receipt", JSON.stringify({ id: "x", token: "x",
        receipt: "x", choices: { analytics: true }, services: { "google-analytics": true } }))""",
    "a state": """for (const key of ["consent", "consent.state", "consent.choices"])
        localStorage.setItem(key, '{"choices":{"analytics":true},"time":9999999999}')""",
    "a prototype": """for (const key of ["consent.receipt", "consent.pending"])
        localStorage.setItem(key, '{"__proto__":{"analytics":true},"id":"x","token":"x"}')""",
    "megabytes": """localStorage.setItem("consent.receipt", `{"id":"${"x".repeat(2e6)}","token":"x"}`),
        localStorage.setItem("consent.pending", `[${"[".repeat(1e6)}`)""",
    "many that wait": """localStorage.setItem("consent.pending", JSON.stringify(Array.from({ length: 99 },
        (_, at) => ({ decision: `x${at}`, method: "accept_all", choices: {} }))))""",
}


def test_a_name_taken_by_an_element_grants_nothing(visitor: Visitor) -> None:
    """Elements that take the names of what scripts use cannot grant, and never leave accept alone."""
    visitor.expects("uncaught")
    for name in NAMES:
        open_page(visitor, body=CLOBBERED.replace("NAME", name))
        shown = [visitor.banner.locator(f"#consent-{twin}").is_visible() for twin in TWINS]
        assert shown in ([True, True], [False, False]), name
        assert visitor.page.title() == "quiet", name
        if shown[0]:
            assert hit(visitor) == [True, True], name
            visitor.press("reject-all")
            assert visitor.page.title() == "quiet", name
        visitor.context.clear_cookies()


@pytest.mark.parametrize("name", PAGE_NAMES)
def test_a_page_with_such_an_id_is_served_like_any(visitor: Visitor, name: str) -> None:
    """An id that a page may well use does not keep the widget from asking, refusing and recording."""
    open_page(visitor, body=f'<div id="{name}"></div><a id="{name}" name="{name}"></a>')
    refuse_by_hand(visitor)
    assert_refused(visitor)
    visitor.page.reload(wait_until="networkidle")
    expect(visitor.banner).to_have_count(0)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_replaced_later_changes_no_refusal(visitor: Visitor, change: str) -> None:
    """A page that replaces what the language offers, once the banner is there, cannot bend a refusal."""
    visitor.expects("uncaught")
    open_page(visitor, LATE, f"<script>addEventListener('load', () => {{ {change} }})</script>")
    refuse = visitor.banner.locator(REFUSE)
    refuse.click()
    refuse.wait_for(state="detached")
    assert visitor.cookies()["consent"].endswith(".")
    visitor.page.keyboard.press("l")
    visitor.until(visitor.receipts, "the receipt")
    assert [receipt["method"] for receipt in visitor.receipts()] == ["refuse_all"]
    assert visitor.page.title() == "quiet"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_polluted_prototype_grants_nothing(visitor: Visitor, when: str) -> None:
    """Ids that a page puts on every object's prototype are nobody's answers."""
    pollute = "for (const id of ['analytics', 'google-analytics', 'functional']) Object.prototype[id] = true;"
    if when == "after":
        pollute = f"addEventListener('load', () => {{ {pollute} }})"
    open_page(visitor, f"<script>{pollute}</script>{LATE}")
    visitor.banner.wait_for()
    visitor.page.keyboard.press("l")
    assert not visitor.page.evaluate("consent.granted('google-analytics')")
    assert visitor.page.title() == "quiet"
    refuse_by_hand(visitor)
    assert_refused(visitor)


@pytest.mark.parametrize("cookie", LYING.values(), ids=LYING.keys())
def test_a_lying_cookie_grants_nothing(visitor: Visitor, cookie: str) -> None:
    """A consent cookie that only looks like ours means: ask."""
    now = int(time.time())
    value = cookie.format(
        revision=visitor.demo.notice()["revision"][:8], now=now, hex=hex(now), round=f"{now // 100}e2"
    )
    visitor.context.add_cookies([{"name": "consent", "value": value, "domain": "localhost", "path": "/"}])
    open_page(visitor)
    visitor.banner.wait_for()
    assert visitor.page.title() == "quiet"


@pytest.mark.parametrize("items", STORED.values(), ids=STORED.keys())
def test_lying_storage_grants_nothing(visitor: Visitor, items: str) -> None:
    """Whatever stands in storage is no answer, however large: the visitor is asked, and can refuse."""
    visitor.expects("401|422")  # what was never a decision is refused, and kept no longer
    open_page(visitor)
    visitor.page.evaluate(items)
    visitor.page.reload()
    visitor.banner.wait_for()
    assert visitor.page.title() == "quiet"
    visitor.press("reject-all")
    visitor.until(visitor.receipts, "the receipt")
    assert visitor.receipts()[-1]["state"] == "refused"
    assert visitor.cookies()["consent"].endswith(".")


def test_a_full_jar_of_large_cookies_changes_nothing(visitor: Visitor) -> None:
    """Among many large cookies the choice is found, and one of another name is not taken for it."""
    open_page(visitor)
    visitor.page.evaluate(
        """() => {
          for (let at = 0; at < 9; at++) document.cookie = `large${at}=${"x; consent=".padEnd(4000, "y")}`;
          for (const name of ["xconsent", "consent.", "consent2", " consent"])
            document.cookie = `${name}=1.00000000.1.analytics`;
        }"""
    )
    visitor.refuse_all()
    visitor.page.reload(wait_until="networkidle")
    expect(visitor.banner).to_have_count(0)
    assert_refused(visitor)
