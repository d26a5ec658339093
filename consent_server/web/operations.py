"""What operators and verifiers ask: keys, health, readiness, metrics."""

from __future__ import annotations

import hmac
import json
from http import HTTPStatus
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Request, Response, request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from consent_server.catalog.schema import schema_bytes
from consent_server.errors import StorageUnavailable, TokenRefused
from consent_server.web.health import BEHIND_SECONDS
from consent_server.web.origins import allow_everyone
from consent_server.web.receipts import bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consent_server.errors import Flaw
    from consent_server.web.health import Health, SiteHealth

_LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_PROXIED = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")


def operations_blueprint(
    jwks: Mapping[str, Any], health: Health, metrics: Callable[[], bytes], token: bytes | None
) -> Blueprint:
    """Serve the JWK Set, the catalog's schema, health, readiness and metrics.

    Metrics and the details of readiness are for those who ask on this machine, or bring the operator's
    `token`, where there is one.
    """
    blueprint = Blueprint("operations", __name__)
    _serve_documents(blueprint, jwks)
    _serve_health(blueprint, health, token)

    @blueprint.get("/metrics")
    def measured() -> Response:
        if not _is_operator(request, token):
            raise TokenRefused("Metrics are for the operator: ask on the machine itself, or with the token.")
        answer = Response(metrics(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint


def _serve_documents(blueprint: Blueprint, jwks: Mapping[str, Any]) -> None:
    """Serve what anyone may read and no request changes."""
    schema = schema_bytes()

    @blueprint.get("/catalog.schema.json")
    def catalog_schema() -> Response:
        answer = Response(schema, content_type="application/schema+json")
        answer.headers["Cache-Control"] = "public, max-age=3600"
        return allow_everyone(answer)

    @blueprint.get("/.well-known/jwks.json")
    def keys() -> Response:
        answer = _json(jwks, content_type="application/jwk-set+json")
        answer.headers["Cache-Control"] = "public, max-age=300"
        return allow_everyone(answer)


def _serve_health(blueprint: Blueprint, health: Health, token: bytes | None) -> None:
    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        trusted = _is_operator(request, token)
        try:
            sites = health.look()
        except StorageUnavailable:
            return _json({"status": "unavailable", "catalog": "unknown"}, HTTPStatus.SERVICE_UNAVAILABLE)
        state = _state(health, sites)
        # Strangers are not told what is wrong: it would tell them about files and databases.
        return _json(state | _details(health, sites) if trusted else state)


def _is_operator(asked: Request, token: bytes | None) -> bool:
    """Whether the operator asks. Raises TokenRefused for a wrong token.

    Whoever asks on this machine does, where no proxy asks on behalf of somebody else.
    """
    given = bearer(asked)
    if given is not None:
        if token is None or not hmac.compare_digest(given.encode("utf-8", "replace"), token):
            raise TokenRefused("This is not the operator's token.")
        return True
    return asked.remote_addr in _LOOPBACK and not any(name in asked.headers for name in _PROXIED)


def _state(health: Health, sites: list[SiteHealth]) -> dict[str, Any]:
    """Say how it is in a word each. Another node would seal no sooner: being behind takes none out."""
    return {
        "status": "ok",
        "catalog": "broken" if health.trouble() else "ok",
        "sealing": _sealing(sites),
    }


def _sealing(sites: list[SiteHealth]) -> str:
    if any(site.damage for site in sites):
        return "stopped"
    return "behind" if any(site.waiting_seconds > BEHIND_SECONDS for site in sites) else "ok"


def _details(health: Health, sites: list[SiteHealth]) -> dict[str, Any]:
    replica, _ = health.replica()
    return {
        "logs": {site.site: _log(site) for site in sites},
        "replica": replica,
        "flaws": [_flaw(flaw) for flaw in health.flaws()],
    }


def _log(site: SiteHealth) -> dict[str, Any]:
    damage = {"damage": site.damage} if site.damage else {}
    return {"leaves": site.leaves, "waiting_seconds": round(site.waiting_seconds, 1), **damage}


def _flaw(flaw: Flaw) -> dict[str, Any]:
    return {
        "file": PurePath(flaw.file).name,
        "line": flaw.line,
        "column": flaw.column,
        "severity": flaw.severity,
        "rule": flaw.rule,
        "message": flaw.message,
    }


def _json(
    body: Mapping[str, Any], status: int = HTTPStatus.OK, content_type: str = "application/json"
) -> Response:
    answer = Response(json.dumps(body), status, content_type=content_type)
    answer.headers["Cache-Control"] = "no-store"
    return answer
