"""Which browser a visitor uses, from real headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_server.guide import match

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
PHONE = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"

AGENTS = {
    f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36": ("chrome", "desktop"),
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Safari/537.36": ("chrome", "desktop"),
    f"{PHONE} Chrome/142.0.0.0 Mobile Safari/537.36": ("chrome", "android"),
    f"{IPHONE} CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1": ("chrome", "ios"),
    f"{MAC} CriOS/142 Version/11.1.1 Safari/605.1.15": ("chrome", "ios"),
    f"{LINUX} HeadlessChrome/142.0.0.0 Safari/537.36": ("chrome", "desktop"),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0": (
        "firefox",
        "desktop",
    ),
    "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0": ("firefox", "android"),
    f"{IPHONE} FxiOS/145.0 Mobile/15E148 Safari/604.1": ("firefox", "ios"),
    f"{MAC} Version/26.1 Safari/605.1.15": ("safari", "desktop"),
    f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1": ("safari", "ios"),
    f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0": ("edge", "desktop"),
    f"{WINDOWS} Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763": ("edge", "desktop"),
    f"{PHONE} Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0": ("edge", "android"),
    f"{IPHONE} Version/18.0 EdgiOS/142.0.3595.66 Mobile/15E148 Safari/604.1": ("edge", "ios"),
    f"{WINDOWS} Chrome/141.0.0.0 Safari/537.36 OPR/125.0.0.0": ("opera", "desktop"),
    f"{PHONE} Chrome/141.0.0.0 Mobile Safari/537.36 OPR/92.0.0.0": ("opera", "android"),
    f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1 OPT/6.2.0": ("opera", "ios"),
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18": ("opera", "desktop"),
    f"{PHONE} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36": ("samsung", "android"),
    f"{LINUX} SamsungBrowser/29.0 Chrome/136.0.0.0 Safari/537.36": ("samsung", "android"),
    f"{WINDOWS} SamsungBrowser/29.0 Chrome/136.0.0.0 Safari/537.36": ("samsung", "desktop"),
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1": ("safari", "ios"),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0": (
        "firefox",
        "desktop",
    ),
    f"{MAC} FxiOS/145.0 Safari/605.1.15": ("firefox", "ios"),
    f"{IPHONE} OPX/5.3.1 Version/18.5 Mobile/15E148 Safari/604.1": ("opera", "ios"),
    f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1 Brave/1": ("brave", "ios"),
    f"{WINDOWS} Chrome/142.0.0.0 Safari/537.36 Vivaldi/7.6.3797.63": ("vivaldi", "desktop"),
    f"{PHONE} Chrome/142.0.0.0 Mobile Safari/537.36 Vivaldi/7.6.3797.63": ("vivaldi", "android"),
    f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1 Vivaldi/7.6.3797.63": ("vivaldi", "ios"),
    f"{WINDOWS} Chrome/73.0.3683.103 Safari/537.36 Brave/73": ("brave", "desktop"),
}

UNKNOWN = [
    "",
    "curl/8.14.1",
    "Mozilla/5.0",
    "NotFirefox/3.0",
    f"{WINDOWS} Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36",
    f"{IPHONE} GSA/395.0.825982162 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/535.0]",
    "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Version/4.0 Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; U; Android 4.0.3) AppleWebKit/534.30 Version/4.0 Mobile Safari/534.30",
    "Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.19",
]


@pytest.mark.parametrize(("agent", "found"), AGENTS.items())
def test_a_user_agent_names_browser_and_platform(agent: str, found: tuple[str, str]) -> None:
    """A browser is told from those whose tokens it also carries."""
    assert match(agent) == found


@pytest.mark.parametrize("agent", UNKNOWN)
def test_an_unknown_browser_is_not_taken_for_its_ancestor(agent: str) -> None:
    """Where the browser cannot be told, or has no guide here, nothing is guessed."""
    assert match(agent) is None


@pytest.mark.parametrize(
    ("brand", "browser"),
    [
        ("Brave", "brave"),
        ("Vivaldi", "vivaldi"),
        ("Microsoft Edge", "edge"),
        ("Opera", "opera"),
        ("Samsung Internet", "samsung"),
        ("Google Chrome", "chrome"),
    ],
)
def test_client_hints_reveal_what_the_user_agent_hides(brand: str, browser: str) -> None:
    """A browser that calls itself Chrome in its user agent is known by its brand."""
    brands = f'"Chromium";v="142", "{brand}";v="142", "Not_A Brand";v="99"'
    found = match(f"{PHONE} Chrome/142.0.0.0 Mobile Safari/537.36", brands, '"Android"')
    assert found == (browser, "android")


def test_the_platform_hint_wins_over_a_frozen_user_agent() -> None:
    """Sec-CH-UA-Platform tells Android even where the user agent asks for the desktop page."""
    assert match(f"{LINUX} Chrome/142.0.0.0 Safari/537.36", None, '"Android"') == ("chrome", "android")


@given(st.text(), st.none() | st.text(), st.none() | st.text())
def test_any_text_is_answered(agent: str, brands: str | None, platform: str | None) -> None:
    """No header, however odd, makes the match fail."""
    found = match(agent, brands, platform)
    assert found is None or all(found)


@pytest.mark.parametrize("odd", ["Version/" + "1." * 1_000_000, "\x00\x1f\ud800" * 1000, "[" * 100_000])
def test_huge_and_damaged_headers_are_answered_at_once(odd: str) -> None:
    """Length and control characters cost nothing: only the beginning is looked at."""
    assert match(odd, odd, odd) is None
