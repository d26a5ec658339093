"""The button that opens the settings again, where the catalog wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from playwright.sync_api import expect

from e2e.stock import lay_out, stock
from e2e.test_accessibility import THEMES, flaws, page
from e2e.test_first_visit import SHIFTS
from e2e.test_returning import asked_of_the_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Route

    from e2e.demo import Demo
    from e2e.visitor import Visitor

BUTTON = "consent-button button"
CORNERS = ["bottom-start", "bottom-end"]
PLAIN = "<!doctype html><html lang=en><title>Shop</title>{tag}<h1>Shop</h1>"
COLOURS = """([node]) => {
  const { color, backgroundColor, borderTopColor } = getComputedStyle(node);
  return [color, backgroundColor, borderTopColor];
}"""


@pytest.fixture(scope="module")
def buttoned(own_demo: Demo) -> Demo:
    """Start servers of a site with a button, which also speaks Arabic."""
    stock(own_demo, ["ar"])
    put_button(own_demo, "bottom-start")
    return own_demo


@pytest.fixture
def guest(visit: Callable[..., Visitor], buttoned: Demo) -> Visitor:
    """Bring a visitor to a site with a button."""
    put_button(buttoned, "bottom-start")
    return visit(buttoned)


def put_button(demo: Demo, corner: str) -> None:
    """Let the catalog want the button in a corner."""
    if demo.notice()["notice"]["layout"]["button"] != corner:
        document: Any = tomlkit.parse(demo.catalog.read_text(encoding="utf-8"))
        document["banner"]["button"] = corner
        demo.write(tomlkit.dumps(document))


def plain(demo: Demo) -> str:
    """Serve a page with nothing but the tag; return its path."""
    return demo.pages.put("/button", PLAIN.format(tag=demo.tag))


def button(visitor: Visitor) -> Locator:
    """Return the button, by the name that it has for everybody."""
    return visitor.page.get_by_role("button", name="Cookie settings", exact=True)


def test_it_comes_with_the_choice_and_opens_the_settings(guest: Visitor) -> None:
    """Not while the banner asks; then it opens the settings and has the focus again when they close."""
    guest.open_other(plain(guest.demo))
    guest.banner.wait_for()
    expect(button(guest)).to_have_count(0)
    guest.refuse_all()
    button(guest).focus()
    guest.page.keyboard.press("Enter")
    guest.preferences.wait_for()
    guest.page.keyboard.press("Escape")
    expect(guest.preferences).to_have_count(0)
    assert guest.focused() == "consent-button"


def test_it_is_there_for_who_comes_back(guest: Visitor) -> None:
    """On every later page, once, without a banner, and it opens what was chosen."""
    guest.open_other(plain(guest.demo))
    guest.accept_all()
    guest.page.reload()
    button(guest).click()
    expect(guest.switch("analytics")).to_be_checked()
    expect(guest.page.locator("consent-button")).to_have_count(1)
    expect(guest.banner).to_have_count(0)


def test_it_goes_while_the_visitor_is_asked_again(guest: Visitor) -> None:
    """Where a decision has to be asked anew, the banner stands there alone until there is one."""
    guest.expects("409")

    def refuse(route: Route) -> None:
        problem = '{"type":"about:blank","title":"","status":409,"detail":"","code":"notice_outdated"}'
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=409, content_type="application/problem+json", headers=headers, body=problem)

    guest.open_other(plain(guest.demo))
    guest.context.route("**/receipts", refuse, times=1)
    guest.press("accept-all")
    expect(guest.page.locator("consent-button")).to_have_attribute("hidden", "")
    expect(button(guest)).to_be_hidden()
    expect(guest.banner).to_be_visible()
    guest.refuse_all()
    expect(button(guest)).to_be_visible()


def test_a_website_without_it_loads_nothing(visitor: Visitor) -> None:
    """Where the catalog wants none, nothing is fetched for one, now or later."""
    visitor.open_other(plain(visitor.demo))
    visitor.refuse_all()
    visitor.page.wait_for_load_state("networkidle")
    assert not any("/assets/" in asked for asked in asked_of_the_server(visitor))
    expect(visitor.page.locator("consent-button")).to_have_count(0)


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_it_stands_in_its_corner(
    visit: Callable[..., Visitor], buttoned: Demo, corner: str, language: str
) -> None:
    """At the start or the end of the line, whichever way that runs, inside the window and big enough."""
    put_button(buttoned, corner)
    guest = visit(buttoned)
    guest.page.set_viewport_size({"width": 320, "height": 640})
    guest.open_other(page(buttoned, language))
    guest.refuse_all()
    guest.page.locator(BUTTON).wait_for()
    box = guest.page.locator(BUTTON).bounding_box()
    assert box
    assert min(box["width"], box["height"]) >= 44
    left = (corner == "bottom-start") == (language == "en")
    assert (box["x"] + box["width"] / 2 < 160) == left
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    assert box["y"] + box["height"] <= 640


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_with_the_button(guest: Visitor, theme: str) -> None:
    """Nor in light, dark or forced colours."""
    lay_out(guest.demo, "box")
    guest.page.emulate_media(**THEMES[theme])
    guest.open_other(page(guest.demo, "en"))
    guest.refuse_all()
    button(guest).wait_for()
    assert flaws(guest) == []


def test_its_outline_is_seen_in_forced_colours(guest: Visitor) -> None:
    """Sign and border have the text's colour, not the ground's."""
    guest.page.emulate_media(forced_colors="active")
    guest.open_other(plain(guest.demo))
    guest.refuse_all()
    guest.page.locator(BUTTON).first.wait_for()
    text, ground, border = guest.page.locator(BUTTON).evaluate_all(COLOURS)
    assert ground not in {text, border}
    stroke = guest.page.locator("consent-button svg").evaluate("node => getComputedStyle(node).stroke")
    assert stroke == text


def test_it_takes_the_websites_colours(guest: Visitor) -> None:
    """Custom properties colour it, and no other rule of the page moves or hides it."""
    style = (
        "<style>:root { --consent-background: rgb(1, 2, 3); --consent-text: rgb(250, 251, 252) }"
        " * { display: none !important; position: static !important; inset: auto !important }"
        " html, body { display: block !important }</style>"
    )
    guest.open_other(guest.demo.pages.put("/button", PLAIN.format(tag=guest.demo.tag + style)))
    guest.refuse_all()
    guest.page.locator(BUTTON).first.wait_for()  # evaluate_all takes what is there, and waits for nothing
    text, ground, _ = guest.page.locator(BUTTON).evaluate_all(COLOURS)
    assert (text, ground) == ("rgb(250, 251, 252)", "rgb(1, 2, 3)")
    box = guest.page.locator(BUTTON).bounding_box()
    assert box
    assert box["x"] == 16


def test_nothing_moves_when_it_comes(guest: Visitor) -> None:
    """It shifts nothing in the page."""
    guest.context.add_init_script(SHIFTS)
    guest.open_other(plain(guest.demo))
    guest.refuse_all()
    button(guest).wait_for()
    guest.page.wait_for_timeout(300)
    assert guest.page.evaluate("window.shifts") == 0


def test_the_strictest_policy_lets_it_show(guest: Visitor) -> None:
    """A page that allows the server's origin alone, and no string to become code, needs nothing more."""
    server = guest.demo.server
    policy = (
        f"default-src 'none'; script-src {server}; connect-src {server}; require-trusted-types-for 'script'"
    )
    guest.open_other(guest.demo.pages.put("/button", PLAIN.format(tag=guest.demo.tag), policy))
    guest.refuse_all()
    button(guest).click()
    guest.preferences.wait_for()
    assert guest.complaints == []
