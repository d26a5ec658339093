"""Statistics from counters that are kept while sealing: never from a scan of what is stored."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

from consent_server.consent.stored import Tally
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from consent_server.consent.stored import Waiting

DAY = 24 * 60 * 60 * 1000
"""Milliseconds of a day."""


def tally(waiting: Iterable[Waiting]) -> Counter[Tally]:
    """Count receipts that are being sealed, by day (UTC) and in each respect."""
    receipts = (leaf for leaf in waiting if leaf.type == RECEIPT_TYPE and leaf.state)
    return Counter(chain.from_iterable(map(_respects, receipts)))


def _respects(leaf: Waiting) -> Iterator[Tally]:
    day = leaf.time // DAY
    yield Tally(day, "receipts", "all")
    yield Tally(day, "state", leaf.state)
    yield Tally(day, "method", leaf.method)
    yield Tally(day, "language", leaf.language)
    if leaf.gpc:
        yield Tally(day, "signal", "gpc")
    for name in leaf.granted.split():
        yield Tally(day, "granted", name)


def statistics(tallies: Mapping[Tally, int], first: int, last: int) -> dict[str, Any]:
    """Return statistics of the days `first` to `last` (days since 1970, UTC), ready for JSON.

    The opt-in rate is the share of decisions other than withdrawals that granted something.
    """
    total = _sums(tallies)
    receipts = total.get("receipts", {}).get("all", 0)
    states = total.get("state", {})
    decided = receipts - states.get("withdrawn", 0)
    by_day = _states_by_day(tallies)
    granted = states.get("given", 0) + states.get("partial", 0)
    return {
        "receipts": receipts,
        "opt_in_rate": granted / decided if decided else None,
        "gpc_share": total.get("signal", {}).get("gpc", 0) / receipts if receipts else None,
        "states": states,
        "methods": total.get("method", {}),
        "languages": total.get("language", {}),
        "granted": total.get("granted", {}),
        "days": [{"day": day, "states": by_day.get(day, {})} for day in range(first, last + 1)],
    }


def _sums(tallies: Mapping[Tally, int]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for one, count in sorted(tallies.items(), key=lambda item: item[0].value):
        counts = total.setdefault(one.respect, {})
        counts[one.value] = counts.get(one.value, 0) + count
    return total


def _states_by_day(tallies: Mapping[Tally, int]) -> dict[int, dict[str, int]]:
    days: dict[int, dict[str, int]] = {}
    for one, count in sorted(tallies.items(), key=lambda item: item[0].value):
        if one.respect == "state":
            days.setdefault(one.day, {})[one.value] = count
    return days
