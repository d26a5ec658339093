"""The way into the console and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from consent_server.web.bodies import read_form
from consent_server.web.console_frame import HOME, go_to
from consent_server.web.console_session import LIFETIME, cookie_of, give_cookie
from consent_server.web.origins import check_own_origin

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from consent_server.web.console_pages import Desk


def add_doors(blueprint: Blueprint, desk: Desk) -> None:
    """Take the two forms, from our own pages only.

    Before signing in there is no session that a form token could belong to: the Origin alone speaks for it.
    """

    @blueprint.post(f"{HOME}/sign-in")
    def sign_in() -> Response:
        check_own_origin(request, desk.public_url)
        session, cookie = desk.sessions.open(read_form(request.environ).get("token", "").strip())
        desk.sites.get(session.auditor.site)
        desk.sessions.note(session, "console sign-in")
        answer = go_to(HOME)
        seconds = min(LIFETIME, session.expires - desk.clock()) // 1000
        give_cookie(answer, request, desk.public_url, cookie, seconds)
        return answer

    @blueprint.post(f"{HOME}/sign-out")
    def sign_out() -> Response:
        check_own_origin(request, desk.public_url)
        session = desk.sessions.read(cookie_of(request, desk.public_url))
        desk.sessions.check_form(session, read_form(request.environ).get("form"))
        desk.sessions.note(session, "console sign-out")
        answer = go_to(HOME)
        give_cookie(answer, request, desk.public_url, "", 0)
        return answer
