"""The public pages, none of which needs JavaScript: the cookie table, the guide, what follows the form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request

from consent_server.catalog.texts import texts_in
from consent_server.web.origins import allow_everyone
from consent_server.web.page_cookies import cookie_page, cookies_csv, cookies_json
from consent_server.web.page_frame import VARY, Frame, frame_of, html, language_of, tongue
from consent_server.web.page_guide import checked_dates, guide_json, opt_outs, visitor_guides
from consent_server.web.page_search import read_search
from consent_server.web.page_withdrawn import Withdrawal, withdrawn_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.datastructures import Headers

    from consent_server.consent.sites import LiveSite, Sites
    from consent_server.web.page_search import Search

MAX_AGE = 300
"""Seconds for which a browser may keep a public page."""


def pages_blueprint(sites: Sites, stylesheet: str) -> Blueprint:
    """Serve the cookie table and the guide of every site. `stylesheet` is the URL path of the pages' CSS.

    An unknown site raises SiteUnknown, which the application turns into an answer.
    """
    pages = Blueprint("pages", __name__)
    _serve_cookies(pages, sites, stylesheet)
    _serve_guide(pages, sites, stylesheet)
    return pages


def _serve_cookies(pages: Blueprint, sites: Sites, stylesheet: str) -> None:
    @pages.get("/v1/<site_id>/cookies")
    def cookies(site_id: str) -> Response:
        site = sites.get(site_id)
        search = read_search(request.args, (category.id for category in site.catalog.categories))
        frame = frame_of(site, language_of(request, site), stylesheet, here="cookies", kept=search.query)
        return _conditional(_cookies(site, frame, search, request.headers))

    @pages.get("/v1/<site_id>/cookies.json")
    def cookies_as_json(site_id: str) -> Response:
        site = sites.get(site_id)
        return _json(cookies_json(site, language_of(request, site)), "Accept-Language")

    @pages.get("/v1/<site_id>/cookies.csv")
    def cookies_as_csv(site_id: str) -> Response:
        site = sites.get(site_id)
        language = language_of(request, site)
        return _csv(cookies_csv(site, language), f"{site.id}-cookies-{language}.csv")


def _serve_guide(pages: Blueprint, sites: Sites, stylesheet: str) -> None:
    @pages.get("/v1/<site_id>/guide")
    def guide(site_id: str) -> Response:
        site = sites.get(site_id)
        frame = frame_of(site, language_of(request, site), stylesheet, here="guide")
        values = _guides(frame, request.headers)
        page = html("guide.html", frame, max_age=MAX_AGE, opt_outs=opt_outs(site), **values)
        return _conditional(page)

    @pages.get("/v1/<site_id>/guide.json")
    def guide_as_json(site_id: str) -> Response:
        site = sites.get(site_id)
        language = language_of(request, site)
        guides = visitor_guides(request.headers, language)
        return _json(guide_json(site, language, guides), VARY)


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as a page tells it: HTTP status, stable code, and the detail where we have no own words."""

    status: int
    code: str
    detail: str


def render_withdrawn(
    site: LiveSite, withdrawal: Withdrawal, *, stylesheet: str, language: str | None, headers: Headers
) -> Response:
    """Answer the revoke form: the new receipt, what was deleted, and what the visitor can delete.

    `headers` are the request's: they say for which browser the guide is.
    """
    frame = frame_of(site, language, stylesheet)
    page = withdrawn_page(site, frame.tongue.tag, withdrawal)
    return html("withdrawn.html", frame, page=page, **_guides(frame, headers))


def render_problem(
    site: LiveSite | None, problem: Problem, *, stylesheet: str, language: str | None
) -> Response:
    """Answer a refusal on an HTML route with a plain page, in English where the site is not known."""
    frame = (
        frame_of(site, language, stylesheet)
        if site
        else Frame(tongue("en"), (), texts_in("en"), stylesheet, host="", domain="", owner="")
    )
    detail = frame.texts["page"].get(f"problem_{problem.code}", problem.detail)
    back = f"/v1/{site.id}/cookies" if site else ""
    return html("problem.html", frame, status=problem.status, detail=detail, back=back)


def _cookies(site: LiveSite, frame: Frame, search: Search, headers: Headers) -> Response:
    language = frame.tongue.tag
    return html(
        "cookies.html",
        frame,
        max_age=MAX_AGE,
        site=site.catalog.site,
        revision=site.revision,
        page=cookie_page(site, language, search),
        **_guides(frame, headers),
    )


def _guides(frame: Frame, headers: Headers) -> dict[str, Any]:
    guides = visitor_guides(headers, frame.tongue.tag)
    return {"guides": guides, "checked": checked_dates(guides, frame.tongue.tag)}


def _json(body: Mapping[str, Any], vary: str) -> Response:
    return _data(json.dumps(body, ensure_ascii=False, indent=2), "application/json", vary)


def _csv(text: str, filename: str) -> Response:
    response = _data(text, "text/csv", "Accept-Language")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def _data(text: str, mimetype: str, vary: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = f"max-age={MAX_AGE}"
    response.headers["Vary"] = vary
    response.add_etag()
    return allow_everyone(_conditional(response))


def _conditional(response: Response) -> Response:
    """Leave the body out where the browser already has it."""
    response.make_conditional(request)
    return response
