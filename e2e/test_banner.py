"""The banner itself: fair, reachable, in the visitor's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.visitor import Visitor

LOOK = """node => {
  const style = getComputedStyle(node);
  const { width, height } = node.getBoundingClientRect();
  return { width, height, ...Object.fromEntries([...style].map((name) => [name, style[name]])) };
}"""


def look(visitor: Visitor, button: str) -> dict[str, Any]:
    """Return every computed style of a button, and its size in pixels."""
    found: dict[str, Any] = visitor.banner.locator(f"#consent-{button}").evaluate(LOOK)
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of an `rgb()` colour (WCAG 2.2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_accept_and_refuse_are_twins(visitor: Visitor) -> None:
    """Accept and refuse stand side by side and share every computed style, their size included."""
    visitor.open()
    visitor.banner.wait_for()
    assert look(visitor, "accept-all") == look(visitor, "reject-all")
    boxes = [
        visitor.banner.locator(f"#consent-{name}").bounding_box() for name in ("accept-all", "reject-all")
    ]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]


def test_both_can_be_read(visitor: Visitor) -> None:
    """Both buttons have a contrast of at least 4.5, in light and in dark."""
    visitor.open()
    visitor.banner.wait_for()
    for scheme in ("light", "dark"):
        visitor.page.evaluate(f"document.documentElement.style.colorScheme = '{scheme}'")
        for button in ("accept-all", "reject-all"):
            style = look(visitor, button)
            dark, light = sorted(luminance(style[name]) for name in ("color", "background-color"))
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_banner_takes_no_focus(visitor: Visitor) -> None:
    """The banner leaves the focus where it was, and the keyboard meets its buttons first."""
    visitor.open()
    visitor.banner.wait_for()
    assert visitor.focused() == "body"
    order = []
    for _ in range(5):
        visitor.page.keyboard.press("Tab")
        order.append(visitor.focused())
    assert order == ["a", "a", "consent-reject-all", "consent-accept-all", "consent-choose"]


def test_the_keyboard_can_refuse(visitor: Visitor) -> None:
    """Refusing needs no pointer, and counts as the visitor's own act."""
    visitor.open()
    visitor.banner.locator("#consent-reject-all").focus()
    visitor.page.keyboard.press("Enter")
    visitor.until(visitor.receipt_id, "a receipt")
    assert [receipt["method"] for receipt in visitor.receipts()] == ["refuse_all"]


def test_the_banner_says_what_it_is(visitor: Visitor) -> None:
    """Assistive technology finds a region whose name speaks of cookies, with its three buttons."""
    visitor.open()
    region = visitor.page.get_by_role("region", name=re.compile("cookies", re.IGNORECASE))
    for name in ("Accept all", "Reject all", "Choose"):
        expect(region.get_by_role("button", name=name, exact=True)).to_be_visible()


def test_a_lithuanian_page_asks_in_lithuanian(visitor: Visitor) -> None:
    """Where the page is Lithuanian the notice is fetched in it, and the receipt says so."""
    visitor.open("/lt/")
    expect(visitor.banner.locator("#consent-reject-all")).to_have_text("Atmesti visus")
    assert visitor.banner.get_attribute("lang") == "lt"
    assert any(request.url.endswith("/notice.json?lang=lt") for request in visitor.requests)
    visitor.refuse_all()
    [receipt] = visitor.receipts()
    assert receipt["notice"]["lang"] == "lt"
    assert receipt["notice"]["sha256"] == visitor.demo.notice("lt")["sha256"]


def test_a_choice_holds_in_every_language(visitor: Visitor) -> None:
    """Whoever chose in Lithuanian is not asked again in English."""
    visitor.open("/lt/")
    visitor.refuse_all()
    visitor.open("/")
    visitor.page.locator("consent-frame").wait_for()
    expect(visitor.banner).to_have_count(0)
