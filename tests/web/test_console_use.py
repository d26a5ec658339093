"""The auditor's console: signing in, looking, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import now
from consent_server.consent.auditing import new_auditor
from consent_server.evidence.export import ExportCheck

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server

OWN = {"Origin": "http://localhost"}
PAGES = ["/console", "/console/receipts", "/console/export", "/console/accesses"]


@pytest.fixture
def token(server: Server) -> str:
    """Give the token of an auditor of the shop."""
    auditor, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(auditor)
    return token


@pytest.fixture
def console(server: Server) -> FlaskClient:
    """Give a browser that keeps cookies."""
    return server.app.test_client()


def sign_in(console: FlaskClient, token: str, **headers: str) -> int:
    """Send the form of the sign-in page, and return the status of the answer."""
    return console.post("/console/sign-in", data={"token": token}, headers={**OWN, **headers}).status_code


def test_an_auditor_signs_in_and_sees_the_receipts(
    console: FlaskClient, server: Server, token: str, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """Every page answers, a receipt is listed and opens, and the export verifies."""
    receipt = post(decide()).json["id"]
    server.seal()
    assert sign_in(console, token) == 303
    for page in PAGES:
        answer = console.get(page)
        assert answer.status_code == 200, page
        assert answer.headers["Cache-Control"] == "no-store"
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert receipt in console.get("/console/receipts").text
    assert receipt not in console.get("/console/receipts?state=refused").text
    assert receipt in console.get(f"/console/receipts/{receipt}").text
    exported = console.get("/console/export.ndjson").text.splitlines()
    assert len(list(ExportCheck().read(exported))) == len(exported) - 1


def test_the_session_is_kept_from_scripts_and_other_sites(console: FlaskClient, token: str) -> None:
    """HttpOnly, SameSite=Strict, and it ends."""
    answer = console.post("/console/sign-in", data={"token": token}, headers=OWN)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Max-Age="))
    assert token not in cookie


@pytest.mark.parametrize("wrong", ["", "x", "auditor-wrong"])
def test_a_wrong_token_is_refused(console: FlaskClient, wrong: str) -> None:
    """And opens nothing."""
    assert sign_in(console, wrong) in {400, 401, 422}
    assert console.get("/console/receipts").status_code == 401


def test_the_form_is_taken_from_our_own_page_only(console: FlaskClient, token: str) -> None:
    """Another origin cannot sign anybody in."""
    assert sign_in(console, token, Origin="https://shop.example") == 403
    assert console.get("/console/receipts").status_code == 401


def test_a_revoked_auditor_is_out_at_once(console: FlaskClient, server: Server, token: str) -> None:
    """The session lives no longer than the token."""
    sign_in(console, token)
    (known,) = server.store.auditors("shop")
    server.store.revoke(known.id, now())
    assert console.get("/console/receipts").status_code == 401


@pytest.mark.parametrize("page", [*PAGES[1:], "/console/export.ndjson", "/console/receipts.csv"])
def test_nobody_else_sees_anything(console: FlaskClient, page: str) -> None:
    """Without a session there is the sign-in page alone; an invented one is none."""
    assert console.get(page).status_code == 401
    console.set_cookie("console", "invented")
    assert console.get(page).status_code == 401


def test_an_auditor_of_another_site_sees_nothing_of_this_one(
    console: FlaskClient, server: Server, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """A token is for one site."""
    receipt = post(decide()).json["id"]
    server.seal()
    auditor, token = new_auditor("other", "John", 30, now())
    server.store.add(auditor)
    sign_in(console, token)
    assert receipt not in console.get("/console/receipts").text
    assert receipt not in console.get(f"/console/receipts/{receipt}").text.replace(f"/{receipt}", "")
