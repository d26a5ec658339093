"""What operators and verifiers ask: keys, health, readiness."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from consent_server.errors import StorageUnavailable
from consent_server.web.origins import allow_everyone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def operations_blueprint(
    jwks: Mapping[str, Any], ping: Callable[[], None], trouble: Callable[[], str | None]
) -> Blueprint:
    """Serve the JWK Set and say whether this process lives and is ready.

    `ping` raises StorageUnavailable, `trouble` says what is wrong with the catalog.
    """
    blueprint = Blueprint("operations", __name__)

    @blueprint.get("/.well-known/jwks.json")
    def keys() -> Response:
        answer = _json(jwks, content_type="application/jwk-set+json")
        answer.headers["Cache-Control"] = "public, max-age=300"
        return allow_everyone(answer)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        # What is wrong goes to the log: here it would tell strangers about files and databases.
        try:
            ping()
        except StorageUnavailable:
            return _json({"status": "unavailable", "catalog": "unknown"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json({"status": "ok", "catalog": "broken" if trouble() else "ok"})

    return blueprint


def _json(
    body: Mapping[str, Any], status: int = HTTPStatus.OK, content_type: str = "application/json"
) -> Response:
    answer = Response(json.dumps(body), status, content_type=content_type)
    answer.headers["Cache-Control"] = "no-store"
    return answer
