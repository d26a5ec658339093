"""Sealing: leaves that wait get their place in the log, and a new checkpoint is signed over it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeAlias

from consent_server.consent.statements import Statements
from consent_server.consent.statistics import tally
from consent_server.consent.stored import LogState
from consent_server.evidence import tiles
from consent_server.evidence.checkpoint import Checkpoint, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consent_server.consent.ports import LogStore, Sealing
    from consent_server.consent.stored import Erasure, Leaf
    from consent_server.evidence.signing import ReceiptSigner

log = logging.getLogger(__name__)

Check: TypeAlias = "Callable[[LogState, tiles.Read], None]"
"""Looks at a log by its state and its tiles, and raises where nothing may be added to it."""

_BACK = 60_000
"""Milliseconds by which clocks of several nodes may differ without a word."""
_BATCH = 256
"""Leaves a transaction: while it runs, SQLite's writer waits."""
_PAUSE = 0.002
"""Seconds between two transactions, in which it gets its turn."""
_LAST = 2
"""Batches that are not full, until it is enough for now."""


class Sealer:
    """Seals sites. Many processes may try; the store lets one at a time. `clock` in Unix milliseconds."""

    def __init__(
        self, store: LogStore, signer: ReceiptSigner, key: Ed25519PrivateKey, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._signer = signer
        self._key = key
        self._clock = clock

    def seal(self, site: str, check: Check = lambda _state, _read: None) -> LogState | None:
        """Seal what waits. Return the new state, or None where there was nothing to do.

        `check` sees the log before anything is added to it, within the same transaction, unless it is just
        what the batch before left; what it raises leaves everything as it is.

        What comes meanwhile is left to the next time: under a steady stream something always waits, and so
        do the other sites. After a batch that is not full comes one more, for the statements that it made.
        """
        reached: LogState | None = None
        not_full = 0
        while not_full < _LAST and (sealed := self._seal_batch(site, reached, check)):
            reached, leaves = sealed
            not_full += leaves < _BATCH
            time.sleep(_PAUSE)
        return reached

    def _seal_batch(self, site: str, known: LogState | None, check: Check) -> tuple[LogState, int] | None:
        """Seal up to `_BATCH` leaves; return the new state and their number, or None for none."""
        with self._store.sealing(site) as sealing:
            if sealing is None:
                return None
            if sealing.state != known:
                check(sealing.state, sealing.read)
            before = sealing.state.size
            grown = self._grow(sealing)
            sealing.state_erasures(lambda erased: self._state(site, erased))
            return (sealing.state, sealing.state.size - before) if grown else None

    def _grow(self, sealing: Sealing) -> bool:
        waiting = sealing.waiting(_BATCH)
        if not waiting:
            return False
        before, now = sealing.state, self._clock()
        if now < before.sealed_at - _BACK:
            log.warning(
                "The clock is %d s behind the last sealing of %s: set it right. Receipts recorded meanwhile "
                "seem back-dated to whoever verifies the log.",
                (before.sealed_at - now) // 1000,
                before.origin,
            )
        appended = tiles.append(sealing.read, before.size, [leaf.leaf_hash for leaf in waiting])
        checkpoint = Checkpoint(before.origin, appended.size, appended.root)
        state = LogState(
            before.origin,
            appended.size,
            appended.root,
            sign(checkpoint, self._key),
            now,
        )
        sealing.append([leaf.id for leaf in waiting], appended.changed, state)
        sealing.count(tally(waiting))
        return True

    def _state(self, site: str, erased: Sequence[tuple[Erasure, int]]) -> Sequence[Leaf]:
        return Statements(self._signer, site).erasures(erased, self._clock())
