"""What the rules need of storage. Each docstring is a contract, held by one test on every implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from consent_server.catalog.notice import Notice
    from consent_server.consent.stored import (
        Access,
        Auditor,
        Build,
        EraseOrder,
        Erasure,
        Filter,
        Hold,
        KeptNotice,
        KnownKey,
        Leaf,
        LogState,
        Stamp,
        Tally,
        Waiting,
    )
    from consent_server.evidence.tiles import Tile

KeepErased: TypeAlias = "Callable[[Sequence[UUID]], None]"
"""Keeps elsewhere which leaves are about to be erased."""
StateErasures: TypeAlias = "Callable[[Sequence[tuple[Erasure, int]]], Sequence[Leaf]]"
"""Makes the statements that name erasures, each given with the index of its leaf."""


class LeafStore(Protocol):
    """The leaves of every site: receipts and our own statements.

    Every method may be called from many threads and processes at once and raises StorageUnavailable
    when the database does not answer in time; then nothing was stored and the call may be repeated.
    """

    def record(self, leaf: Leaf) -> Leaf:
        """Store `leaf` durably and return it, or the leaf that this site's key already has.

        Once this returns, the leaf survives the loss of power and waits to be sealed. Of two calls with
        the same site and key one stores and both return the same leaf, in whatever process they run.
        """

    def record_made(self, make: Callable[[], Leaf]) -> Leaf:
        """Record, as `record` does, the leaf that `make` returns; raise what it raises.

        It is called at most once, when the leaf is about to be stored, in whichever thread: it may not record
        anything itself, and others wait for it.
        """

    def leaf(self, site: str, leaf_id: UUID) -> Leaf | None:
        """Return one leaf with its index, its `jws` None if it was erased."""

    def receipts(self, site: str, start: int, limit: int, wanted: Filter) -> tuple[list[Leaf], int | None]:
        """Return up to `limit` sealed receipts in the order of the log, from the index `start` on.

        With them comes the index to go on from, None at the end. No call looks at more than some thousand
        leaves, so that a filter which little agrees with answers with fewer and goes on: O(log n).
        """

    def old(self, site: str, before: int, limit: int) -> list[UUID]:
        """Return up to `limit` receipts older than `before` (Unix milliseconds) that can be erased."""

    def stored(self, site: str, key: bytes) -> Leaf | None:
        """Return the leaf that a key has."""

    def sealed(self, site: str, start: int, limit: int) -> list[Leaf]:
        """Return up to `limit` sealed leaves in the order of the log, from the index `start` on."""

    def unsealed(self, site: str, after: UUID | None, limit: int) -> list[Leaf]:
        """Return up to `limit` leaves that wait to be sealed, in the order of their ids, after `after`."""

    def erase(
        self, site: str, order: EraseOrder, state: StateErasures, keep: KeepErased = lambda _: None
    ) -> list[UUID]:
        """Erase the content of the receipts that `order` names. Return those that had some.

        `keep` hears of them before anything is stored for good; what it raises undoes everything.

        Raises LegalHold, and erases nothing, where one of them is held. What stays is the id, the leaf hash
        and the key: a repeat is told that it is gone. In the same
        transaction the erasure of sealed leaves is stated in the log by the leaves that `state` makes;
        that of others waits for their sealing.
        """


class LogStore(Protocol):
    """The sealed log of every site. Threads and failures as in LeafStore."""

    def open_log(self, site: str, origin: str) -> LogState:
        """Return how far the log of `site` is sealed; create it under `origin` where there is none."""

    def log(self, site: str) -> LogState | None:
        """Return how far the log of `site` is sealed."""

    def tiles(self, site: str, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """Return the stored hashes of tiles, those that there are."""

    def tallies(self, site: str, first: int, last: int) -> dict[Tally, int]:
        """Return the counts of the days from `first` to `last`."""

    def sealing(self, site: str) -> AbstractContextManager[Sealing | None]:
        """Open the one transaction that may seal `site` now, or None where another process has it.

        What was done through the Sealing is stored together when the block ends, durably, or not at all.
        """


class AuditStore(Protocol):
    """What audits read of leaves and logs, from a replica where there is one.

    Threads and failures as in LeafStore. What one call returned of the sealed log is there for every later
    one: whoever goes from page to page neither misses nor meets again what a slower copy does not know yet.
    """

    def log(self, site: str) -> LogState | None:
        """See LogStore.log."""

    def receipts(self, site: str, start: int, limit: int, wanted: Filter) -> tuple[list[Leaf], int | None]:
        """See LeafStore.receipts."""

    def sealed(self, site: str, start: int, limit: int) -> list[Leaf]:
        """See LeafStore.sealed."""

    def unsealed(self, site: str, after: UUID | None, limit: int) -> list[Leaf]:
        """See LeafStore.unsealed."""

    def tallies(self, site: str, first: int, last: int) -> dict[Tally, int]:
        """See LogStore.tallies."""


class Sealing(Protocol):
    """The right to seal one site, for one transaction."""

    state: LogState

    def waiting(self, limit: int) -> list[Waiting]:
        """Return up to `limit` leaves that have no index yet, in the order of ids."""

    def read(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """Return the stored hashes of tiles."""

    def append(self, ids: Sequence[UUID], changed: Mapping[Tile, bytes], state: LogState) -> None:
        """Give `ids` the next indices, store the changed tiles and the new state."""

    def count(self, tallies: Mapping[Tally, int]) -> None:
        """Add to the counts that are kept."""

    def state_erasures(self, state: StateErasures) -> None:
        """Store the statements that `state` makes of erasures whose leaves are sealed by now."""


class NoticeStore(Protocol):
    """Every notice ever served. Threads and failures as in LeafStore."""

    def keep(self, site: str, notices: Iterable[Notice], now: int) -> None:
        """Store what `site` serves from now on, in one transaction; what is not among it is replaced now."""

    def notice(self, site: str, sha256: str) -> KeptNotice | None:
        """Return a notice by the SHA-256 of its canonical bytes."""


class BuildStore(Protocol):
    """Every widget build and chunk ever served. Threads and failures as in LeafStore."""

    def keep_build(self, build: Build, now: int) -> None:
        """Store a build under its SHA-256; storing it again changes nothing."""

    def build(self, sha256: str) -> bytes | None:
        """Return the bytes of a build."""

    def main_build_at(self, time: int) -> str | None:
        """Return the SHA-256 of the main build that was the newest one at `time` (Unix milliseconds)."""


class StampStore(Protocol):
    """The time stamps on each site's checkpoints. Threads and failures as in LeafStore."""

    def keep_stamp(self, site: str, stamp: Stamp) -> None:
        """Store a stamp; of two on one size the first one stays."""

    def stamps(self, site: str) -> list[Stamp]:
        """Return every stamp of a site, the smallest log first."""

    def last_stamp(self, site: str) -> Stamp | None:
        """Return the stamp on the largest log."""


class AuditorStore(Protocol):
    """Who may read receipts. Threads and failures as in LeafStore."""

    def add(self, auditor: Auditor) -> None:
        """Store an auditor."""

    def auditor(self, token_hash: bytes) -> Auditor | None:
        """Return the auditor whose token has this SHA-256, expired and revoked ones too."""

    def auditors(self, site: str | None) -> list[Auditor]:
        """Return the auditors of a site, or of all, oldest first."""

    def revoke(self, auditor_id: str, now: int) -> bool:
        """Revoke an auditor's token from `now` on. False if there is none with this id."""

    def note_access(self, access: Access) -> None:
        """Keep a use of a token."""

    def accesses(self, site: str, limit: int) -> list[Access]:
        """Return the last `limit` uses of tokens of a site, the newest first."""


class KeyStore(Protocol):
    """Every key that ever signed receipts. Threads and failures as in LeafStore."""

    def signing_keys(self) -> list[KnownKey]:
        """Return every key, the one that came first first."""

    def key_came(self, key: KnownKey) -> None:
        """Keep a key; one that is known and went is there again."""

    def key_went(self, kid: str, now: int) -> None:
        """Note that a key signs no more."""


class HoldStore(Protocol):
    """Which receipts must not be erased. Threads and failures as in LeafStore."""

    def hold(self, site: str, hold: Hold) -> bool:
        """Hold a receipt, or change its hold. False if there is no such receipt with content."""

    def release(self, site: str, leaf_id: UUID) -> bool:
        """End a hold. False if there is none."""

    def holds(self, site: str) -> list[Hold]:
        """Return every hold of a site, the first to end first."""
