"""The banner itself: fair, reachable, in the visitor's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from e2e.test_preferences import MOVING

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

LOOK = """node => {
  const style = getComputedStyle(node);
  const { width, height } = node.getBoundingClientRect();
  return { width, height, ...Object.fromEntries([...style].map((name) => [name, style[name]])) };
}"""


THEMED = """<!doctype html><html lang="en"><title>Shop</title>{tag}<style>:root {{
  --consent-accent: rgb(1, 2, 3); --consent-accent-text: rgb(250, 251, 252); --consent-radius: 10px;
  --consent-background: rgb(240, 230, 220); --consent-text: rgb(40, 30, 20); --consent-font: monospace;
}}</style>"""


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


def test_the_banner_says_what_it_asks_for(visitor: Visitor) -> None:
    """For what, to how many third parties, how long the choice is kept, how to change it; and the policy."""
    visitor.open()
    text = visitor.banner.locator("p")
    expect(text).to_contain_text("cookies")
    expect(text).to_contain_text("Personal content and Statistics")
    expect(text).to_contain_text(re.compile(r"Third parties that receive data: \d+\."))
    expect(text).to_contain_text("kept for 6 months")
    expect(text).to_contain_text("change it at any time under “Cookie settings”")
    policy = visitor.banner.get_by_role("link", name="Privacy policy (opens a new tab)")
    expect(policy).to_have_attribute("href", visitor.demo.website + "/privacy")


def test_the_banner_takes_the_websites_look(visitor: Visitor, demo: Demo) -> None:
    """Custom properties set colours, corners and font, of the preferences too."""
    visitor.open_other(demo.pages.put("/themed", THEMED.format(tag=demo.tag)))
    visitor.banner.wait_for()
    accept = look(visitor, "accept-all")
    assert (accept["background-color"], accept["color"]) == ("rgb(1, 2, 3)", "rgb(250, 251, 252)")
    assert accept["font-family"] == "monospace"
    visitor.choose()
    for frame in (visitor.banner, visitor.preferences):
        style = frame.evaluate(LOOK)
        assert (style["background-color"], style["color"]) == ("rgb(240, 230, 220)", "rgb(40, 30, 20)")
        assert style["border-top-left-radius"] == "10px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_banner_is_as_dark_as_the_page(visitor: Visitor, demo: Demo, scheme: Any) -> None:
    """It follows the page's colour scheme, and the preferences do."""
    style = "<style>:root { color-scheme: light dark }</style>"
    html = f"<!doctype html><html lang='en'><title>Shop</title>{style}{demo.tag}"
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.open_other(demo.pages.put("/scheme", html))
    visitor.choose()
    for frame in (visitor.banner, visitor.preferences):
        found = frame.evaluate(LOOK)
        ground, text = luminance(found["background-color"]), luminance(found["color"])
        assert (ground < text) == (scheme == "dark")


def spoken(visitor: Visitor) -> list[str]:
    """Return what the browser tells a screen reader of status regions."""
    session = visitor.context.new_cdp_session(visitor.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    regions = [node["nodeId"] for node in nodes if node.get("role", {}).get("value") == "status"]
    return [node["name"]["value"] for node in nodes if node.get("parentId") in regions]


def test_the_banner_is_announced(visitor: Visitor) -> None:
    """Who cannot see is told that the banner is there, and that the choice was kept; neither stays."""
    visitor.open()
    visitor.banner.wait_for()
    visitor.until(lambda: spoken(visitor) == ["Cookies: your choice"], "the announcement")
    visitor.refuse_all()
    visitor.until(lambda: "Your choice is saved." in spoken(visitor), "the second one")
    visitor.until(lambda: not spoken(visitor), "silence")


def test_nothing_in_the_banner_moves(visitor: Visitor) -> None:
    """No animation and no transition: it can be clicked the moment it is seen."""
    visitor.open()
    visitor.banner.wait_for()
    assert visitor.banner.evaluate(MOVING) == 0
