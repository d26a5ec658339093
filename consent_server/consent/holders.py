"""What holders of tokens may do with their receipts: see one, erase one or all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.consent.stored import EraseOrder, Leaf
from consent_server.errors import ReceiptErased, ReceiptUnknown
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from consent_server.consent.erasing import Eraser
    from consent_server.consent.ports import LeafStore
    from consent_server.evidence.tokens import Holding, Tokens


class Holders:
    """Opens receipts to those who hold a token of the same subject. `clock` returns Unix milliseconds."""

    def __init__(self, leaves: LeafStore, eraser: Eraser, tokens: Tokens, clock: Callable[[], int]) -> None:
        self._leaves = leaves
        self._eraser = eraser
        self._tokens = tokens
        self._clock = clock
        self._erased = 0

    def receipt(self, site: str, receipt_id: UUID, token: str | None) -> Leaf:
        """Return a receipt to its holder.

        Raises TokenRefused, ReceiptUnknown (for somebody else's too) and ReceiptErased.
        """
        return self._open(self._tokens.read(token, site), receipt_id)

    def erase(self, site: str, receipt_id: UUID, token: str | None) -> int:
        """Erase the content of one receipt (GDPR, Art. 17). Return how many were erased: 1."""
        holding = self._tokens.read(token, site)
        return self._erase(holding, self._open(holding, receipt_id).id)

    def erase_all(self, site: str, token: str | None) -> int:
        """Erase every receipt of the token's subject. Return how many were erased."""
        return self._erase(self._tokens.read(token, site), None)

    def _open(self, holding: Holding, receipt_id: UUID) -> Leaf:
        leaf = self._leaves.leaf(holding.site, receipt_id)
        own = holding.receipt_id == receipt_id or (leaf is not None and leaf.subject == holding.subject)
        if leaf is None or leaf.type != RECEIPT_TYPE or not own:
            raise ReceiptUnknown("There is no such receipt, or the token is not for it.")
        if leaf.jws is None:
            raise ReceiptErased("The content of this receipt was erased.")
        return leaf

    def _erase(self, holding: Holding, leaf_id: UUID | None) -> int:
        ids = None if leaf_id is None else (leaf_id,)
        order = EraseOrder("subject", self._clock(), holding.subject, ids)
        erased = self._eraser.erase(holding.site, order)
        self._erased += erased
        return erased

    def erased(self) -> int:
        """Return how many were erased since this was last asked: the database's files are to be scrubbed."""
        erased, self._erased = self._erased, 0
        return erased
