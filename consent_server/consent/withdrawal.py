"""What becomes of each cookie that a decision refuses: deleted by whom, or left and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

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


def deletions(catalog: Catalog, seen: Collection[str], granted: Mapping[str, bool]) -> list[Deletion]:
    """Say what becomes of every refused row, given the names of the cookies that the browser sent us.

    `granted` is what the decision says of categories and services together; what it leaves out is refused.
    A name that comes again after it was expired was not deleted: that is how a repeat checks.
    """
    kept = [row for row in catalog.cookies if _is_granted(catalog, row, granted)]
    refused = [row for row in catalog.cookies if row not in kept]
    # What a granted row covers stays, even where a refused row's pattern covers it too.
    free = sorted(name for name in seen if not any(_matches(name, row.name) for row in kept))[:MOST_SEEN]
    return [deletion for row in refused for deletion in _fates(row, free)]


def _is_granted(catalog: Catalog, row: Cookie, granted: Mapping[str, bool]) -> bool:
    if catalog.category(row.category).required:
        return True
    return granted.get(row.service, granted.get(row.category, False))


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
