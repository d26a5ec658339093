"""Axe-core finds nothing wrong: WCAG 2.2 AA and best practices, in every layer, layout, theme and width."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.stock import lay_out, stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.demo import Demo
    from e2e.visitor import Visitor

AXE = Path(__file__).parent.parent / "widget/node_modules/axe-core/axe.min.js"
RUN = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations, passes } = await axe.run(document, { runOnly: tags });
  return {
    passes: passes.length,
    violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" "))}`),
  };
}"""
THEMES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}
PAIRS = [
    ("box", "light", "1280", "en"),
    ("box", "dark", "320", "de"),
    ("box", "forced", "1280", "ar"),
    ("bar", "light", "320", "ar"),
    ("bar", "dark", "1280", "en"),
    ("bar", "forced", "320", "de"),
    ("centre", "light", "1280", "de"),
    ("centre", "dark", "1280", "ar"),
    ("centre", "forced", "320", "en"),
]
"""Layout, theme, width and language: each two of them meet."""


@pytest.fixture(scope="module")
def spoken(own_demo: Demo) -> Demo:
    """Start servers that also speak German and Arabic."""
    stock(own_demo, ["de", "ar"])
    return own_demo


def page(demo: Demo, language: str) -> str:
    """Serve a page that itself has no flaw, in a language; return its path."""
    tag = demo.tag.replace("consent.js", f"consent.js?lang={language}")
    return demo.pages.put(
        f"/{language}",
        f"<!doctype html><html lang={language}><meta charset=utf-8><title>Shop</title>"
        f"<style>:root {{ color-scheme: light dark }} a {{ color: inherit }}</style>{tag}"
        "<main><h1>Shop</h1><p>What we sell.</p><a href='#' data-consent-open>Cookies</a></main>",
    )


def flaws(visitor: Visitor) -> list[str]:
    """Return what axe-core finds in the page as it is now."""
    if not visitor.page.evaluate("'axe' in window"):
        visitor.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = visitor.page.evaluate(RUN)
    assert found["passes"] > 10
    return list(found["violations"])


@pytest.mark.parametrize("look", PAIRS, ids="-".join)
def test_axe_finds_nothing(visit: Callable[..., Visitor], spoken: Demo, look: tuple[str, ...]) -> None:
    """Neither in the banner, the preferences with all their tables and receipt, nor the report."""
    form, theme, width, language = look
    lay_out(spoken, form)
    visitor = visit(spoken)
    visitor.page.set_viewport_size({"width": int(width), "height": 800})
    visitor.page.emulate_media(**THEMES[theme])
    visitor.open_other(page(spoken, language))
    visitor.banner.wait_for()
    assert visitor.banner.get_attribute("lang") == language
    assert flaws(visitor) == []
    visitor.accept_all()
    visitor.page.locator("[data-consent-open]").click()
    visitor.preferences.wait_for()
    for summary in visitor.preferences.locator("summary").all():
        summary.click()
    visitor.preferences.locator(".v[data-is=verified]").wait_for()
    assert flaws(visitor) == []
    visitor.press("withdraw", "consent-preferences")
    visitor.report()
    assert flaws(visitor) == []
