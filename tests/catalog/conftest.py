"""A small catalog that holds, and what is wrong with a catalog that does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from consent_server.catalog.model import Catalog
from consent_server.catalog.toml import parse_catalog
from consent_server.errors import CatalogError, Flaw

SMALL = Path(__file__).with_name("small.toml").read_text(encoding="utf-8")

Parse = Callable[..., Catalog]
FlawsOf = Callable[..., list[Flaw]]
Change = tuple[str, str]


def _changed(changes: tuple[Change, ...]) -> bytes:
    source = SMALL
    for old, new in changes:
        assert source.count(old) == 1, f"{old!r} must stand once in the small catalog"
        source = source.replace(old, new)
    return source.encode()


@pytest.fixture
def small() -> bytes:
    """Give the bytes of a small catalog without flaws."""
    return SMALL.encode()


@pytest.fixture
def parse() -> Parse:
    """Parse the small catalog after changes: pairs of what stands there and what to write instead."""
    return lambda *changes: parse_catalog(_changed(changes), "catalog.toml")


@pytest.fixture
def flaws_of() -> FlawsOf:
    """Return what is wrong with the small catalog after changes, or with these bytes."""

    def flaws(*changes: Change, source: bytes | None = None) -> list[Flaw]:
        with pytest.raises(CatalogError) as refused:
            parse_catalog(_changed(changes) if source is None else source, "catalog.toml")
        return refused.value.flaws

    return flaws
