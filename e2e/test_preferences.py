"""The preferences: fair, complete, usable by keyboard alone, on small screens and in every theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from e2e.stock import stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from e2e.demo import Demo
    from e2e.visitor import Visitor

LOOK = """node => {
  const style = getComputedStyle(node);
  const { width, height } = node.getBoundingClientRect();
  return { width, height, ...Object.fromEntries([...style].map((name) => [name, style[name]])) };
}"""
SMALL = """dialog => [...dialog.querySelectorAll("a, button, input, summary")]
  .map((node) => [node.id || node.textContent || node.name, node.getBoundingClientRect()])
  .filter(([, { width, height }]) => width && (width < 24 || height < 24))
  .map(([name]) => name)"""
WIDE = """dialog => [dialog, ...dialog.querySelectorAll("*")]
  .filter(({ scrollWidth, clientWidth }) => clientWidth && scrollWidth > clientWidth + 1)
  .map((node) => node.id || node.className || node.localName)"""
MOVING = """dialog => [dialog, ...dialog.querySelectorAll("*")]
  .map((node) => getComputedStyle(node))
  .filter(({ animationName, transitionDuration }) => animationName !== "none" || transitionDuration !== "0s")
  .length"""


@pytest.fixture(scope="module")
def stocked(own_demo: Demo) -> Demo:
    """Start servers whose catalog has a category with two companies."""
    stock(own_demo)
    own_demo.pages.put("/", f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1>{own_demo.tag}")
    return own_demo


@pytest.fixture
def shopper(visit: Callable[..., Visitor], stocked: Demo) -> Visitor:
    """Bring a visitor to the preferences, nothing decided."""
    visitor = visit(stocked)
    visitor.open_other("/")
    visitor.choose()
    return visitor


def part(visitor: Visitor, category: str) -> Locator:
    """Return a category's part of the preferences, opened."""
    found = visitor.preferences.locator("section", has=visitor.page.locator(f"[name={category}]"))
    found.locator("summary").click()
    return found


def test_accept_and_refuse_are_twins_here_too(shopper: Visitor) -> None:
    """Accept and refuse share every computed style in the preferences as well, their size included."""
    accept, refuse = (
        shopper.preferences.locator(f"#consent-{name}").evaluate(LOOK)
        for name in ("accept-all", "reject-all")
    )
    assert accept == refuse


def test_each_category_shows_all_that_it_stores(shopper: Visitor) -> None:
    """Opened, a category has a row for each cookie: name, purpose and lifespan, under who sets it."""
    notice: dict[str, Any] = shopper.demo.notice()["notice"]
    for category in notice["categories"]:
        title = category["title"]
        heading = shopper.page.get_by_role("heading", name=title)
        found = shopper.preferences.locator("section", has=heading).first
        found.locator("summary").click()
        rows = {row.locator("code").inner_text(): row.inner_text() for row in found.locator("tbody tr").all()}
        assert set(rows) == {cookie["name"] for cookie in category["cookies"]}
        for cookie in category["cookies"]:
            assert cookie["purpose"] in rows[cookie["name"]]
            assert cookie["lifespan"] in rows[cookie["name"]]


def test_third_parties_are_told_apart(shopper: Visitor) -> None:
    """Each company stands over its cookies with provider, country, privacy policy and opt-out."""
    found = part(shopper, "marketing")
    expect(found).to_contain_text("Third party · Loud Ltd, Germany")
    links = found.get_by_role("link").evaluate_all("nodes => nodes.map(({ href }) => href)")
    assert "https://loud.example/privacy" in links
    assert "https://louder.example/opt-out" in links


def test_one_service_can_be_refused_alone(shopper: Visitor) -> None:
    """Inside a category each company has its own switch, and what it says is granted and recorded."""
    part(shopper, "marketing")
    shopper.switch("marketing").set_checked(True)
    expect(shopper.switch("loud")).to_be_checked()
    shopper.switch("louder").set_checked(False)
    expect(shopper.switch("marketing")).to_be_checked()
    shopper.save()
    granted = shopper.page.evaluate("['loud', 'louder', 'marketing'].map(consent.granted)")
    assert granted == [True, False, True]
    [receipt] = shopper.receipts()
    assert receipt["services"] == {"loud": True, "louder": False}
    shopper.page.evaluate("consent.open()")
    part(shopper, "marketing")
    expect(shopper.switch("louder")).not_to_be_checked()


def test_the_last_service_switches_its_category_off(shopper: Visitor) -> None:
    """A category whose services are all refused is refused; one that is allowed allows it again."""
    part(shopper, "marketing")
    shopper.switch("marketing").set_checked(True)
    for name in ("loud", "louder"):
        shopper.switch(name).set_checked(False)
    expect(shopper.switch("marketing")).not_to_be_checked()
    shopper.switch("loud").set_checked(True)
    expect(shopper.switch("marketing")).to_be_checked()


def test_the_keyboard_alone_decides(shopper: Visitor) -> None:
    """Tab reaches every switch and button in reading order, Space switches, Enter saves."""
    reached = []
    for _ in range(20):
        shopper.page.keyboard.press("Tab")
        name = shopper.page.evaluate(
            "(({ name, id, localName }) => name || id || localName)"
            "(document.activeElement.shadowRoot?.activeElement ?? document.activeElement)"
        )
        reached.append(name)
        if name == "analytics":
            shopper.page.keyboard.press("Space")
        if name == "consent-save":
            shopper.page.keyboard.press("Enter")
            break
    order = [
        "functional",
        "analytics",
        "marketing",
        "consent-reject-all",
        "consent-accept-all",
        "consent-save",
    ]
    assert [name for name in reached if name in order] == order
    shopper.until(shopper.receipt_id, "a receipt")
    assert shopper.page.evaluate("consent.choices") == {
        "functional": False,
        "analytics": True,
        "marketing": False,
    }


def test_the_focus_goes_in_stays_and_comes_back(shopper: Visitor) -> None:
    """The title takes the focus, Tab never reaches the page behind, and closing gives the focus back."""
    title = shopper.page.evaluate("document.activeElement.shadowRoot.activeElement.textContent")
    assert title == "Cookie settings"
    for key in ("Tab", "Shift+Tab"):
        for _ in range(25):
            shopper.page.keyboard.press(key)
            assert shopper.focused() in {"consent-preferences", "body"}
    shopper.press("close", "consent-preferences")
    assert shopper.focused() == "consent-choose"


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (320, 640), (320, 256)])
def test_it_fits_and_can_be_hit(shopper: Visitor, width: int, height: int) -> None:
    """Down to 320 by 256 pixels (400 % zoom) nothing overflows sideways and every target has 24 pixels."""
    shopper.page.set_viewport_size({"width": width, "height": height})
    for summary in shopper.preferences.locator("summary").all():
        summary.click()
    assert shopper.preferences.evaluate(WIDE) == []
    assert shopper.preferences.evaluate(SMALL) == []
    shopper.press("save", "consent-preferences")
    shopper.until(shopper.receipt_id, "a receipt")


def test_nothing_moves(shopper: Visitor) -> None:
    """No animation and no transition: whoever prefers reduced motion has nothing to ask for."""
    assert shopper.preferences.evaluate(MOVING) == 0


def test_forced_colours_keep_the_state_visible(shopper: Visitor) -> None:
    """In forced colours a switch is drawn by the browser, which shows whether it is on."""
    shopper.page.emulate_media(forced_colors="active")
    looks = shopper.switch("analytics").evaluate(
        "node => [getComputedStyle(node).appearance, getComputedStyle(node, '::before').content]"
    )
    assert looks == ["auto", "none"]


def test_a_right_to_left_page_turns_it_round(shopper: Visitor) -> None:
    """Where the language is written from right to left, the switch stands on the left; names do not turn."""
    shopper.page.evaluate("document.querySelector('consent-preferences').dir = 'rtl'")
    part(shopper, "analytics")
    switch, title = (
        shopper.preferences.locator(which).first.bounding_box() for which in ("[name=analytics]", "h2")
    )
    assert switch
    assert title
    assert switch["x"] < title["x"]
    assert (
        shopper.preferences.locator("code").first.evaluate("node => getComputedStyle(node).direction")
        == "ltr"
    )
