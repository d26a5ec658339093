"""Verification of a range of a log: each leaf is proved to be in it, and none in the range is missing.

After the leaves of the range stand those statements from later in the log that name what was erased in it.
That the range holds every leaf of the times asked for is shown by its ends, which lie outside of them by
more than sealing and clocks explain (`order`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.export import at, first_outside
from consent_server.evidence.lines import Terms
from consent_server.evidence.merkle import verify_inclusion
from consent_server.evidence.note import decode_base64
from consent_server.evidence.order import BACK, Order
from consent_server.evidence.pack.layout import LEAVES, PROOFS
from consent_server.evidence.parallel import check_lines
from consent_server.evidence.signing import ERASURE_TYPE
from consent_server.evidence.verify import json_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from consent_server.evidence.checkpoint import Checkpoint
    from consent_server.evidence.lines import Batch, Line
    from consent_server.evidence.pack.layout import Part
    from consent_server.evidence.shown import Asked

_HEAD = 1
_FIRST_LEAF = 2


@dataclass(slots=True)
class PartCheck:
    """Verifies the leaves of `part` under an opened checkpoint while they are read. As ExportCheck."""

    part: Part
    checkpoint: Checkpoint
    notices: Mapping[str, Asked] = field(default_factory=dict)
    states: Counter[str] = field(default_factory=Counter)
    _next: int = 0
    _after: int = -1
    _order: Order = field(default_factory=Order)
    _erased: list[tuple[int, int]] = field(default_factory=list)
    _stated: list[tuple[int, int]] = field(default_factory=list)

    def verify(
        self, head: Mapping[str, Any], lines: Iterable[bytes], proofs: Iterable[bytes], workers: int = 1
    ) -> Iterator[int]:
        """Verify the lines after `head`; yield how many lines hold, batch by batch. Raises EvidenceInvalid.

        A fault names the file and the line.
        """
        if self.part.end > self.checkpoint.size:
            raise EvidenceInvalid(
                f"{LEAVES}: The range goes beyond the {self.checkpoint.size} leaves sealed."
            )
        self._next = self.part.first
        numbered = enumerate(proofs, 1)
        number = _HEAD
        terms = Terms(head["keys"], head["site"], notices=self.notices)
        for batch in check_lines(terms, lines, workers):
            number = self._take_all(number, batch, numbered)
            yield number
        self._check_end(number)
        if spare := next(numbered, None):
            raise EvidenceInvalid(f"{PROOFS}, line {spare[0]}: There is no leaf that it belongs to.")

    def _take_all(self, number: int, batch: Batch, proofs: Iterator[tuple[int, bytes]]) -> int:
        for line in batch.lines:
            number += 1
            try:
                self._take(line)
            except EvidenceInvalid as error:
                name = line.content.id if line.content else None
                raise _in_leaves(at(number, error.detail, name)) from None
            if line.index is not None:
                self._prove(line, *next(proofs, (number - _HEAD, b"")))
        if batch.fault:
            raise _in_leaves(at(number + 1, *batch.fault))
        return number

    def _take(self, line: Line) -> None:
        if line.index == self._next and self._next < self.part.end:
            self._take_inside(line, line.index)
        elif self._next < self.part.end:
            raise EvidenceInvalid(f"Its index is {line.index!r}; the next in the range is {self._next}.")
        else:
            self._take_after(line)
        content = line.content
        if content is not None:
            before = self.checkpoint.size if line.index is None else line.index
            if any(last >= before for _, last in content.ranges):
                raise EvidenceInvalid("It states the erasure of leaves that do not stand before it.")
            self._stated += content.ranges

    def _take_inside(self, line: Line, index: int) -> None:
        self._next += 1
        self._check_ends(index, line.content and line.content.time)
        if line.content is None:
            if self._erased and self._erased[-1][1] == index - 1:
                self._erased[-1] = (self._erased[-1][0], index)
            else:
                self._erased.append((index, index))
            return
        self._order.place(line.content)
        if line.content.state:
            self.states[line.content.state] += 1

    def _take_after(self, line: Line) -> None:
        """Take a leaf that stands later in the log than the range."""
        if line.type != ERASURE_TYPE:
            raise EvidenceInvalid("After the leaves of the range stand only statements of erasures.")
        if line.index is not None:
            if line.index < max(self.part.end, self._after + 1):
                raise EvidenceInvalid(f"Its index is {line.index!r}, which stands before the last one.")
            self._after = line.index

    def _check_ends(self, index: int, time: int | None) -> None:
        """Check that first and last leaf lie outside of the times asked for; an erased one has no `time`."""
        part = self.part
        early = time is not None and part.since is not None and time < part.since - BACK
        if index == part.first > 0 and not early:
            raise EvidenceInvalid("The range begins too late: leaves before it may be of the time asked for.")
        late = time is not None and part.until is not None and time >= part.until + BACK
        if index == part.end - 1 < self.checkpoint.size - 1 and not late:
            raise EvidenceInvalid("The range ends too early: leaves after it may be of the time asked for.")

    def _prove(self, line: Line, number: int, proof: bytes) -> None:
        checkpoint = self.checkpoint
        try:
            path = _path(line.index, proof)
            verify_inclusion(line.leaf_hash, line.index, checkpoint.size, path, checkpoint.root)
        except EvidenceInvalid as error:
            raise EvidenceInvalid(f"{PROOFS}, line {number}, leaf {line.index}: {error.detail}") from None

    def _check_end(self, number: int) -> None:
        if self._next < self.part.end:
            detail = f"The range ends at the leaf {self.part.end - 1}, and the last here is {self._next - 1}."
            raise _in_leaves(at(number, detail))
        unstated = first_outside(self._erased, self._stated)
        if unstated is not None:
            detail = f"The leaf {unstated} was erased, and no signed statement says so."
            raise _in_leaves(at(unstated - self.part.first + _FIRST_LEAF, detail))


def _path(index: int, proof: bytes) -> list[bytes]:
    value = json_object(proof, "line")
    hashes = value.get("hashes")
    if value.get("index") != index or not isinstance(hashes, list):
        raise EvidenceInvalid(f"It is not the proof of the leaf {index}.")
    return [decode_base64(str(encoded)) for encoded in hashes]


def _in_leaves(error: EvidenceInvalid) -> EvidenceInvalid:
    return EvidenceInvalid(f"{LEAVES}, {error.detail}")
