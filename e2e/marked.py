"""Pages with marked scripts and frames, and what of them ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e2e.visitor import Visitor

RAN = "<script>window.ran = []</script>"
KEPT_BACK = '<script type="text/plain" data-consent="{id}"{more}>{code}</script>'


def gated(word: str, consent: str = "analytics", more: str = "") -> str:
    """Return an inline script that writes down its word once it may run."""
    return KEPT_BACK.format(id=consent, more=more, code=f"ran.push('{word}')")


def external(name: str, more: str = "") -> str:
    """Return a script in a file of its own that may run with the statistics."""
    return KEPT_BACK.format(id="analytics", more=f' src="/gated/{name}.js"{more}', code="")


def film(consent: str = "functional", name: str = "film") -> str:
    """Return a frame that may load with its category."""
    return f'<iframe name="{name}" title="{name}" data-consent="{consent}" data-src="/gated/{name}"></iframe>'


def ran(visitor: Visitor) -> list[str]:
    """Return the words that were written down, in order."""
    words: list[str] = visitor.page.evaluate("ran")
    return words


def ran_in_the_end(visitor: Visitor, *words: str) -> None:
    """Wait until exactly these words were written, and no other follows."""
    visitor.until(lambda: len(ran(visitor)) >= len(words), f"{words}")
    visitor.page.wait_for_timeout(50)
    assert ran(visitor) == list(words)


def open_page(visitor: Visitor, body: str, *, policy: str = "", tag: str = "") -> None:
    """Bring the visitor to a page with this in its body."""
    html = f"<!doctype html><html lang='en'><title>Shop</title>{RAN}{tag or visitor.demo.tag}{body}</html>"
    visitor.open_other(visitor.demo.pages.put("/gated", html, policy))
