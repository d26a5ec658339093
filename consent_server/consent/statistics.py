"""Statistics from counters that are kept while sealing: never from a scan of what is stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from consent_server.consent.stored import Tally
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from consent_server.consent.stored import Waiting

DAY = 24 * 60 * 60 * 1000
"""Milliseconds of a day."""

_EPOCH = date(1970, 1, 1)
LAST_DAY = (date.max - _EPOCH).days
"""9999-12-31 as days since 1970, the last that can be written as a date."""


def date_of(day: int) -> date:
    """Return the date of a day since 1970, up to `LAST_DAY`."""
    return _EPOCH + timedelta(days=day)


def tally(waiting: Iterable[Waiting]) -> Counter[Tally]:
    """Count receipts that are being sealed, by day (UTC) and in each respect."""
    # Most of a day's receipts agree in every respect: what agrees is counted first.
    alike = Counter(
        (leaf.time // DAY, leaf.state, leaf.method, leaf.language, leaf.gpc, leaf.granted)
        for leaf in waiting
        if leaf.type == RECEIPT_TYPE and leaf.state
    )
    counts: Counter[Tally] = Counter()
    for described, receipts in alike.items():
        for one in _respects(described):
            counts[one] += receipts
    return counts


def _respects(described: tuple[int, str, str, str, bool, str]) -> Iterator[Tally]:
    day, state, method, language, gpc, granted = described
    yield Tally(day, "receipts", "all")
    yield Tally(day, "state", state)
    yield Tally(day, "method", method)
    yield Tally(day, "language", language)
    if gpc:
        yield Tally(day, "signal", "gpc")
    for name in granted.split():
        yield Tally(day, "granted", name)


def statistics(tallies: Mapping[Tally, int], first: int, last: int) -> dict[str, Any]:
    """Return statistics of the days `first` to `last` (days since 1970, UTC), in all and by day, for JSON.

    The opt-in rate is the share of decisions other than withdrawals that granted something.
    """
    total: defaultdict[str, Counter[str]] = defaultdict(Counter)
    days: defaultdict[int, dict[str, dict[str, int]]] = defaultdict(dict)
    for (day, respect, value), count in tallies.items():
        total[respect][value] += count
        days[day].setdefault(respect, {})[value] = count
    by_day = [
        {"date": date_of(day).isoformat(), **_figures(days.get(day, {}))} for day in range(first, last + 1)
    ]
    return {**_figures(total), "days": by_day}


def _figures(counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    def of(respect: str) -> dict[str, int]:
        return dict(sorted(counts.get(respect, {}).items()))

    receipts, states = of("receipts").get("all", 0), of("state")
    decided = receipts - states.get("withdrawn", 0)
    granted = states.get("given", 0) + states.get("partial", 0)
    return {
        "receipts": receipts,
        "opt_in_rate": granted / decided if decided else None,
        "gpc_share": of("signal").get("gpc", 0) / receipts if receipts else None,
        "states": states,
        "methods": of("method"),
        "languages": of("language"),
        "granted": of("granted"),
    }
