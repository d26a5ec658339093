"""Receipts for those who hold them: record, show, withdraw, erase."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Blueprint, Response, request

from consent_server.consent.uuid7 import is_uuid7
from consent_server.consent.withdrawal import Deletion, Outcome, deletions
from consent_server.errors import QueryInvalid, ReceiptUnknown, SiteUnknown
from consent_server.web.bodies import read_json
from consent_server.web.origins import allow_site, check_origin
from consent_server.web.schemas import load_decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Request

    from consent_server.catalog.model import Catalog
    from consent_server.consent.holders import Holders
    from consent_server.consent.recorder import Recorded, Recorder
    from consent_server.consent.sites import Sites
    from consent_server.web.views import ReceiptViews


def receipts_blueprint(sites: Sites, recorder: Recorder, holders: Holders, views: ReceiptViews) -> Blueprint:
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
        site = sites.get(site_id)
        check_origin(request, site)
        body, data = read_json(request)
        return _recorded(recorder.record(site, load_decision(body), hashlib.sha256(data).digest()))

    @blueprint.get("/v1/<site_id>/receipts/<receipt_id>")
    def show(site_id: str, receipt_id: str) -> Response:
        site = sites.get(site_id)
        leaf = holders.receipt(site.id, receipt_id_of(receipt_id), bearer(request))
        return views.show(site, leaf)

    @blueprint.post("/v1/<site_id>/receipts/<receipt_id>/withdraw")
    def withdraw(site_id: str, receipt_id: str) -> Response:
        site = sites.get(site_id)
        check_origin(request, site)
        body, data = read_json(request)
        digest = hashlib.sha256(data).digest()
        recorded = recorder.withdraw(site, load_decision(body), digest, receipt_id_of(receipt_id))
        fates = deletions(site.catalog, request.cookies.keys())
        answer = _recorded(recorded, deletion=report(fates))
        expire(answer, fates, site.catalog)
        return answer

    @blueprint.delete("/v1/<site_id>/receipts/<receipt_id>")
    def erase(site_id: str, receipt_id: str) -> Response:
        site = sites.get(site_id)
        check_origin(request, site)
        return _json({"erased": _erase(site.id, receipt_id_of(receipt_id))})

    def _erase(site_id: str, receipt_id: UUID) -> int:
        wanted = request.args.get("all")
        if wanted not in {None, "1"}:
            raise QueryInvalid("“all” is 1, or is left out.")
        token = bearer(request)
        return holders.erase_all(site_id, token) if wanted else holders.erase(site_id, receipt_id, token)

    return blueprint


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


def expire(answer: Response, fates: Iterable[Deletion], catalog: Catalog) -> None:
    """Expire the HttpOnly cookies that the browser sent us, both ways that they may have been set."""
    for fate in fates:
        if fate.outcome is Outcome.EXPIRED:
            domains = {None} if fate.name.startswith("__Host-") else {None, catalog.site.cookie_domain}
            for domain in domains:
                # Browsers heed a line for a prefixed name only where it keeps what the prefix promises.
                secure = fate.name.startswith(("__Host-", "__Secure-"))
                answer.delete_cookie(fate.name, path=fate.path, domain=domain, secure=secure)


def _recorded(recorded: Recorded, **more: Any) -> Response:
    body = {
        "id": str(recorded.id),
        "receipt": recorded.receipt,
        "token": recorded.token,
        "subject": recorded.subject,
        "valid_until": recorded.valid_until,
        **more,
    }
    return _json(body, HTTPStatus.CREATED if recorded.fresh else HTTPStatus.OK)


def _json(body: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    return Response(json.dumps(body, separators=(",", ":")), status, content_type="application/json")


def receipt_id_of(text: str) -> UUID:
    """Return the id in a path, or raise ReceiptUnknown."""
    try:
        uuid = UUID(text)
    except ValueError:
        uuid = UUID(int=0)
    if not is_uuid7(uuid) or str(uuid) != text:
        raise ReceiptUnknown("There is no such receipt, or the token is not for it.")
    return uuid
