"""The doctor's look at what receipts are searched and counted by, held against what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.cli.findings import ok, wrong
from consent_server.consent.searched import day_of, differing, recount, said_by
from consent_server.consent.statistics import LAST_DAY, date_of
from consent_server.errors import EvidenceInvalid
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consent_server.cli.findings import Finding
    from consent_server.consent.searched import Said
    from consent_server.consent.stored import Leaf, Tally
    from consent_server.storage.store import SqlStore

LAST = 2000
"""Leaves that are looked at, the newest sealed ones: tenths of a second."""

_NAMED = 3
_ADVICE = (
    "Filters and statistics mislead then; what the receipts say counts. Let `consent-server verify` check "
    "and count an export, and ask who changed the database."
)


def look_at_receipts(store: SqlStore, site: str) -> Iterator[Finding]:
    """Compare the last receipts of a log with their columns, and count anew the days that they are all of."""
    before = store.tallies(site, 0, LAST_DAY)
    state = store.log(site)
    start = max(0, state.size - LAST) if state else 0
    receipts = [(leaf, _said(leaf)) for leaf in store.sealed(site, start, LAST) if leaf.type == RECEIPT_TYPE]
    after = store.tallies(site, 0, LAST_DAY)
    faults = [fault for leaf, said in receipts if (fault := _fault(leaf, said))]
    if faults:
        yield wrong(f"The index of {site} differs from what receipts say: {_named(faults)}.", _ADVICE)
    # Of the window's first day, and of one that borders on it, some receipts may lie before the window.
    first = min((day_of(leaf) for leaf, _ in receipts), default=0) + 2 if start else 0
    counts = {one: count for one, count in before.items() if one.day >= first}
    whole = [(leaf, said) for leaf, said in receipts if day_of(leaf) >= first]
    # What changed meanwhile was sealed meanwhile.
    miscounted = [one for one in recount(whole, counts) if before.get(one) == after.get(one)]
    if miscounted:
        yield wrong(f"The statistics of {site} miscount {_named(_days(miscounted))}.", _ADVICE)
    if receipts and not faults and not miscounted:
        yield ok(f"The last {len(receipts)} receipts of {site} are found and counted as what they say.")


def _said(leaf: Leaf) -> Said | EvidenceInvalid | None:
    try:
        return said_by(leaf) if leaf.jws is not None else None
    except EvidenceInvalid as error:
        return error


def _fault(leaf: Leaf, said: Said | EvidenceInvalid | None) -> str:
    """Say what is wrong with a receipt; nothing where all is well, or where it was erased."""
    if said is None:
        return ""
    if isinstance(said, EvidenceInvalid):
        return f"{leaf.id} cannot be read ({said.detail})"
    names = differing(leaf, said)
    return f"{leaf.id} ({', '.join(names)})" if names else ""


def _days(counts: Sequence[Tally]) -> list[str]:
    return [f"{one.respect} {one.value} on {date_of(one.day)}" for one in counts]


def _named(faults: Sequence[str]) -> str:
    more = len(faults) - _NAMED
    return "; ".join(faults[:_NAMED]) + (f"; and {more} more" if more > 0 else "")
