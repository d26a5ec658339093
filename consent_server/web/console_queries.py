"""The console's forms as queries: fields left empty count as left out, and the last day counts too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from consent_server.consent.statistics import DAY, date_of
from consent_server.errors import QueryInvalid
from consent_server.web.queries import load_days, load_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.web.queries import Page

PAGE_SIZE = 50
"""Receipts that a page of the console lists."""

RANGES = (7, 30, 90)
"""The ranges that the dashboard offers, in days."""


@dataclass(frozen=True, slots=True)
class Days:
    """A range of days (days since 1970, UTC), both inside; `length` is one of RANGES, else 0."""

    first: int
    last: int
    length: int

    @property
    def query(self) -> str:
        """The range as a query of the console."""
        return urlencode({"from": date_of(self.first), "through": date_of(self.last)})


def filled(query: Mapping[str, str]) -> dict[str, str]:
    """Return the fields that hold something."""
    return {name: value.strip() for name, value in query.items() if value.strip()}


def load_range(query: Mapping[str, str], now: int) -> Days:
    """Return the days that the dashboard is asked for, the last 30 by default. Raises QueryInvalid."""
    asked = filled(query)
    days = asked.pop("days", None)
    if days is None:
        return Days(*load_days(_until(asked) or {"from": _iso(now, 30)}, now), 0 if asked else 30)
    if asked or days not in {str(length) for length in RANGES}:
        raise QueryInvalid("“days” is 7, 30 or 90 and stands alone.")
    return Days(*load_days({"from": _iso(now, int(days))}, now), int(days))


def load_list(query: Mapping[str, str]) -> Page:
    """Return which receipts are asked for. Raises QueryInvalid."""
    return load_page(_until({"limit": str(PAGE_SIZE), **filled(query)}))


def _iso(now: int, days: int) -> str:
    return date_of(now // DAY - days + 1).isoformat()


def _until(query: dict[str, str]) -> dict[str, str]:
    """Turn the last day of a range into the first moment after it."""
    query = dict(query)
    through = query.pop("through", None)
    if through is None:
        return query
    if "to" in query:
        raise QueryInvalid("“to” and “through” cannot stand together.")
    try:
        return {**query, "to": (date.fromisoformat(through) + timedelta(days=1)).isoformat()}
    except (ValueError, OverflowError):
        raise QueryInvalid("“through” is a date such as 2026-11-23.") from None
