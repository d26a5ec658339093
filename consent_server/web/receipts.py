"""Receipts for those who hold them: record, show, withdraw, erase."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, Response, request

from consent_server.consent.uuid7 import is_uuid7
from consent_server.consent.withdrawal import Deletion, deletions
from consent_server.errors import QueryInvalid, ReceiptUnknown, SiteUnknown
from consent_server.web.bodies import read_json
from consent_server.web.expiring import expire
from consent_server.web.origins import allow_site, check_origin
from consent_server.web.schemas import load_decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIEnvironment
    from flask import Request

    from consent_server.consent.decision import Decision
    from consent_server.consent.holders import Holders
    from consent_server.consent.recorder import Recorded, Recorder
    from consent_server.consent.sites import LiveSite, Sites
    from consent_server.web.views import ReceiptViews

# json.dumps would make an encoder for each answer.
_encode = json.JSONEncoder(separators=(",", ":")).encode

REFUSED = "consent.refused"
"""Where a request's environment has the refusal of its decision, which was met before Flask was."""


def receipts_blueprint(
    sites: Sites, recorder: Recorder, holders: Holders, views: ReceiptViews, public_url: str | None
) -> Blueprint:
    """Serve the receipts of every site to the browsers that hold their tokens."""
    blueprint = Blueprint("receipts", __name__)

    @blueprint.after_request
    def _private(answer: Response) -> Response:
        answer.headers["Cache-Control"] = "no-store"
        try:
            return allow_site(answer, sites.get((request.view_args or {})["site_id"]))
        except SiteUnknown:
            return answer

    @blueprint.post("/v1/<site_id>/receipts")
    def record(site_id: str) -> Response:
        if REFUSED in request.environ:
            raise request.environ[REFUSED]
        site = sites.get(site_id)
        recorded, decision = take(request.environ, site, recorder)
        # The widget sends cookies where a decision takes something back.
        takes_back = "HTTP_COOKIE" in request.environ
        return _deleting(recorded, site, decision, public_url) if takes_back else _recorded(recorded)

    @blueprint.get("/v1/<site_id>/receipts/<receipt_id>")
    def show(site_id: str, receipt_id: str) -> Response:
        site = sites.get(site_id)
        leaf = holders.receipt(site.id, receipt_id_of(receipt_id), bearer(request))
        return views.show(site, leaf)

    @blueprint.post("/v1/<site_id>/receipts/<receipt_id>/withdraw")
    def withdraw(site_id: str, receipt_id: str) -> Response:
        site = sites.get(site_id)
        check_origin(request.environ, site)
        decision, digest = _decision(request.environ)
        recorded = recorder.withdraw(site, decision, digest, receipt_id_of(receipt_id))
        return _deleting(recorded, site, decision, public_url)

    @blueprint.delete("/v1/<site_id>/receipts/<receipt_id>")
    def erase(site_id: str, receipt_id: str) -> Response:
        site = sites.get(site_id)
        check_origin(request.environ, site)
        return _json({"erased": _erase(site.id, receipt_id_of(receipt_id))})

    def _erase(site_id: str, receipt_id: UUID) -> int:
        wanted = request.args.get("all")
        if wanted not in {None, "1"}:
            raise QueryInvalid("“all” is 1, or is left out.")
        token = bearer(request)
        return holders.erase_all(site_id, token) if wanted else holders.erase(site_id, receipt_id, token)

    return blueprint


def take(environ: WSGIEnvironment, site: LiveSite, recorder: Recorder) -> tuple[Recorded, Decision]:
    """Record the decision that a request brings from a page of the site. Raises the refusals of DESIGN 5."""
    check_origin(environ, site)
    decision, digest = _decision(environ)
    return recorder.record(site, decision, digest), decision


def encode(recorded: Recorded, **more: Any) -> bytes:
    """Return the answer's JSON."""
    body = {
        "id": str(recorded.id),
        "receipt": recorded.receipt,
        "token": recorded.token,
        "subject": recorded.subject,
        "valid_until": recorded.valid_until,
        **more,
    }
    return _encode(body).encode()


def status_of(recorded: Recorded) -> HTTPStatus:
    """Return 201 for what is new, 200 for a repeat."""
    return HTTPStatus.CREATED if recorded.fresh else HTTPStatus.OK


def bearer(incoming: Request) -> str | None:
    """Return the token of an `Authorization: Bearer` header (RFC 6750)."""
    authorization = incoming.authorization
    if authorization is None or authorization.type != "bearer":
        return None
    return authorization.token


def report(fates: Iterable[Deletion]) -> list[dict[str, str]]:
    """Return the deletion report as it is sent."""
    return [
        {
            "name": fate.name,
            "category": fate.category,
            "service": fate.service,
            "outcome": fate.outcome.value,
        }
        for fate in fates
    ]


def sends_gpc(environ: WSGIEnvironment) -> bool:
    """Whether the browser sends Global Privacy Control with a request: `Sec-GPC: 1` (W3C GPC)."""
    return bool(environ.get("HTTP_SEC_GPC") == "1")


def _decision(environ: WSGIEnvironment) -> tuple[Decision, bytes]:
    """Read the posted decision and the SHA-256 of its body. The header tells of GPC too."""
    body, data = read_json(environ)
    decision = load_decision(body)
    if sends_gpc(environ):
        decision = replace(decision, gpc=True)
    return decision, hashlib.sha256(data).digest()


def _deleting(recorded: Recorded, site: LiveSite, decision: Decision, public_url: str | None) -> Response:
    """Answer with what becomes of each cookie that the decision refuses, and expire what came here."""
    granted = {**decision.choices, **decision.services}
    fates = deletions(site.catalog, request.cookies.keys(), granted)
    answer = _recorded(recorded, deletion=report(fates))
    expire(answer, fates, site.catalog, request.host, public_url)
    return answer


def _recorded(recorded: Recorded, **more: Any) -> Response:
    return Response(encode(recorded, **more), status_of(recorded), content_type="application/json")


def _json(body: dict[str, Any]) -> Response:
    return Response(_encode(body), content_type="application/json")


def receipt_id_of(text: str) -> UUID:
    """Return the id in a path, or raise ReceiptUnknown."""
    try:
        uuid = UUID(text)
    except ValueError:
        uuid = UUID(int=0)
    if not is_uuid7(uuid) or str(uuid) != text:
        raise ReceiptUnknown("There is no such receipt, or the token is not for it.")
    return uuid
