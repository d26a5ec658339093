"""Reading a site's log: its checkpoint, its tiles, and the proof that a receipt is in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from consent_server.errors import (
    EvidenceInvalid,
    LogDamaged,
    NotSealed,
    ReceiptUnknown,
    SettingsError,
    TileUnknown,
)
from consent_server.evidence import tiles
from consent_server.evidence.checkpoint import open_checkpoint, parse
from consent_server.evidence.merkle import HASH_BYTES, verify_consistency
from consent_server.evidence.note import split, verifier_of
from consent_server.evidence.proof import Proof

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from uuid import UUID

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consent_server.consent.ports import LeafStore, LogStore
    from consent_server.consent.stored import LogState
    from consent_server.evidence.tiles import Tile


def check_growth(site: str, kept: str, state: LogState | None, read: tiles.Read) -> None:
    """Refuse a log that is not the growth of the checkpoint `kept`, a signed note. Raises LogDamaged.

    `state` is what the database says of it, and `read` reads its tiles. O(log n), and nothing is read where
    both are the same.
    """
    if state and state.checkpoint == kept:
        return
    with _named(site):
        old = parse(split(kept)[0])
        size = state.size if state else 0
        if size < old.size:
            raise EvidenceInvalid(f"it had {old.size} leaves and now has {size}.")
        if state and size:
            now = parse(split(state.checkpoint)[0])
            if (now.size, now.root) != (size, state.root):
                raise EvidenceInvalid("its checkpoint states another tree.")
            verify_consistency(old.size, size, old.root, state.root, tiles.consistency(read, old.size, size))


@contextmanager
def _named(site: str) -> Iterator[None]:
    """Say of which log it is that something does not hold."""
    try:
        yield
    except EvidenceInvalid as error:
        raise LogDamaged(f"The log of {site} is not what it was: {error.detail}") from None


class Logs:
    """Reads sealed logs. Every call is O(log n)."""

    def __init__(self, leaves: LeafStore, logs: LogStore) -> None:
        self._leaves = leaves
        self._logs = logs

    def checkpoint(self, site: str) -> str:
        """Return the newest checkpoint of a site, a signed note. Raises NotSealed before the first."""
        return self._state(site).checkpoint

    def tile(self, site: str, path: str) -> bytes:
        """Return the hashes of a tile by its C2SP path (`tile/0/x001/234.p/5`). Raises TileUnknown."""
        try:
            tile, width = tiles.parse_path(path)
        except EvidenceInvalid as error:
            raise TileUnknown(error.detail) from None
        hashes = self._logs.tiles(site, [tile]).get(tile, b"")
        if len(hashes) < width * HASH_BYTES:
            raise TileUnknown("The log is not that large.")
        return hashes[: width * HASH_BYTES]

    def proof(self, site: str, leaf_id: UUID) -> Proof:
        """Prove that a leaf is in the log. Raises ReceiptUnknown, or NotSealed while it waits."""
        leaf = self._leaves.leaf(site, leaf_id)
        if leaf is None:
            raise ReceiptUnknown("There is no such receipt.")
        if leaf.index is None:
            raise NotSealed("The receipt has no place in the log yet. Ask again in some seconds.")
        state = self._state(site)
        hashes = tiles.inclusion(self._reader(site), leaf.index, state.size)
        return Proof(leaf.index, state.size, tuple(hashes), state.checkpoint)

    def check(self, site: str, kept: str | None) -> None:
        """Compare the log with itself and with a checkpoint that was `kept` elsewhere.

        Raises LogDamaged where the tree does not have the root that was signed, or is not the growth of
        the one in `kept`.
        """
        state = self._logs.log(site)
        if state and state.size:
            self._check_root(site, state)
        if kept:
            check_growth(site, kept, state, self._reader(site))

    def grown(self, site: str, kept: Iterable[str]) -> LogState | None:
        """Return how far a log is sealed, once it is known to be the growth of each checkpoint in `kept`.

        Raises LogDamaged where it is not.
        """
        state = self._logs.log(site)
        for checkpoint in kept:
            check_growth(site, checkpoint, state, self._reader(site))
        return state

    def check_key(self, site: str, key: Ed25519PrivateKey) -> None:
        """Compare the key that is to sign checkpoints with the one that did. Raises SettingsError.

        Auditors hold its public half under the log's name: a log keeps one key for good.
        """
        state = self._logs.log(site)
        if state is None or not state.size:
            return
        try:
            open_checkpoint(state.checkpoint, [verifier_of(state.origin, key)], state.origin)
        except EvidenceInvalid:
            raise SettingsError(
                f"The log key is not the one that signed the log of {site} so far. Put that one back: "
                "CONSENT_LOG_KEY, or log-key.pem in the data directory, from a backup."
            ) from None

    def _check_root(self, site: str, state: LogState) -> None:
        with _named(site):
            signed = parse(split(state.checkpoint)[0])
            root = tiles.root(self._reader(site), state.size)
            if (signed.size, signed.root, state.root) != (state.size, root, root):
                raise EvidenceInvalid("its tree does not have the root that its checkpoint states.")

    def _state(self, site: str) -> LogState:
        state = self._logs.log(site)
        if state is None or not state.size:
            raise NotSealed("The log has no checkpoint yet. Ask again in some seconds.")
        return state

    def _reader(self, site: str) -> tiles.Read:
        def read(wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
            return self._logs.tiles(site, wanted)

        return read
