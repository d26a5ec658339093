"""What an auditor takes home from the console: every leaf as NDJSON, or chosen receipts as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from consent_server.web.console_frame import harden
from consent_server.web.receipt_table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.export import Exporter
    from consent_server.web.queries import Page


def ndjson(exporter: Exporter, site: str) -> Response:
    """Answer with the whole export of a site, line by line in constant memory."""
    lines = (f"{line}\n".encode() for line in exporter.lines(site))
    return _download(lines, "application/x-ndjson", f"{site}-export.ndjson")


def receipts_csv(auditing: Auditing, site: str, asked: Page) -> Response:
    """Answer with the receipts that a filter chooses, row by row in constant memory (RFC 4180)."""
    rows = table(auditing, site, asked)
    return _download(rows, "text/csv; charset=utf-8", f"{site}-receipts.csv")


def _download(content: Iterator[bytes], media_type: str, filename: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return harden(answer)
