"""Receipts for auditors: pages by cursor and filter, statistics, and the whole export as a stream."""

from __future__ import annotations

import base64
import csv
import io
import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from consent_server.consent.receipt import subject_text, timestamp
from consent_server.web.page_cookies import harmless
from consent_server.web.queries import load_days, load_page
from consent_server.web.receipts import bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.export import Exporter
    from consent_server.consent.sites import Sites
    from consent_server.consent.stored import Filter, Leaf

_CSV_PAGE = 500
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


def audit_blueprint(
    sites: Sites, auditing: Auditing, exporter: Exporter, clock: Callable[[], int]
) -> Blueprint:
    """Serve a site's receipts to those who hold an auditor's token for it. `clock`: Unix milliseconds."""
    blueprint = Blueprint("audit", __name__)

    @blueprint.after_request
    def _private(answer: Response) -> Response:
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def admitted(site_id: str, action: str) -> str:
        site = sites.get(site_id)
        auditing.admit(site.id, bearer(request), action)
        return site.id

    @blueprint.get("/v1/<site_id>/audit/receipts")
    def receipts(site_id: str) -> Response:
        site = admitted(site_id, "receipts")
        page = load_page(request.args.to_dict())
        leaves, following = auditing.page(site, page.start, page.limit, page.wanted)
        return _json({"items": [item(leaf) for leaf in leaves], "next": _cursor(following)})

    @blueprint.get("/v1/<site_id>/audit/receipts.csv")
    def receipts_as_csv(site_id: str) -> Response:
        site = admitted(site_id, "receipts.csv")
        page = load_page(request.args.to_dict())
        rows = _csv(_all(auditing, site, page.start, page.wanted))
        answer = Response(rows, content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{site}-receipts.csv"'
        return answer

    @blueprint.get("/v1/<site_id>/audit/stats")
    def stats(site_id: str) -> Response:
        site = admitted(site_id, "stats")
        return _json(auditing.statistics(site, *load_days(request.args.to_dict(), clock())))

    @blueprint.get("/v1/<site_id>/audit/export")
    def export(site_id: str) -> Response:
        site = admitted(site_id, "export")
        return Response(_lines(exporter.lines(site)), content_type="application/x-ndjson")

    return blueprint


def item(leaf: Leaf) -> dict[str, Any]:
    """Return a receipt as an auditor's page lists it; of an erased one what is left."""
    if leaf.jws is None:
        encoded = base64.b64encode(leaf.leaf_hash).decode()
        return {"index": leaf.index, "id": str(leaf.id), "erased": True, "leaf_hash": encoded}
    return {
        "index": leaf.index,
        "id": str(leaf.id),
        "receipt": leaf.jws,
        "time": timestamp(leaf.time),
        "state": leaf.state,
        "method": leaf.method,
        "language": leaf.language,
        "granted": leaf.granted.split(),
        "gpc": leaf.gpc,
        "subject": subject_text(leaf.subject),
        "notice": leaf.notice,
    }


def _all(auditing: Auditing, site: str, start: int | None, wanted: Filter) -> Iterator[Leaf]:
    while start is not None:
        leaves, start = auditing.page(site, start, _CSV_PAGE, wanted)
        yield from leaves


def _csv(leaves: Iterable[Leaf]) -> Iterator[bytes]:
    """Write rows one by one (RFC 4180), each cell safe from being taken for a formula."""
    yield _row(_COLUMNS)
    for leaf in leaves:
        values = item(leaf)
        values["granted"] = " ".join(values.get("granted", ()))
        yield _row(values.get(column, "") for column in _COLUMNS)


def _row(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([harmless(str(value)) for value in values])
    return line.getvalue().encode()


def _lines(lines: Iterator[str]) -> Iterator[bytes]:
    return (line.encode() + b"\n" for line in lines)


def _cursor(index: int | None) -> str | None:
    return None if index is None else str(index)


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), content_type="application/json")
