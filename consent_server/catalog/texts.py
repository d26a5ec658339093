"""The program's own texts: `consent_server/texts/<language>.toml`, a table for each place they appear in."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = files("consent_server") / "texts"


@cache
def languages() -> tuple[str, ...]:
    """Return the language tags (BCP 47) that the program has texts in, sorted."""
    names = (entry.name for entry in _FOLDER.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


@cache
def texts_in(language: str) -> Mapping[str, Mapping[str, str]]:
    """Return the tables of one language ("widget", "lifespan", "own", "page", "guide"): key to text.

    Raises LookupError where there is no texts file for the language.
    """
    if language not in languages():
        raise LookupError(f"there are no texts in {language!r}, only in {', '.join(languages())}")
    tables = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: MappingProxyType(table) for name, table in tables.items()})
