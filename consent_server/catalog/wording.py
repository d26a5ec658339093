"""How a catalog's things are called in English sentences about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel import Locale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.catalog.model import Catalog


def title(catalog: Catalog, category: str) -> str:
    """Return the title of a category: in English, else in the site's default language."""
    titles = catalog.category(category).title
    return titles.get("en") or titles[catalog.site.languages[0]]


def country(code: str) -> str:
    """Return a country's name in English (ISO 3166 alpha-2, or a union), or words for none."""
    names: Mapping[str, str] = Locale("en").territories
    return names.get(code, code) or "no country named"
