"""What becomes of each optional cookie when consent is withdrawn: deleted by whom, or left and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from consent_server.catalog.model import Catalog, Cookie


OWN_COOKIE = "consent"
"""The consent cookie's name (DESIGN 7)."""


MOST_SEEN = 100
"""Names of a request that are looked at: browsers keep fewer than 200 cookies for a site."""


class Outcome(StrEnum):
    """Who deletes a row of the table."""

    EXPIRED = "expired"
    """HttpOnly, and this server expired it with its answer."""
    SCRIPT = "script"
    """Visible to scripts: the widget deletes it, or the visitor with the guide."""
    HOST_ONLY = "host_only"
    """HttpOnly and not visible from this server's host: only the website's own server or the visitor can."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """The fate of one row; `name` is the cookie's real name where it was seen, else the table's."""

    name: str
    category: str
    service: str
    outcome: Outcome
    path: str = "/"


def deletions(catalog: Catalog, seen: Collection[str]) -> list[Deletion]:
    """Say what becomes of every optional row, given the names of the cookies that the browser sent us."""
    optional = {category.id for category in catalog.categories if not category.required}
    kept = [row for row in catalog.cookies if row.category not in optional]
    # What a necessary row covers stays, even where an optional row's pattern covers it too.
    free = sorted(name for name in seen if not any(_matches(name, row.name) for row in kept))[:MOST_SEEN]
    rows = (row for row in catalog.cookies if row.category in optional)
    return [deletion for row in rows for deletion in _fates(row, free)]


def refusal_cookie(revision: str, time: int) -> str:
    """Return the consent cookie's value that grants nothing. `time` in Unix seconds."""
    return f"1.{revision[:8]}.{time}."


def _fates(row: Cookie, seen: Collection[str]) -> Iterator[Deletion]:
    if not row.http_only:
        yield Deletion(row.name, row.category, row.service, Outcome.SCRIPT, row.path)
        return
    names = [name for name in seen if _matches(name, row.name)]
    for name in names:
        yield Deletion(name, row.category, row.service, Outcome.EXPIRED, row.path)
    if not names:
        yield Deletion(row.name, row.category, row.service, Outcome.HOST_ONLY, row.path)


def _matches(name: str, pattern: str) -> bool:
    stem = pattern.removesuffix("*")
    return name.startswith(stem) if stem != pattern else name == pattern
