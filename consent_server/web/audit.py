"""Receipts for auditors: pages by cursor and filter, statistics, and the whole export as a stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from consent_server.web.queries import asked_once, load_days, load_page
from consent_server.web.receipt_table import item, table
from consent_server.web.receipts import bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.export import Exporter
    from consent_server.consent.sites import Sites


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
        page = load_page(asked_once(request.args))
        leaves, following = auditing.page(site, page.start, page.limit, page.wanted)
        return _json({"items": [item(leaf) for leaf in leaves], "next": _cursor(following)})

    @blueprint.get("/v1/<site_id>/audit/receipts.csv")
    def receipts_as_csv(site_id: str) -> Response:
        site = admitted(site_id, "receipts.csv")
        page = load_page(asked_once(request.args))
        answer = Response(table(auditing, site, page), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{site}-receipts.csv"'
        return answer

    @blueprint.get("/v1/<site_id>/audit/stats")
    def stats(site_id: str) -> Response:
        site = admitted(site_id, "stats")
        return _json(auditing.statistics(site, *load_days(asked_once(request.args), clock())))

    @blueprint.get("/v1/<site_id>/audit/export")
    def export(site_id: str) -> Response:
        site = admitted(site_id, "export")
        return Response(_lines(exporter.lines(site)), content_type="application/x-ndjson")

    return blueprint


def _lines(lines: Iterator[str]) -> Iterator[bytes]:
    return (line.encode() + b"\n" for line in lines)


def _cursor(index: int | None) -> str | None:
    return None if index is None else str(index)


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), content_type="application/json")
