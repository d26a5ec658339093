"""Erasing receipts on request (GDPR, Art. 17), so that a restored copy cannot bring them back."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from consent_server.consent.statements import Statements
from consent_server.errors import LegalHold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from consent_server.consent.ports import KeepErased, LeafStore
    from consent_server.consent.stored import EraseOrder
    from consent_server.evidence.signing import ReceiptSigner

log = logging.getLogger(__name__)


class Eraser:
    """Erases what an order names, states it in the log, and has the ids kept outside the database.

    `keep` takes a site and an order that names ids, and returns once they are durable. Where it raises,
    nothing is erased, so that whoever asks again is heard.
    """

    def __init__(
        self, leaves: LeafStore, signer: ReceiptSigner, keep: Callable[[str, EraseOrder], None]
    ) -> None:
        self._leaves = leaves
        self._signer = signer
        self._keep = keep

    def erase(self, site: str, order: EraseOrder) -> int:
        """Return how many receipts were erased. Raises LegalHold, StorageUnavailable."""

        def keep(erased: Sequence[UUID]) -> None:
            self._keep(site, replace(order, subject=None, ids=tuple(erased)))

        return self._erase(site, order, keep)

    def replay(self, kept: Iterable[tuple[str, EraseOrder]], now: int) -> int:
        """Erase again what was erased before and is there: an older copy was restored. Return how many.

        `now` (Unix milliseconds) is the time that the log states. What is held meanwhile stays.
        """
        count = 0
        for site, order in kept:
            for leaf_id in order.ids or ():
                try:
                    count += self._erase(site, replace(order, time=now, ids=(leaf_id,)), lambda _: None)
                except LegalHold:
                    log.warning(
                        "The receipt %s of %s was erased once and is held now: it stays.", leaf_id, site
                    )
        return count

    def _erase(self, site: str, order: EraseOrder, keep: KeepErased) -> int:
        statements = Statements(self._signer, site)
        return len(
            self._leaves.erase(site, order, lambda erased: statements.erasures(erased, order.time), keep)
        )
