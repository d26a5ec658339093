"""The log for verifiers: checkpoint and tiles (c2sp.org/tlog-tiles), and proofs of receipts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from consent_server.web.files import IMMUTABLE
from consent_server.web.origins import allow_everyone
from consent_server.web.receipts import receipt_id_of

if TYPE_CHECKING:
    from consent_server.consent.logs import Logs
    from consent_server.consent.sites import Sites

_TEXT = "text/plain; charset=utf-8"


def log_blueprint(sites: Sites, logs: Logs) -> Blueprint:
    """Serve the log of every site to anyone."""
    blueprint = Blueprint("log", __name__)
    blueprint.after_request(allow_everyone)

    @blueprint.get("/v1/<site_id>/log/checkpoint")
    def checkpoint(site_id: str) -> Response:
        return _fresh(logs.checkpoint(sites.get(site_id).id), _TEXT)

    @blueprint.get("/v1/<site_id>/log/<path:path>")
    def tile(site_id: str, path: str) -> Response:
        content = logs.tile(sites.get(site_id).id, path)
        answer = Response(content, content_type="application/octet-stream")
        answer.headers["Cache-Control"] = IMMUTABLE
        return answer

    @blueprint.get("/v1/<site_id>/receipts/<receipt_id>/proof")
    def proof(site_id: str, receipt_id: str) -> Response:
        found = logs.proof(sites.get(site_id).id, receipt_id_of(receipt_id))
        return _fresh(json.dumps(found.to_json()), "application/json")

    return blueprint


def _fresh(text: str, media_type: str) -> Response:
    answer = Response(text, content_type=media_type)
    answer.headers["Cache-Control"] = "no-cache"
    return answer
