"""What a reader of the cookie table looks for: read from the address, kept in it, done without JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consent_server.catalog.model import Catalog, Cookie

LONGEST = 100
"""Characters of the words to look for; the rest is cut off."""

SORTS = ("service", "name", "lifespan")
"""The columns that rows can be sorted by; the first is the usual one."""

PARTIES = ("first", "third")


@dataclass(frozen=True, slots=True)
class Search:
    """Which rows to show and in which order; an empty member asks for nothing.

    `text` holds words that a row must all have, `party` is one of PARTIES, `sort` one of SORTS.
    """

    text: str = ""
    category: str = ""
    party: str = ""
    sort: str = SORTS[0]

    @property
    def narrow(self) -> bool:
        """Whether some rows may be left out."""
        return bool(self.text or self.category or self.party)

    @property
    def query(self) -> str:
        """The search as the rest of a query string, each parameter after an `&`, without what is usual."""
        named = {"q": self.text, "category": self.category, "party": self.party, "sort": self.sort}
        kept = {name: value for name, value in named.items() if value and value != SORTS[0]}
        return f"&{urlencode(kept)}" if kept else ""

    def by(self, sort: str) -> Search:
        """Return the same search in another order."""
        return replace(self, sort=sort)


def read_search(arguments: Mapping[str, str], categories: Iterable[str]) -> Search:
    """Read a search from an address. What is not known there counts as not asked for."""

    def known(name: str, values: Iterable[str], usual: str = "") -> str:
        value = arguments.get(name, "")
        return value if value in values else usual

    return Search(
        text=_clean(arguments.get("q", "")),
        category=known("category", tuple(categories)),
        party=known("party", PARTIES),
        sort=known("sort", SORTS, SORTS[0]),
    )


def _clean(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST])
    return " ".join(shown.split())


def found(catalog: Catalog, search: Search, language: str) -> list[Cookie]:
    """Return the cookies that `search` finds, sorted within themselves but not by category."""
    cookies = [cookie for cookie in catalog.cookies if _fits(catalog, cookie, search, language)]
    return sorted(cookies, key=lambda cookie: _place(catalog, cookie, search.sort))


def _fits(catalog: Catalog, cookie: Cookie, search: Search, language: str) -> bool:
    service = catalog.service(cookie.service)
    if search.category not in {"", cookie.category}:
        return False
    if search.party and service.third_party != (search.party == "third"):
        return False
    said = f"{cookie.name} {cookie.purpose[language]} {service.name} {service.provider}".casefold()
    return all(word in said or _is_named(cookie, word) for word in search.text.casefold().split())


def _is_named(cookie: Cookie, word: str) -> bool:
    """Tell whether a name that a visitor sees in the browser is one of this row's pattern."""
    start, star, _ = cookie.name.casefold().partition("*")
    return bool(star and start) and word.startswith(start)


def _place(catalog: Catalog, cookie: Cookie, sort: str) -> tuple[float, bool, str, str]:
    service = catalog.service(cookie.service)
    name = cookie.name.casefold()
    if sort == "name":
        return 0, False, name, cookie.storage
    length = _length(cookie) if sort == "lifespan" else 0
    return length, service.third_party, service.name.casefold(), name


def _length(cookie: Cookie) -> float:
    """Return seconds: none until the browser closes, without end until somebody deletes it."""
    if cookie.lifespan.kind == "session":
        return 0
    seconds = cookie.lifespan.seconds
    return inf if seconds is None else seconds
