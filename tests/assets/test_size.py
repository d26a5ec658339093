"""How much every visitor downloads: a promise, so a test; README quotes these numbers."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from consent_server.assets import load
from consent_server.catalog.files import read_catalogs
from consent_server.catalog.notice import build_notice
from consent_server.web.files import File
from consent_server.web.widget import script_of, short_envelope_of

ROOT = Path(__file__).resolve().parents[2]
TO_THE_BANNER = 6500
"""Bytes of consent.js, brotli."""
WITH_EVERYTHING = 14_000
"""The same with the lazy chunk."""
EXTRAS = 2500
"""Bytes more on a page that has a place for the cookie table, or the button."""


def size(content: bytes) -> int:
    """Return the bytes that the server sends to a browser that takes brotli."""
    return len(File.of(content).brotli)


def script(catalog: str) -> bytes:
    """Return consent.js of a catalog, in English."""
    build = load().build.content
    (found,) = read_catalogs(ROOT / catalog)
    notice = build_notice(found, "en")
    return script_of(short_envelope_of(notice, hashlib.sha256(build).hexdigest()), build)


@pytest.mark.parametrize("catalog", ["cookie_catalog.toml", "bench/widgets.toml"])
def test_the_script_is_small(catalog: str) -> None:
    """The one request that a banner takes stays within its budget, with the notice in it."""
    assert size(script(catalog)) <= TO_THE_BANNER


def test_everything_together_is_small() -> None:
    """The script and what is loaded when it is first needed stay within theirs."""
    assert size(script("cookie_catalog.toml")) + size(load().preferences.content) <= WITH_EVERYTHING


def test_what_few_websites_have_is_small() -> None:
    """What only pages with a cookie table or the button load stays within its own budget."""
    assert size(load().extras.content) <= EXTRAS


def test_the_readme_quotes_these_numbers() -> None:
    """Every budget stands in the README as it is tested here."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    quoted = re.findall(r"([\d,]+) bytes \(brotli\)", readme)
    assert quoted == [f"{TO_THE_BANNER:,}", f"{WITH_EVERYTHING:,}"]
    assert f"at most {EXTRAS:,} bytes more" in readme
