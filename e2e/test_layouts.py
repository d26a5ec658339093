"""Every layout of the banner fits, can be read and hit, and leaves the page alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from e2e.hostile import hit, picture
from e2e.stock import lay_out, stock
from e2e.test_accessibility import THEMES, flaws
from e2e.test_first_visit import SHIFTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.demo import Demo
    from e2e.visitor import Visitor

LAYOUTS = [
    ("box", "bottom-start"),
    ("box", "bottom-end"),
    ("bar", "top"),
    ("bar", "bottom"),
    ("centre", "centre"),
]
SIZES = [(320, 640), (768, 1024), (1280, 800)]
LANGUAGES = ["en", "de", "ar"]
ZOOMED = (320, 256)
"""1280 by 1024 at 400 % (WCAG 1.4.10)."""

HTML = """<!doctype html><html lang={language} dir={direction}><meta charset=utf-8>
<meta name=viewport content="width=device-width"><title>Shop</title>
<style>:root {{ color-scheme: light dark }} main {{ height: 300vh }}</style>{tag}
<main><h1>Shop</h1><p>What we sell.</p></main></html>"""

FAULTS = """() => {
  const host = document.querySelector("consent-banner");
  const outer = host.getBoundingClientRect();
  const [texts, actions] = host.shadowRoot.querySelectorAll("slot");
  const found = [];
  const inside = (box, frame) => box.left >= frame.left - 1 && box.right <= frame.right + 1
    && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
  const window_ = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  if (!inside(outer, window_)) found.push("the banner is not inside the window");
  if (innerWidth < 480 && Math.abs(outer.left + outer.right - innerWidth) > 1) found.push("lopsided");
  for (const node of host.children) {
    const box = node.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(node);
    const letters = range.getBoundingClientRect();
    const target = node.localName === "a" || node.localName === "button";
    if (box.left < outer.left || box.right > outer.right) found.push(`${node.id} overflows`);
    if (letters.left < box.left - 1 || letters.right > box.right + 1) found.push(`${node.id} is cut across`);
    if (letters.bottom > box.bottom + 1 || letters.top < box.top - 1) found.push(`${node.id} is cut off`);
    if (target && Math.min(box.width, box.height) < 24) found.push(`${node.id || node.href} is too small`);
    for (const word of node.slot ? node.textContent.matchAll(/[^ ]+/g) : []) {
      range.setStart(node.firstChild, word.index);
      range.setEnd(node.firstChild, word.index + word[0].length);
      if (range.getClientRects().length > 1) found.push(`${word[0]} is split`);
    }
    if (node.slot && !inside(box, outer)) found.push(`${node.id} is not in the banner`);
  }
  if (texts.scrollWidth > texts.clientWidth) found.push("the texts scroll sideways");
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page scrolls sideways");
  if (innerHeight > 600 && texts.scrollHeight > texts.clientHeight) found.push("the texts scroll");
  if (texts.clientHeight < 32) found.push("the texts cannot be seen");
  return found;
}"""


def looks(number: int) -> list[tuple[str, tuple[int, int], str]]:
    """Return three looks: over all layouts each two of theme, size and language meet."""
    themes = list(THEMES)
    return [
        (themes[turn], SIZES[(number + turn) % 3], LANGUAGES[(number + 2 * turn) % 3]) for turn in range(3)
    ]


@pytest.fixture(scope="module")
def spoken(own_demo: Demo) -> Demo:
    """Start servers that also speak German and Arabic."""
    stock(own_demo, ["de", "ar"])
    return own_demo


def show(visitor: Visitor, theme: str, size: tuple[int, int], language: str) -> None:
    """Bring the visitor to a page in this look, and wait for the banner."""
    visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
    visitor.page.emulate_media(color_scheme="light", forced_colors="none")
    visitor.page.emulate_media(**THEMES[theme])
    tag = visitor.demo.tag.replace("consent.js", f"consent.js?lang={language}")
    direction = "rtl" if language == "ar" else "ltr"
    html = HTML.format(language=language, direction=direction, tag=tag)
    visitor.open_other(visitor.demo.pages.put("/layout", html))
    visitor.banner.wait_for()


@pytest.mark.parametrize("number", range(len(LAYOUTS)), ids=["-".join(layout) for layout in LAYOUTS])
def test_every_layout_is_sound(visit: Callable[..., Visitor], spoken: Demo, number: int) -> None:
    """In each theme, size and language it fits, is not cut, can be hit, shifts nothing, and axe agrees."""
    lay_out(spoken, *LAYOUTS[number])
    visitor = visit(spoken)
    visitor.page.add_init_script(SHIFTS)
    for look in looks(number):
        show(visitor, *look)
        assert visitor.page.evaluate(FAULTS) == [], look
        assert hit(visitor) == [True, True], look
        assert flaws(visitor) == [], look
        assert visitor.page.evaluate("shifts") == 0, look
    show(visitor, "light", ZOOMED, "de")
    assert visitor.page.evaluate(FAULTS) == []
    assert hit(visitor) == [True, True]


@pytest.mark.parametrize("number", range(len(LAYOUTS)), ids=["-".join(layout) for layout in LAYOUTS])
def test_it_stands_where_the_catalog_says(visit: Callable[..., Visitor], spoken: Demo, number: int) -> None:
    """A box stands in its corner, a bar along its edge, the centre in the middle; right to left, mirrored."""
    form, position = LAYOUTS[number]
    lay_out(spoken, form, position)
    visitor = visit(spoken)
    for language in ("en", "ar"):
        show(visitor, "light", (1280, 800), language)
        found = visitor.banner.bounding_box()
        assert found
        left, right = found["x"], 1280 - found["x"] - found["width"]
        top, bottom = found["y"], 800 - found["y"] - found["height"]
        if language == "ar":
            left, right = right, left
        near: dict[str, Any] = {
            "bottom-start": left < 40 < right and bottom < 40 < top,
            "bottom-end": right < 40 < left and bottom < 40 < top,
            "top": left == right == top == 0 < bottom,
            "bottom": left == right == bottom == 0 < top,
            "centre": abs(left - right) < 2 and abs(top - bottom) < 2,
        }
        assert near[position], (language, found)


def test_the_page_can_be_used_behind_it(visit: Callable[..., Visitor], spoken: Demo) -> None:
    """Even a banner in the middle locks nothing: the page scrolls and can be clicked, and it stays put."""
    lay_out(spoken, "centre", "centre")
    visitor = visit(spoken)
    show(visitor, "light", (1280, 800), "en")
    before = picture(visitor)
    visitor.page.mouse.move(20, 400)
    visitor.page.mouse.wheel(0, 600)
    visitor.until(lambda: visitor.page.evaluate("scrollY") > 500, "the page to scroll")
    visitor.page.mouse.move(640, 400)
    visitor.page.mouse.wheel(0, 400)
    visitor.until(lambda: visitor.page.evaluate("scrollY") > 800, "the page to scroll under the banner")
    assert picture(visitor) == before
    assert visitor.page.evaluate("getComputedStyle(document.documentElement).overflow") == "visible"
