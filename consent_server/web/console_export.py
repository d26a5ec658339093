"""What an auditor takes home from the console: every leaf as NDJSON, or chosen receipts as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from flask import Response

from consent_server.web.audit import item
from consent_server.web.console_frame import harden
from consent_server.web.page_cookies import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.export import Exporter
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
    "receipt",
)


def ndjson(exporter: Exporter, site: str) -> Response:
    """Answer with the whole export of a site, line by line in constant memory."""
    lines = (f"{line}\n".encode() for line in exporter.lines(site))
    return _download(lines, "application/x-ndjson", f"{site}-export.ndjson")


def receipts_csv(auditing: Auditing, site: str, asked: Page) -> Response:
    """Answer with the receipts that a filter chooses, row by row in constant memory (RFC 4180)."""
    rows = _rows(_every(auditing, site, asked))
    return _download(map(_line, rows), "text/csv; charset=utf-8", f"{site}-receipts.csv")


def _download(content: Iterator[bytes], media_type: str, filename: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return harden(answer)


def _every(auditing: Auditing, site: str, asked: Page) -> Iterator[Leaf]:
    start: int | None = asked.start
    while start is not None:
        leaves, start = auditing.page(site, start, _PAGE, asked.wanted)
        yield from leaves


def _rows(leaves: Iterable[Leaf]) -> Iterator[Iterable[object]]:
    yield _COLUMNS
    for leaf in leaves:
        values = item(leaf)
        values["granted"] = " ".join(values.get("granted", ()))
        yield [values.get(column, "") for column in _COLUMNS]


def _line(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(str(value)) for value in values])
    return line.getvalue().encode()
