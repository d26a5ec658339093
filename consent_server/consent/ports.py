"""What the rules need of storage. Each docstring is a contract, held by one test on every implementation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from consent_server.catalog.notice import Notice


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored receipt. Times are Unix milliseconds; `jws` is None once the content is erased.

    `decision` is the keyed digest of the decision id, time first, so that an index on it stays in order;
    `body` is the SHA-256 of the posted body; `leaf_hash` is RFC 6962's, SHA-256(0x00 ‖ JWS).
    """

    site: str
    id: UUID
    decision: bytes = field(repr=False)
    body: bytes
    subject: bytes
    time: int
    state: str
    method: str
    language: str
    notice: str
    jws: str | None
    leaf_hash: bytes

    def erased(self) -> Entry:
        """Return what is left of this entry once its content is gone: its place, its hash and its keys."""
        return replace(self, jws=None, subject=b"", state="", method="", language="", notice="")


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice that was served once. `replaced_at` (Unix milliseconds) is None while it is served."""

    canonical: bytes
    replaced_at: int | None


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody who may read one site's receipts until `expires` (Unix milliseconds)."""

    site: str
    id: str
    name: str
    token_hash: bytes = field(repr=False)
    created: int
    expires: int
    revoked: int | None = None


class ReceiptStore(Protocol):
    """The receipts of every site.

    Every method may be called from many threads and processes at once and raises StorageUnavailable
    when the database does not answer in time; then nothing was stored and the call may be repeated.
    """

    def record(self, entry: Entry) -> Entry:
        """Store `entry` durably and return it, or the entry that this site's decision already has.

        Once this returns, the entry survives the loss of power. Of two calls with the same site and
        decision one stores and both return the same entry, in whatever process they run.
        """

    def receipt(self, site: str, receipt_id: UUID) -> Entry | None:
        """Return one entry, its `jws` None if it was erased."""

    def page(self, site: str, after: UUID | None, limit: int) -> list[Entry]:
        """Return up to `limit` entries in the order of their ids, those after `after`. O(limit + log n)."""

    def erase(self, site: str, subject: bytes, receipt_id: UUID | None, now: int) -> int:
        """Erase the content of one receipt of `subject`, or of all of them. Return how many it erased.

        What stays is the id, the leaf hash and the decision's digests: a repeat is told that it is gone.
        """


class NoticeStore(Protocol):
    """Every notice ever served. Threads and failures as in ReceiptStore."""

    def keep(self, site: str, notices: Iterable[Notice], now: int) -> None:
        """Store what `site` serves from now on, in one transaction; what is not among it is replaced now."""

    def notice(self, site: str, sha256: str) -> KeptNotice | None:
        """Return a notice by the SHA-256 of its canonical bytes."""


class BuildStore(Protocol):
    """Every widget build and chunk ever served. Threads and failures as in ReceiptStore."""

    def keep_build(self, sha256: str, content: bytes, now: int) -> None:
        """Store a build under its SHA-256; storing it again changes nothing."""

    def build(self, sha256: str) -> bytes | None:
        """Return the bytes of a build."""


class AuditorStore(Protocol):
    """Who may read receipts. Threads and failures as in ReceiptStore."""

    def add(self, auditor: Auditor) -> None:
        """Store an auditor."""

    def auditor(self, token_hash: bytes) -> Auditor | None:
        """Return the auditor whose token has this SHA-256, expired and revoked ones too."""

    def auditors(self, site: str | None) -> Iterator[Auditor]:
        """Return the auditors of a site, or of all, oldest first."""

    def revoke(self, auditor_id: str, now: int) -> bool:
        """Revoke an auditor's token from `now` on. False if there is none with this id."""
