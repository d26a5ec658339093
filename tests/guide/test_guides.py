"""The guides themselves, and their order for one visitor."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_server.guide import Guide, guides_for
from consent_server.guide.guides import languages

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


def every_guide(language: str = "en") -> tuple[Guide, ...]:
    """All guides in one language."""
    return guides_for("", None, None, language).others


@pytest.mark.parametrize("language", languages())
def test_every_guide_is_complete(language: str) -> None:
    """Each guide has an https link, the day on which it was checked, and three or four steps."""
    for guide in every_guide(language):
        assert guide.help.startswith("https://")
        assert date(2026, 1, 1) <= guide.checked_at
        assert 3 <= len(guide.steps) <= 4
        assert all(step.strip().endswith(".") for step in guide.steps)
        assert guide.name in guide.title


def test_languages_differ() -> None:
    """No guide shows English steps under another language's name."""
    for english, lithuanian in zip(every_guide("en"), every_guide("lt"), strict=True):
        assert not set(english.steps) & set(lithuanian.steps)


def test_no_browser_has_two_guides_for_one_platform() -> None:
    """Browser and platform together name one guide."""
    names = [(guide.browser, guide.platform) for guide in every_guide()]
    assert len(names) == len(set(names))


def test_the_browsers_people_use_are_there() -> None:
    """Each of the eight browsers has a guide for every platform it runs on."""
    names = {(guide.browser, guide.platform) for guide in every_guide()}
    for browser in ("chrome", "firefox", "edge", "opera", "brave", "vivaldi"):
        assert {(browser, "desktop"), (browser, "android"), (browser, "ios")} <= names
    assert {("safari", "desktop"), ("safari", "ios"), ("samsung", "android")} <= names


def test_mine_comes_first_and_is_not_repeated() -> None:
    """The visitor's own guide stands apart, and the others are all the rest."""
    guides = guides_for(FIREFOX, None, None, "en")
    assert guides.mine is not None
    assert (guides.mine.browser, guides.mine.platform) == ("firefox", "desktop")
    assert guides.mine not in guides.others
    assert len(guides.others) == len(every_guide()) - 1


def test_a_browser_without_guide_for_its_platform_is_not_given_another() -> None:
    """Samsung's browser on Windows has no guide here, and is not shown the one for its phones."""
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) SamsungBrowser/29.0 Chrome/136.0.0.0 Safari/537.36"
    assert guides_for(agent, None, None, "en").mine is None


def test_an_unknown_browser_gets_all_guides() -> None:
    """Where the browser is not known there is no guess, and nothing is left out."""
    assert guides_for("curl/8", None, None, "en").mine is None


@pytest.mark.parametrize("language", ["en-GB", "EN", "xx", ""])
def test_a_language_without_guides_gets_english(language: str) -> None:
    """A regional tag finds its language; an unknown one falls back to English."""
    assert every_guide(language) == every_guide("en")


@given(st.text(), st.none() | st.text(), st.none() | st.text(), st.text())
def test_any_header_gets_its_guides(
    agent: str, brands: str | None, platform: str | None, language: str
) -> None:
    """Nothing that a visitor sends makes the guides fail."""
    guides = guides_for(agent, brands, platform, language)
    assert len(guides.others) + (guides.mine is not None) == len(every_guide())
