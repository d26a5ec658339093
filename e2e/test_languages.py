"""Every language that the widget speaks: the official ones of the EU, and six more."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from e2e.stock import stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.demo import Demo
    from e2e.visitor import Visitor

LANGUAGES = """
bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv
ar he is nb tr uk
""".split()  # noqa: SIM905 - one to a line would be thirty lines
RIGHT_TO_LEFT = {"ar", "he"}
TEXTS = Path(__file__).parent.parent / "consent_server" / "texts"
PAGE = "<!doctype html><html lang={language}><title>Shop</title>{tag}<h1>Shop</h1>"


@pytest.fixture(scope="module")
def polyglot(own_demo: Demo) -> Demo:
    """Start servers of a site in every language."""
    stock(own_demo, [language for language in LANGUAGES if language not in {"en", "lt"}])
    return own_demo


def words(language: str) -> dict[str, Any]:
    """Return the texts of a language."""
    found: dict[str, Any] = tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))["widget"]
    return found


def test_every_language_asks_in_its_own_words(visit: Callable[..., Visitor], polyglot: Demo) -> None:
    """A page in any of them is asked in it, in its direction, with its own three buttons."""
    visitor = visit(polyglot)
    labels = set()
    for language in LANGUAGES:
        path = polyglot.pages.put(f"/in-{language}", PAGE.format(language=language, tag=polyglot.tag))
        visitor.open_other(path)
        expect(visitor.banner).to_have_attribute("lang", language)
        expect(visitor.banner).to_have_attribute("dir", "rtl" if language in RIGHT_TO_LEFT else "ltr")
        texts = words(language)
        shown = visitor.banner.locator("button").all_inner_texts()
        assert shown == [texts["refuse_all"], texts["accept_all"], texts["choose"]]
        labels.add(tuple(shown))
    assert len(labels) == len(LANGUAGES)
