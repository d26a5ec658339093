"""Retention: receipts that were kept as long as the catalog says are erased, unless they are held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.consent.statements import Statements
from consent_server.consent.stored import EraseOrder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.catalog.model import Site
    from consent_server.consent.ports import LeafStore
    from consent_server.evidence.signing import ReceiptSigner

_BATCH = 200


def purge(leaves: LeafStore, signer: ReceiptSigner, site: Site, now: int) -> Iterator[int]:
    """Erase what is older than `keep_receipts`, yielding how many each batch erased.

    `now` is in Unix milliseconds. What is erased leaves its place in the log, and a signed statement
    says so (GDPR, Art. 5(1)(e)).
    """
    seconds = site.keep_receipts.seconds
    if seconds is None:
        return
    statements = Statements(signer, site.id)
    while ids := leaves.old(site.id, now - seconds * 1000, _BATCH):
        order = EraseOrder("retention", now, ids=tuple(ids))
        yield len(leaves.erase(site.id, order, lambda erased: statements.erasures(erased, now)))
