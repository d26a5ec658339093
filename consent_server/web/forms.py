"""The revoke form of the cookie page, for visitors without JavaScript."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request

from consent_server.consent.withdrawal import OWN_COOKIE, deletions, refusal_cookie
from consent_server.errors import ConsentError, RateLimited, ServerBusy, SiteUnknown, StorageUnavailable
from consent_server.web.bodies import read_form
from consent_server.web.expiring import expire
from consent_server.web.origins import check_own_origin
from consent_server.web.page_withdrawn import Withdrawal
from consent_server.web.pages import Problem, render_problem, render_withdrawn
from consent_server.web.problems import STATUS
from consent_server.web.receipts import report, sends_gpc

if TYPE_CHECKING:
    from consent_server.consent.recorder import Recorder
    from consent_server.consent.sites import LiveSite, Sites


def forms_blueprint(sites: Sites, recorder: Recorder, stylesheet: str, public_url: str | None) -> Blueprint:
    """Take the revoke form, from our own page only; the answer is a page, whatever happened."""
    blueprint = Blueprint("forms", __name__)

    @blueprint.post("/v1/<site_id>/cookies")
    def revoke(site_id: str) -> Response:
        site = sites.get(site_id)
        check_own_origin(request, public_url)
        fields = read_form(request.environ)
        language = g.language = fields.get("lang")
        token = fields.get("token", "").strip()
        recorded = recorder.withdraw_by_form(site, language, token, gpc=sends_gpc(request.environ))
        fates = deletions(site.catalog, request.cookies.keys(), granted={})
        withdrawal = Withdrawal(str(recorded.id), datetime.now(UTC), report(fates))
        answer = render_withdrawn(
            site, withdrawal, stylesheet=stylesheet, language=language, headers=request.headers
        )
        expire(answer, fates, site.catalog, request.host, public_url)
        if OWN_COOKIE in request.cookies:
            _remember_refusal(answer, site, urlsplit(public_url or request.host_url).scheme)
        return answer

    @blueprint.errorhandler(ConsentError)
    def _page(refusal: ConsentError) -> Response:
        if type(refusal) not in STATUS:
            raise refusal
        # Only from a form that was read: a body that was refused is left alone.
        language = g.get("language")
        return render_problem(_asked(sites), _told(refusal), stylesheet=stylesheet, language=language)

    return blueprint


def _remember_refusal(answer: Response, site: LiveSite, scheme: str) -> None:
    """Tell a widget that runs in this browser later, which must not go by the choice that was withdrawn."""
    about = site.catalog.site
    answer.set_cookie(
        OWN_COOKIE,
        refusal_cookie(site.revision, int(time.time())),
        max_age=about.ask_again_after.seconds,
        domain=about.cookie_domain,
        secure=scheme == "https",
        samesite="Lax",
    )


def _told(refusal: ConsentError) -> Problem:
    # Whatever it is that passes is told in the same words.
    code = StorageUnavailable.code if isinstance(refusal, RateLimited | ServerBusy) else refusal.code
    return Problem(int(STATUS[type(refusal)]), code, refusal.detail)


def _asked(sites: Sites) -> LiveSite | None:
    try:
        return sites.get((request.view_args or {})["site_id"])
    except SiteUnknown:
        return None
