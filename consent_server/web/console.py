"""The auditor's console: server-rendered pages at /console, for those who hold an auditor's token."""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException, NotFound

from consent_server.errors import AuditorRefused, ConsentError, StorageUnavailable
from consent_server.web.console_doors import add_doors
from consent_server.web.console_files import ConsoleFiles
from consent_server.web.console_frame import HOME, ConsoleFrame, page
from consent_server.web.console_pages import add_pages
from consent_server.web.console_session import cookie_of
from consent_server.web.problems import STATUS

if TYPE_CHECKING:
    from consent_server.consent.sites import LiveSite
    from consent_server.web.console_pages import Desk
    from consent_server.web.console_session import Session

log = logging.getLogger(__name__)


def console_blueprint(desk: Desk) -> Blueprint:
    """Serve the console. Whoever is not signed in gets the page to sign in, whatever they asked for."""
    blueprint = Blueprint("console", __name__)
    files = ConsoleFiles()
    outside = ConsoleFrame(desk.stylesheet, files.paths)

    def enter(action: str) -> tuple[LiveSite, ConsoleFrame]:
        session = g.session = desk.sessions.read(cookie_of(request, desk.public_url))
        site = desk.sites.get(session.auditor.site)
        desk.sessions.note(session, f"console {action}")
        return site, replace(outside, session=session)

    @blueprint.get("/console/assets/<name>")
    def asset(name: str) -> Response:
        answer = files.send(name)
        if answer is None:
            raise NotFound
        return answer

    add_pages(blueprint, desk, enter)
    add_doors(blueprint, desk)
    _add_refusals(blueprint, desk, outside)
    return blueprint


def _add_refusals(blueprint: Blueprint, desk: Desk, outside: ConsoleFrame) -> None:
    """Answer every refusal with a page."""

    @blueprint.errorhandler(AuditorRefused)
    def _sign_in_first(refusal: AuditorRefused) -> Response:
        tried = request.method == "POST" or cookie_of(request, desk.public_url) is not None
        said = refusal.detail if tried else ""
        asked_for = request.method == "GET" and request.path == HOME
        status = HTTPStatus.OK if asked_for else STATUS[AuditorRefused]
        return page("sign_in.html", outside, status=status, said=said)

    @blueprint.errorhandler(ConsentError)
    def _refused(refusal: ConsentError) -> Response:
        status = STATUS.get(type(refusal))
        if status is None:
            return _fault(refusal)
        if isinstance(refusal, StorageUnavailable):
            log.error("%s: %s", refusal.code, refusal.detail)
            return problem(status, "The database does not answer now. Try again soon.")
        return problem(status, refusal.detail)

    @blueprint.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        return problem(error.code or 500, error.description or "")

    @blueprint.errorhandler(Exception)
    def _fault(error: Exception) -> Response:
        log.error("A page of the console failed.", exc_info=error)
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. It was logged.")

    def problem(status: int, detail: str) -> Response:
        session: Session | None = g.get("session")
        frame = replace(outside, session=session)
        return page("problem.html", frame, status=status, code=int(status), detail=detail)
