"""Which browser is this? From the User-Agent header and the client hints that come without asking."""

from __future__ import annotations

import re

LONGEST = 1024
"""Characters of a header that are looked at: real ones are shorter."""

# Most browsers carry the tokens of those they descend from ("Chrome", "Safari"), so the order decides.
# A browser that we know and have no guide for (None) must not be taken for its ancestor: its menus differ.
_TOKENS: tuple[tuple[str, str | None], ...] = (
    (r"Brave/", "brave"),
    (r"Vivaldi/", "vivaldi"),
    (r"Edg(?:e|A|iOS)?/", "edge"),
    (r"OPR/|OPT/|OPiOS/|OPX/|Opera[ /]", "opera"),
    (r"SamsungBrowser/", "samsung"),
    (r"SeaMonkey/|PaleMoon/|Focus/|Klar/", None),
    (r"FxiOS/|Firefox/", "firefox"),
    (r"YaBrowser/|UCBrowser/|DuckDuckGo/|Ddg/|MiuiBrowser/|HuaweiBrowser/|Whale/|QQBrowser/|Silk/", None),
    (r"FBAN/|FBAV/|Instagram |GSA/|wv\)", None),
    (r"CriOS/|(?:Headless)?Chrome/", "chrome"),
    (r"Version/[\d.]+ (?:Mobile/\w+ )?Safari/", "safari"),
)
_BROWSERS = tuple((re.compile(rf"(?:^|[ ;(\[])(?:{tokens})"), browser) for tokens, browser in _TOKENS)

_IOS = re.compile(r"iPhone|iPad|iPod|(?:CriOS|FxiOS|EdgiOS|OPiOS|OPT|OPX)/")

# Brands as Sec-CH-UA names them. A browser that hides its name in the User-Agent often says it here.
_BRANDS = (
    ("Brave", "brave"),
    ("Vivaldi", "vivaldi"),
    ("Microsoft Edge", "edge"),
    ("Opera", "opera"),
    ("Samsung Internet", "samsung"),
)


def match(user_agent: str, brands: str | None = None, platform: str | None = None) -> tuple[str, str] | None:
    """Return (browser id, platform) as `browsers.toml` names them, or None where it cannot be told.

    `brands` is the Sec-CH-UA header, `platform` Sec-CH-UA-Platform. Any text is answered, none raises.
    """
    agent = user_agent[:LONGEST]
    browser = _branded((brands or "")[:LONGEST]) or _named(agent)
    return (browser, _platform(browser, agent, (platform or "")[:LONGEST])) if browser else None


def _branded(brands: str) -> str | None:
    return next((browser for brand, browser in _BRANDS if f'"{brand}"' in brands), None)


def _named(agent: str) -> str | None:
    browser = next((browser for tokens, browser in _BROWSERS if tokens.search(agent)), None)
    # The old Android browser also calls itself "Version/… Safari/".
    return None if browser == "safari" and "Android" in agent else browser


def _platform(browser: str, agent: str, hint: str) -> str:
    if hint.strip('" ') == "iOS" or _IOS.search(agent):
        return "ios"
    # Samsung Internet hides its phone where the user asks for the page as a computer would see it.
    hidden = browser == "samsung" and "Windows" not in agent
    if hint.strip('" ') == "Android" or "Android" in agent or hidden:
        return "android"
    return "desktop"
