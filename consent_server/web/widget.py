"""What every visitor downloads: the widget with its notice inlined; and notices by hash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from consent_server.errors import NoticeUnknown
from consent_server.web.files import IMMUTABLE, SCRIPT, File, is_sha256, send
from consent_server.web.origins import allow_everyone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consent_server.catalog.notice import Notice
    from consent_server.consent.ports import NoticeStore
    from consent_server.consent.sites import Sites

_LIVE = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
_MOST_SCRIPTS = 256
_REVISION_DIGITS = 8

# The script's own element: a page can hide document.currentScript behind an element of that name,
# but not the getter.
_ENVELOPE = (
    'Object.getOwnPropertyDescriptor(Document.prototype,"currentScript").get.call(document).consentEnvelope='
)

_EXCERPT = (
    "language", "languages", "direction", "policy_url", "ask_again_after", "cookie_domain"
)  # fmt: skip
_EXCERPT_TEXTS = (
    "banner_label", "banner_title", "banner_text", "accept_all", "refuse_all", "choose",
    "policy_link", "cookies_link", "new_tab", "saved",
)  # fmt: skip


def widget_blueprint(sites: Sites, build: bytes, notices: NoticeStore) -> Blueprint:
    """Serve the widget `build` with each site's notice, and every notice that was ever served."""
    blueprint = Blueprint("widget", __name__)
    blueprint.after_request(allow_everyone)
    build_sha256 = hashlib.sha256(build).hexdigest()
    scripts: dict[str, File] = {}

    def script(notice: Notice) -> File:
        if notice.sha256 not in scripts:
            while len(scripts) >= _MOST_SCRIPTS:
                scripts.pop(next(iter(scripts)))
            scripts[notice.sha256] = File.of(script_of(short_envelope_of(notice, build_sha256), build))
        return scripts[notice.sha256]

    @blueprint.get("/v1/<site_id>/consent.js")
    def consent_js(site_id: str) -> Response:
        notice = sites.get(site_id).notice(request.args.get("lang"))
        return send(script(notice), SCRIPT, _LIVE)

    @blueprint.get("/v1/<site_id>/notice.json")
    def notice_json(site_id: str) -> Response:
        notice = sites.get(site_id).notice(request.args.get("lang"))
        return fresh(envelope_of(notice, build_sha256), "application/json", _LIVE)

    @blueprint.get("/v1/<site_id>/notices/<sha256>.json")
    def notice_by_hash(site_id: str, sha256: str) -> Response:
        site = sites.get(site_id)
        kept = notices.notice(site.id, sha256) if is_sha256(sha256) else None
        if kept is None:
            raise NoticeUnknown("No notice with this SHA-256 was ever served for this site.")
        return fresh(kept.canonical, "application/json", IMMUTABLE)

    return blueprint


def envelope_of(notice: Notice, build_sha256: str) -> bytes:
    """Return what the widget is told: the notice, its hash, and which build shows it. JSON (DESIGN 5)."""
    return _json(_envelope(notice, build_sha256, notice.body))


def short_envelope_of(notice: Notice, build_sha256: str) -> bytes:
    """Return the same for a page that waits for it: an excerpt, and of the revision what a cookie holds."""
    envelope = _envelope(notice, build_sha256, excerpt_of(notice.body))
    del envelope["language"]  # the excerpt has it
    return _json({**envelope, "revision": notice.revision[:_REVISION_DIGITS]})


def _envelope(notice: Notice, build_sha256: str, shown: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sha256": notice.sha256,
        "revision": notice.revision,
        "language": notice.language,
        "widget": build_sha256,
        "notice": shown,
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def excerpt_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a notice that the widget begins with: it fetches the rest when somebody looks.

    Of what is always granted the services are enough, of the rest what it takes to find it. A member that is
    null or false is left out.
    """
    return {
        **_said(body, _EXCERPT),
        "layout": _said(body["layout"], body["layout"]),
        "texts": {key: body["texts"][key] for key in _EXCERPT_TEXTS},
        "categories": [
            {
                **_said(category, ("id", "required", "consent_mode")),
                "cookies": _services(category) if category["required"] else _entries(category),
            }
            for category in body["categories"]
        ],
    }


def _said(members: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: members[name] for name in names if members[name] is not None and members[name] is not False}


def _services(category: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"service": service} for service in dict.fromkeys(row["service"] for row in category["cookies"])]


def _entries(category: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{key: row[key] for key in ("name", "storage", "service")} for row in category["cookies"]]


def script_of(envelope: bytes, build: bytes) -> bytes:
    """Return the script that a page loads: the envelope in one line, then the exact bytes of the build."""
    return _ENVELOPE.encode() + envelope + b";\n" + build


def fresh(content: bytes, media_type: str, caching: str) -> Response:
    """Answer with `content` under its strong ETag, 304 where the browser has it."""
    answer = Response(content, content_type=media_type)
    answer.headers["Cache-Control"] = caching
    answer.add_etag()
    answer.make_conditional(request)
    return answer
