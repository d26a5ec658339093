"""The guides: read once from `browsers.toml`, and put in order for one visitor."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from consent_server.guide.match import match

if TYPE_CHECKING:
    from datetime import date

FALLBACK = "en"
"""The language that is shown where a guide has no steps in the one asked for."""


@dataclass(frozen=True, slots=True)
class Guide:
    """How to delete one website's cookies in one browser on one platform, in one language.

    `browser` and `platform` are ids ("firefox", "android"), `help` is the maker's own page and
    `checked_at` the day on which that link was last confirmed. `language` is that of title and steps.
    """

    browser: str
    platform: str
    name: str
    title: str
    help: str
    checked_at: date
    language: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guides:
    """Every guide: `mine` is this visitor's (None where the browser is not known), `others` all the rest."""

    mine: Guide | None
    others: tuple[Guide, ...]


def guides_for(user_agent: str, brands: str | None, platform: str | None, language: str) -> Guides:
    """Put this visitor's guide first and all others after it, in file order.

    Takes the User-Agent, Sec-CH-UA and Sec-CH-UA-Platform headers as they came. Never raises.
    """
    found = match(user_agent, brands, platform)
    guides = _guides_in(_closest(language))
    mine = next((guide for guide in guides if (guide.browser, guide.platform) == found), None)
    return Guides(mine, tuple(guide for guide in guides if guide is not mine))


def _closest(language: str) -> str:
    spoken = language.partition("-")[0].lower()
    return spoken if spoken in languages() else FALLBACK


@cache
def languages() -> tuple[str, ...]:
    """Return the tags of the languages in which every guide is written."""
    return tuple(_data()["platform"]["desktop"]["title"])


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("browsers.toml").read_text(encoding="utf-8"))


@cache
def _guides_in(language: str) -> tuple[Guide, ...]:
    return tuple(_guide(row, language) for row in _data()["guide"])


def _guide(row: dict[str, Any], language: str) -> Guide:
    title = _data()["platform"][row["platform"]]["title"][language]
    return Guide(
        browser=row["browser"],
        platform=row["platform"],
        name=row["name"],
        title=title.format(browser=row["name"]),
        help=row["help"],
        checked_at=row["checked_at"],
        language=language,
        steps=tuple(row["steps"][language]),
    )
