"""Receipts as auditors read them, in JSON and as a table: what each receipt itself says, not its columns."""

from __future__ import annotations

import base64
import csv
import io
from typing import TYPE_CHECKING, Any

from consent_server.consent.receipt import timestamp
from consent_server.consent.searched import said_by
from consent_server.errors import EvidenceInvalid
from consent_server.web.page_cookies import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.stored import Leaf
    from consent_server.web.queries import Page

_PAGE = 500
_COLUMNS = (
    "index",
    "id",
    "time",
    "state",
    "method",
    "language",
    "granted",
    "gpc",
    "subject",
    "notice",
    "damage",
    "receipt",
)


def item(leaf: Leaf) -> dict[str, Any]:
    """Return a receipt as an auditor's page lists it; of an erased one what is left.

    One that cannot be read has `damage`, which says why, in the place of what it says.
    """
    place = {"index": leaf.index, "id": str(leaf.id)}
    if leaf.jws is None:
        return {**place, "erased": True, "leaf_hash": base64.b64encode(leaf.leaf_hash).decode()}
    try:
        said = said_by(leaf)
    except EvidenceInvalid as error:
        return {**place, "receipt": leaf.jws, "damage": error.detail}
    return {
        **place,
        "receipt": leaf.jws,
        **said._asdict(),
        "time": timestamp(said.time),
    }


def table(auditing: Auditing, site: str, asked: Page) -> Iterator[bytes]:
    """Yield every receipt that a filter chooses, row by row (RFC 4180), no cell to be taken for a formula."""
    yield _row(_COLUMNS)
    for leaf in _every(auditing, site, asked):
        values = item(leaf)
        values["granted"] = " ".join(values.get("granted", ()))
        yield _row(values.get(column, "") for column in _COLUMNS)


def _every(auditing: Auditing, site: str, asked: Page) -> Iterator[Leaf]:
    start: int | None = asked.start
    while start is not None:
        leaves, start = auditing.page(site, start, _PAGE, asked.wanted)
        yield from leaves


def _row(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(str(value)) for value in values])
    return line.getvalue().encode()
