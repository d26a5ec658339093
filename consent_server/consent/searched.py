"""What receipts are searched and counted by: read from each receipt, compared with the index beside it.

Columns and counters are an index that nobody signed. What an auditor is shown is what the receipt says.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from consent_server.consent.receipt import subject_text
from consent_server.consent.statistics import DAY, tally
from consent_server.consent.stored import Tally, Waiting
from consent_server.consent.uuid7 import milliseconds_of
from consent_server.errors import EvidenceInvalid
from consent_server.evidence.content import check_content
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.evidence.verify import parse_jws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from consent_server.consent.stored import Leaf


class Said(NamedTuple):
    """What a receipt says of itself. `time` in Unix milliseconds; `granted` are categories and services."""

    time: int
    state: str
    method: str
    language: str
    granted: tuple[str, ...]
    gpc: bool
    subject: str
    notice: str


def said_by(leaf: Leaf) -> Said:
    """Return what the receipt in a leaf says, unverified but for its form. Raises EvidenceInvalid."""
    payload = parse_jws(leaf.jws or "").payload
    content = check_content(RECEIPT_TYPE, payload, leaf.site)
    if content.id != str(leaf.id):
        raise EvidenceInvalid(f"It is the receipt {content.id}, not the one that stands here.")
    said = {**payload["choices"], **payload["services"]}
    return Said(
        content.time,
        content.state,
        payload["method"],
        _member(payload["notice"], "lang", str),
        tuple(sorted(name for name, says in said.items() if says)),
        _member(_member(payload, "signals", dict), "gpc", bool),
        _member(payload, "subject", str),
        payload["notice"]["sha256"],
    )


def differing(leaf: Leaf, said: Said) -> list[str]:
    """Return in which columns a leaf is not what its receipt says."""
    columns = Said(
        leaf.time,
        leaf.state,
        leaf.method,
        leaf.language,
        tuple(leaf.granted.split()),
        leaf.gpc,
        subject_text(leaf.subject),
        leaf.notice,
    )
    return [name for name, one, other in zip(Said._fields, columns, said, strict=True) if one != other]


def recount(receipts: Iterable[tuple[Leaf, object]], kept: Mapping[Tally, int]) -> Iterator[Tally]:
    """Yield each count that is not what receipts say. `receipts` are all of every day in `kept`.

    Where nothing is said, by an erased receipt or one that cannot be read, only the day is known.
    """
    counted: Counter[Tally] = Counter()
    unknown: Counter[int] = Counter()
    for leaf, said in receipts:
        if isinstance(said, Said):
            counted.update(tally([_waiting(leaf, said)]))
        else:
            unknown[day_of(leaf)] += 1
    for one in sorted(counted.keys() | kept.keys()):
        if not counted[one] <= kept.get(one, 0) <= counted[one] + unknown[one.day]:
            yield one


def day_of(leaf: Leaf) -> int:
    """Return the day (days since 1970, UTC) that a receipt's id says it was made on."""
    return milliseconds_of(leaf.id) // DAY


def _waiting(leaf: Leaf, said: Said) -> Waiting:
    granted = " ".join(said.granted)
    return Waiting(
        leaf.id,
        leaf.leaf_hash,
        said.time,
        leaf.type,
        said.state,
        said.method,
        said.language,
        granted,
        said.gpc,
    )


def _member(value: Mapping[str, Any], name: str, kind: type) -> Any:
    found = value.get(name)
    if type(found) is not kind or not str(found).isprintable():
        raise EvidenceInvalid(f"Its “{name}” is not what that of a receipt is.")
    return found
