"""Names and patterns: each thing that is stored belongs to one row, or at least to one category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.catalog.formats import NAME_LENGTH
from consent_server.catalog.own import OWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consent_server.catalog.flaws import Flaws
    from consent_server.catalog.model import Cookie

_Rows = dict[tuple[str, str], "Cookie"]


def check_names(flaws: Flaws, cookies: Sequence[Cookie]) -> None:
    """Add a flaw for each name that stands twice, is the widget's own, or falls under two categories.

    The cost grows with the length of all names together.
    """
    rows: _Rows = {}
    for index, cookie in enumerate(cookies):
        row = (cookie.name, cookie.storage)
        if row in OWN:
            message = f"remove the row {cookie.name!r}: the program itself adds it to every table"
            flaws.at_key(("cookie", index, "name"), "cookie-own", message)
        elif cookie.name and row in rows:
            message = f"{cookie.name!r} ({cookie.storage}) stands in the table twice: remove one row"
            flaws.at_value(("cookie", index, "name"), "cookie-twice", message)
        rows.setdefault(row, cookie)
    for index, cookie in enumerate(cookies):
        problem = _own_flaw(cookie) or _category_flaw(cookie, rows)
        if problem:
            flaws.at_value(("cookie", index, "name"), *problem)


def _own_flaw(cookie: Cookie) -> tuple[str, str] | None:
    for name, storage in OWN:
        if storage == cookie.storage and cookie.name.endswith("*") and name.startswith(cookie.name[:-1]):
            message = f"{cookie.name!r} covers {name!r}, which the program itself stores: narrow the pattern"
            return "cookie-own", message
    return None


def _category_flaw(cookie: Cookie, rows: _Rows) -> tuple[str, str] | None:
    for pattern in _patterns_over(cookie.name):
        other = rows.get((pattern, cookie.storage))
        if other and other.category != cookie.category:
            return "cookie-overlap", (
                f"{cookie.name!r} ({cookie.category}) falls under {pattern!r} ({other.category}) too: "
                "narrow the pattern, or put both rows into one category"
            )
    return None


def _patterns_over(name: str) -> Iterator[str]:
    """Yield every pattern that covers all that a name covers, the name itself left out."""
    stem = name.removesuffix("*")[:NAME_LENGTH]
    longest = len(stem) - name.endswith("*")
    return (f"{stem[:length]}*" for length in range(longest, 0, -1))
