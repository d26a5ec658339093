"""Verification of a whole export (NDJSON, DESIGN 6), offline.

It proves that every leaf is signed and says what such a leaf must say (`content`), that no time contradicts
a place in the log (`order`), that the leaves are exactly those under the signed checkpoint, that what is
missing was erased under a signed statement, and that the log only grew since an older checkpoint. No id
stands in an export twice; an erased leaf has none any more.

The log alone takes a tenth of the time: indices, hashes, checkpoint and erasures with their signed
statements are checked, the other leaves' signatures and contents are not. Memory grows with the leaves of
some minutes and with the ranges of erased leaves, not with the log.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import checkpoint as checkpoints
from consent_server.evidence.dates import KeyDates, StatedDates
from consent_server.evidence.frontier import Frontier
from consent_server.evidence.keys import public_keys
from consent_server.evidence.lines import Terms
from consent_server.evidence.note import parse_verifier
from consent_server.evidence.order import Order
from consent_server.evidence.parallel import check_lines
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.evidence.verify import json_object

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from typing import Any

    from consent_server.evidence.checkpoint import Checkpoint
    from consent_server.evidence.content import Content
    from consent_server.evidence.lines import Batch, Line
    from consent_server.evidence.shown import Asked

_HEAD = 1
_FIRST_LEAF = 2
"""The numbers of the lines where an export begins, and where its leaf 0 stands."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor holds: a JWK Set, the log's verifier key, and the checkpoint of the last visit.

    What is None is taken from the export itself, which then proves only that it agrees with itself.
    """

    jwks: Mapping[str, Any] | None = None
    log_key: str | None = None
    since: str | None = None


@dataclass(slots=True)
class ExportCheck:
    """Verifies one export while it is read. Raises EvidenceInvalid, naming the first line that fails.

    Only when `read` or `verify` ends without an error has everything been checked. Then `states` counts
    the receipts by state, and `receipts` those that are there, also where `log_only` leaves states unread.
    `notices` are those that the auditor has, by their SHA-256: leaves that name one of them must fit it.
    """

    trust: Trust = field(default_factory=Trust)
    log_only: bool = False
    notices: Mapping[str, Asked] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    note: str | None = None
    receipts: int = 0
    states: Counter[str] = field(default_factory=Counter)
    _since: Checkpoint | None = None
    _tree: Frontier = field(default_factory=Frontier)
    _order: Order = field(default_factory=Order)
    _erased: list[tuple[int, int]] = field(default_factory=list)
    _stated: list[tuple[int, int]] = field(default_factory=list)
    _dated: Mapping[str, Any] | None = None
    _dates: StatedDates = field(default_factory=StatedDates)

    def read(self, lines: Iterable[str | bytes]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield type and payload of every leaf that is still there, in this process alone."""
        for batch in self._run(lines, workers=1, keep=True):
            for line in batch.lines:
                if line.type and line.payload is not None:
                    yield line.type, line.payload

    def verify(self, lines: Iterable[str | bytes], workers: int = 1) -> Generator[int, None, None]:
        """Verify with as many processes as `workers`; yield how many lines hold, batch by batch.

        Who stops reading before the end closes it, which ends the processes.
        """
        done = _HEAD
        # Hashing alone is over before a worker could have started.
        for batch in self._run(lines, 1 if self.log_only else workers, keep=False):
            done += len(batch.lines)
            yield done

    def _run(self, lines: Iterable[str | bytes], workers: int, *, keep: bool) -> Iterator[Batch]:
        encoded = (line.encode("utf-8", "replace") if isinstance(line, str) else line for line in lines)
        try:
            terms = self._read_head(next(encoded, b""), keep=keep)
        except EvidenceInvalid as error:
            raise at(_HEAD, error.detail) from None
        number = _HEAD
        for batch in check_lines(terms, encoded, workers):
            number = self._take_all(number, batch)
            yield batch
        self._check_end(number)

    def _read_head(self, line: bytes, *, keep: bool) -> Terms:
        head = json_object(line, "line")
        jwks = head.get("keys") if self.trust.jwks is None else self.trust.jwks
        public_keys(jwks)
        # The auditor's own set may be older: a key that has gone since has no date there.
        self._dated = jwks if self.trust.jwks is None else None
        site, note = head.get("site"), head.get("checkpoint")
        log_key = head.get("log_key") if self.trust.log_key is None else self.trust.log_key
        if note is not None:
            self.checkpoint = open_note(note, log_key)
            self.note = str(note)
            if not self.checkpoint.origin.endswith(f"/v1/{site}"):
                raise EvidenceInvalid(f"The checkpoint is of {self.checkpoint.origin}, not of {site!r}.")
        if self.trust.since is not None:
            self._since = open_note(self.trust.since, log_key)
            if self.checkpoint is None or self.checkpoint.size < self._since.size:
                raise EvidenceInvalid(f"The log has shrunk: it had {self._since.size} leaves.")
        self._check_roots()
        return Terms(jwks or {}, site, self.log_only, keep, self.notices)

    def _take_all(self, number: int, batch: Batch) -> int:
        """Take the lines after the line `number`; return the number of the last."""
        for line in batch.lines:
            number += 1
            try:
                self._take(line)
            except EvidenceInvalid as error:
                raise at(number, error.detail, line.content.id if line.content else None) from None
        if batch.fault:
            raise at(number + 1, *batch.fault)
        return number

    def _take(self, line: Line) -> None:
        content = line.content
        if line.index is not None:
            self._grow(line)
        else:
            self._check_size()
        if content is not None:
            self._take_content(line, content)
        if line.type == RECEIPT_TYPE:
            self.receipts += 1

    def _take_content(self, line: Line, content: Content) -> None:
        if not self.log_only:
            (self._order.wait if line.index is None else self._order.place)(content)
        if content.state:
            self.states[content.state] += 1
        if content.key:
            self._dates.take(KeyDates(*content.key))
        before = self._tree.size if line.index is None else line.index
        if any(last >= before for _, last in content.ranges):
            raise EvidenceInvalid("It states the erasure of leaves that do not stand before it in the log.")
        self._stated += content.ranges

    def _grow(self, line: Line) -> None:
        tree = self._tree
        if line.index != tree.size:
            raise EvidenceInvalid(f"Its index is {line.index!r}; the next in the log is {tree.size}.")
        if self.checkpoint is None or tree.size >= self.checkpoint.size:
            covered = self.checkpoint.size if self.checkpoint else 0
            raise EvidenceInvalid(f"The checkpoint covers {covered} leaves, and this is one more.")
        if line.type is None:
            self._note_erased(line.index)
        tree.add(line.leaf_hash)
        if tree.size == self.checkpoint.size or (self._since and tree.size == self._since.size):
            self._check_roots()

    def _note_erased(self, index: int) -> None:
        if self._erased and self._erased[-1][1] == index - 1:
            self._erased[-1] = (self._erased[-1][0], index)
        else:
            self._erased.append((index, index))

    def _check_roots(self) -> None:
        size, root = self._tree.size, self._tree.root()
        if self._since and size == self._since.size and root != self._since.root:
            raise EvidenceInvalid(f"The first {size} leaves are not those of your checkpoint.")
        if self.checkpoint and size == self.checkpoint.size and root != self.checkpoint.root:
            raise EvidenceInvalid("The leaves do not have the root that the checkpoint states.")

    def _check_size(self) -> None:
        covered = self.checkpoint.size if self.checkpoint else 0
        if self._tree.size != covered:
            raise EvidenceInvalid(
                f"The checkpoint covers {covered} leaves, and the export has {self._tree.size} of them."
            )

    def _check_end(self, number: int) -> None:
        try:
            self._check_size()
        except EvidenceInvalid as error:
            raise at(number, error.detail) from None
        unstated = first_outside(self._erased, self._stated)
        if unstated is not None:
            detail = f"The leaf {unstated} was erased, and no signed statement says so."
            raise at(unstated + _FIRST_LEAF, detail)
        if self._dated:
            try:
                self._dates.compare(self._dated)
            except EvidenceInvalid as error:
                raise at(_HEAD, error.detail) from None


def first_outside(erased: list[tuple[int, int]], stated: list[tuple[int, int]]) -> int | None:
    """Return the first index in the ranges `erased`, which are in order, that no range in `stated` holds."""
    ranges = iter(sorted(stated))
    upcoming = next(ranges, None)
    reached = 0
    for first, last in erased:
        reached = max(reached, first)
        while upcoming and upcoming[0] <= reached <= last:
            reached = max(reached, upcoming[1] + 1)
            upcoming = next(ranges, None)
        if reached <= last:
            return reached
    return None


def open_note(note: object, log_key: object) -> Checkpoint:
    """Open a checkpoint with the log's verifier key, as they came. Raises EvidenceInvalid."""
    if not isinstance(note, str) or not isinstance(log_key, str):
        raise EvidenceInvalid("There is a checkpoint without the log's key, or one that is no text.")
    verifier = parse_verifier(log_key.strip())
    return checkpoints.open_checkpoint(note, [verifier], verifier.name)


def at(number: int, detail: str, name: str | None = None) -> EvidenceInvalid:
    """Return a fault with its place in front: the line and, where it is known, the leaf."""
    return EvidenceInvalid(f"line {number}{f', leaf {name}' if name else ''}: {detail}")
