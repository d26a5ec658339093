"""Style sheets that mean harm: none changes the banner, or hides refuse while accept is still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.hostile import REFUSE, assert_refused, hit, open_page, picture, refuse_by_hand
from e2e.test_banner import look

if TYPE_CHECKING:
    from e2e.visitor import Visitor

HOST, TEXT = "consent-banner", "consent-banner > p"
IMAGE = "url('data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22 width=%221%22 height=%221%22/>')"
COVER = "content: ''; position: fixed; inset: 0; z-index: 9; background: red"
GONE = "@keyframes gone { from, to { opacity: 0; visibility: hidden; translate: -999px } }"
INVISIBLE = "display: none; opacity: 0; visibility: hidden; zoom: 0.01; content-visibility: hidden"


def style(selector: str, declarations: str) -> str:
    """Return a rule whose every declaration is important."""
    return f"{selector} {{ {declarations.replace(';', ' !important;')} !important }}"


STYLES = {
    "everything hidden": style("body, consent-banner, consent-banner *", INVISIBLE),
    "the host hidden": style(HOST, INVISIBLE),
    "the host moved": style(HOST, "position: static; inset: 100%; translate: -999px; transform: scale(0)"),
    "the host cut": style(HOST, "clip-path: inset(50%); filter: opacity(0); contain: strict; overflow: clip"),
    "the host shrunk": style(HOST, "width: 0; height: 0; max-height: 0; padding: 0; border-width: 99px"),
    "all unset": style("consent-banner, consent-banner *", "all: unset"),
    "opacity": style(REFUSE, "opacity: 0"),
    "visibility": style(REFUSE, "visibility: hidden"),
    "out of sight": style(REFUSE, "position: fixed; left: -9999px"),
    "transformed": style(REFUSE, "transform: scale(0); rotate: 90deg; scale: 0"),
    "clipped": style(REFUSE, "clip-path: inset(50%); mask: linear-gradient(#0000, #0000)"),
    "no pointer": style("html, body, consent-banner, button", "pointer-events: none"),
    "no letters": style(REFUSE, "font: 0/0 a; color: transparent; text-indent: -99em"),
    "filled with nothing": style(REFUSE, "-webkit-text-fill-color: transparent"),
    "the first line": style(f"{REFUSE}::first-line", "color: transparent; font-size: 1px"),
    "the first letter": style(f"{REFUSE}::first-letter", "color: transparent; font-size: 90px"),
    "the text's first letter": style(f"{TEXT}::first-letter", "font-size: 900px; margin: 900px"),
    "replaced": style(REFUSE, f"content: {IMAGE}"),
    "at the end": style(REFUSE, "order: 9; grid-row: 9; float: right"),
    "tiny": style(REFUSE, "width: 1px; height: 1px; min-height: 0; zoom: 0.1"),
    "without a box": style(REFUSE, "display: contents"),
    "covered from accept": style("#consent-accept-all::before", COVER),
    "covered from the text": style(f"{TEXT}::after", COVER),
    "covered by the host": style("consent-banner::before, consent-banner::after", COVER),
    "words before": style(f"{REFUSE}::before", "content: 'Do not '"),
    "words after": style(f"{REFUSE}::after", "content: '?'"),
    "own variables": style(REFUSE, "--a: transparent; --c: transparent; --r: 99em"),
    "themed alone": style(REFUSE, "--consent-accent: transparent; --consent-accent-text: transparent"),
    "every variable": style("*", "--t: #0000; --m: #0000; --l: #0000; --a: #0000; --c: #0000"),
    "backwards": style("html, consent-banner, button", "direction: rtl; unicode-bidi: bidi-override"),
    "upright": style(REFUSE, "writing-mode: vertical-lr; text-orientation: upright"),
    "slowly": GONE + style(REFUSE, "transition: all 99s; animation: gone 99s both"),
    "by layer": f"@layer first {{ {style(REFUSE, INVISIBLE)} }}",
    "by attribute": style("[hidden], [type=button], [slot]", INVISIBLE),
    "behind": style("dialog, body", "z-index: 2147483647; position: fixed; inset: 0"),
    "selected": style(f"{REFUSE}::selection", "color: transparent"),
}
"""What a page's own style sheet says, none of which may change a single pixel of the banner."""

POINTED = {
    "moved": style(f"{REFUSE}:hover", "translate: -9999px; position: fixed"),
    "gone": style(f"{REFUSE}:hover", INVISIBLE),
    "let through": style(f"{REFUSE}:hover", "pointer-events: none"),
    "pressed": style(f"{REFUSE}:active", INVISIBLE),
    "focused": style(f"{REFUSE}:focus", INVISIBLE),
    "accept comes": style("consent-banner:has(:hover) #consent-accept-all", "position: fixed; inset: 0"),
}
"""What a page's style sheet says of a button that is pointed at."""

THEME = "--consent-accent: #0000; --consent-accent-text: #0000; --consent-text: #0000"
WHOLE = {
    "turned transparent": style(":root", THEME),
    "registered": "".join(f"@property --{name} {{ syntax: '*'; inherits: false }}" for name in "abclmrt"),
    "the page is gone": style("html", "display: none"),
    "the page is elsewhere": style("html", "transform: translateX(-9999px); position: fixed"),
    "the page is nothing": style("html", "opacity: 0; clip-path: inset(50%); contain: strict; width: 0"),
    "letters of nothing": style("html", "font-size: 0; zoom: 0.1; visibility: hidden; pointer-events: none"),
}
"""What a page may do to all of the banner, or to itself: the twins share it."""


def test_no_style_of_the_page_changes_a_pixel(visitor: Visitor) -> None:
    """Whatever a page's style sheet says, the banner stays as it is, to the pixel, and refuse is on top."""
    open_page(visitor)
    visitor.banner.wait_for()
    before = picture(visitor)
    changed = []
    for name, rule in STYLES.items():
        sheet = visitor.page.add_style_tag(content=rule)
        if hit(visitor) != [True, True] or picture(visitor) != before:
            changed.append(name)
        sheet.evaluate("sheet => sheet.remove()")
    assert changed == []
    refuse_by_hand(visitor)
    assert_refused(visitor)


@pytest.mark.parametrize("rule", POINTED.values(), ids=POINTED.keys())
def test_refuse_stays_under_the_pointer(visitor: Visitor, rule: str) -> None:
    """Refuse neither flees nor vanishes when it is pointed at, pressed or focused."""
    open_page(visitor, f"<style>{rule}</style>")
    visitor.banner.locator(REFUSE).hover()
    assert hit(visitor) == [True, True]
    visitor.banner.locator(REFUSE).focus()
    assert hit(visitor) == [True, True]
    refuse_by_hand(visitor)
    assert_refused(visitor)


@pytest.mark.parametrize("rule", WHOLE.values(), ids=WHOLE.keys())
def test_what_hides_refuse_hides_accept(visitor: Visitor, rule: str) -> None:
    """A theme or a page that makes itself invisible treats both alike, and nothing is granted."""
    open_page(visitor, f"<style>{rule}</style>")
    visitor.banner.wait_for(state="attached")
    refuse, accept = hit(visitor)
    assert refuse == accept
    assert look(visitor, "reject-all") == look(visitor, "accept-all")
    assert visitor.page.title() == "quiet"
    if refuse:
        refuse_by_hand(visitor)
        assert_refused(visitor)


def test_the_preferences_are_out_of_reach(visitor: Visitor) -> None:
    """No style of the page reaches into the preferences, or hides the whole of them."""
    open_page(visitor)
    visitor.choose()
    dialog = visitor.preferences
    before = dialog.screenshot()
    for rule in (
        style("consent-preferences", INVISIBLE),
        style("consent-preferences", "all: unset; filter: blur(9px); contain: strict; width: 0"),
        style("body *, dialog, button, input", INVISIBLE),
        style("consent-preferences::before", COVER),
    ):
        sheet = visitor.page.add_style_tag(content=rule)
        assert dialog.screenshot() == before, rule
        sheet.evaluate("sheet => sheet.remove()")
