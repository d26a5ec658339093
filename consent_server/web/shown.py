"""What visitors were shown, again: a stored notice in a stored build of the widget, years later.

The page takes part in nothing. Its policy puts it into an origin of its own (`sandbox`), where it has neither
cookies nor storage of any website, and lets it send nothing (no `connect-src`). What was sent from it all the
same would come from the origin `null`, and be refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from babel.dates import format_datetime
from flask import Blueprint, Response, request

from consent_server.catalog.notice import Notice
from consent_server.catalog.revision import revision_of
from consent_server.catalog.texts import languages, texts_in
from consent_server.errors import BuildUnknown, NoticeUnknown
from consent_server.web.files import IMMUTABLE, SCRIPT, is_sha256
from consent_server.web.origins import allow_everyone
from consent_server.web.page_cookies import country_name
from consent_server.web.page_frame import clock, frame_of, html, tongue
from consent_server.web.widget import envelope_of, fresh, script_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.consent.ports import BuildStore, NoticeStore
    from consent_server.consent.sites import LiveSite, Sites
    from consent_server.consent.stored import KeptNotice
    from consent_server.web.page_frame import Frame

POLICY = (
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The Content-Security-Policy of the page: it may draw the widget and open links, nothing else."""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """Everything that the page shows. `body` is the notice's.

    `countries` maps each country's code to its name, `services` each id to the notice's entry. `named` tells
    whether the address named the build. `replaced` is empty while the notice is served.
    """

    sha256: str
    revision: str
    body: Mapping[str, Any]
    services: Mapping[str, Any]
    countries: Mapping[str, str]
    widget: str
    named: bool
    script: str
    replaced: str


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Every notice and build that was ever served; `current` is the SHA-256 of today's build."""

    sites: Sites
    notices: NoticeStore
    builds: BuildStore
    current: str

    def find(self, site_id: str, sha256: str) -> tuple[LiveSite, KeptNotice]:
        """Return a site and its notice. Raises SiteUnknown, NoticeUnknown."""
        site = self.sites.get(site_id)
        kept = self.notices.notice(site.id, sha256) if is_sha256(sha256) else None
        if kept is None:
            raise NoticeUnknown("No notice with this SHA-256 was ever served for this site.")
        return site, kept

    def build(self, kept: KeptNotice) -> tuple[str, bytes]:
        """Return the build that the request names, else that of the notice's time. Raises BuildUnknown."""
        widget = request.args.get("widget") or self.builds.main_build_at(kept.first_served) or self.current
        content = self.builds.build(widget) if is_sha256(widget) else None
        if content is None:
            raise BuildUnknown("No widget build with this SHA-256 was ever served here.")
        return widget, content


def shown_blueprint(
    sites: Sites, notices: NoticeStore, builds: BuildStore, current: str, stylesheet: str
) -> Blueprint:
    """Show every notice that was ever served as visitors saw it.

    `current` is the SHA-256 of the widget's build of today, `stylesheet` the URL path of the pages' CSS.
    An address that names no build means the one that was in use when the notice was first served.
    """
    blueprint, shelf = Blueprint("shown", __name__), _Shelf(sites, notices, builds, current)

    @blueprint.get("/v1/<site_id>/notices/<sha256>")
    def shown(site_id: str, sha256: str) -> Response:
        site, kept = shelf.find(site_id, sha256)
        widget, _ = shelf.build(kept)
        notice = _read(sha256, kept)
        page = _page(site, notice, kept, widget)
        answer = html("shown.html", _frame(site, notice, stylesheet), page=page)
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    @blueprint.get("/v1/<site_id>/notices/<sha256>/consent.js")
    def shown_js(site_id: str, sha256: str) -> Response:
        _, kept = shelf.find(site_id, sha256)
        widget, content = shelf.build(kept)
        script = script_of(envelope_of(_read(sha256, kept), widget), content)
        return allow_everyone(fresh(script, SCRIPT, IMMUTABLE if "widget" in request.args else "no-cache"))

    return blueprint


def _read(sha256: str, kept: KeptNotice) -> Notice:
    body = json.loads(kept.canonical)
    return Notice(sha256, revision_of(body), body["language"], kept.canonical, body)


def _frame(site: LiveSite, notice: Notice, stylesheet: str) -> Frame:
    """Make the page speak the notice's language, even where the site has it no more.

    In a page of another language the widget would ask for the notice of today.
    """
    frame = frame_of(site, notice.language, stylesheet)
    texts = texts_in(notice.language) if notice.language in languages() else frame.texts
    owner = notice.body["controller"]["name"]
    return replace(frame, tongue=tongue(notice.language), texts=texts, owner=owner)


def _page(site: LiveSite, notice: Notice, kept: KeptNotice, widget: str) -> ShownPage:
    services = {service["id"]: service for service in notice.body["services"]}
    codes = {service["country"] for service in services.values()}
    return ShownPage(
        sha256=notice.sha256,
        revision=notice.revision,
        body=notice.body,
        services=services,
        countries={code: country_name(code, notice.language) for code in codes},
        widget=widget,
        named="widget" in request.args,
        script=f"/v1/{site.id}/notices/{notice.sha256}/consent.js?widget={widget}",
        replaced=_moment(kept.replaced_at, notice.language),
    )


def _moment(milliseconds: int | None, language: str) -> str:
    if milliseconds is None:
        return ""
    return format_datetime(datetime.fromtimestamp(milliseconds / 1000, UTC), "long", locale=clock(language))
