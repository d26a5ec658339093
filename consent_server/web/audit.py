"""Receipts for auditors: pages by cursor, and the whole export as a stream."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from consent_server.web.receipts import bearer
from consent_server.web.schemas import load_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.export import Exporter
    from consent_server.consent.ports import Leaf
    from consent_server.consent.sites import Sites


def audit_blueprint(sites: Sites, auditing: Auditing, exporter: Exporter) -> Blueprint:
    """Serve the receipts of a site to those who hold an auditor's token for it."""
    blueprint = Blueprint("audit", __name__)

    @blueprint.after_request
    def _private(answer: Response) -> Response:
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @blueprint.get("/v1/<site_id>/audit/receipts")
    def receipts(site_id: str) -> Response:
        site = sites.get(site_id)
        auditing.admit(site.id, bearer(request))
        start, limit = load_page(request.args.to_dict())
        leaves, following = auditing.page(site.id, start, limit)
        items = [_item(leaf) for leaf in leaves]
        body = {"items": items, "next": None if following is None else str(following)}
        return Response(json.dumps(body, separators=(",", ":")), content_type="application/json")

    @blueprint.get("/v1/<site_id>/audit/export")
    def export(site_id: str) -> Response:
        site = sites.get(site_id)
        auditing.admit(site.id, bearer(request))
        return Response(_lines(exporter.lines(site.id)), content_type="application/x-ndjson")

    return blueprint


def _item(leaf: Leaf) -> dict[str, Any]:
    if leaf.jws is None:
        encoded = base64.b64encode(leaf.leaf_hash).decode()
        return {"index": leaf.index, "id": str(leaf.id), "erased": True, "leaf_hash": encoded}
    return {
        "index": leaf.index,
        "id": str(leaf.id),
        "receipt": leaf.jws,
        "time": leaf.time,
        "state": leaf.state,
        "method": leaf.method,
        "language": leaf.language,
    }


def _lines(lines: Iterator[str]) -> Iterator[bytes]:
    return (line.encode() + b"\n" for line in lines)
