"""What the demo website stores, by its server at once and by gated scripts later: all is in the catalog."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.wrappers import Response

PAGES = ("/", "/privacy", "/sign-in", "/video/data-centre", "/lt/", "/no-such-page")
CREDENTIALS = {"email": "visitor@example.com", "password": "any"}
ANALYTICS = {"__utma", "__utmb", "__utmc", "__utmt", "__utmz"}


def _cookies(answer: Response) -> dict[str, str]:
    """Map the name of each cookie that an answer sets to its header."""
    return {header.partition("=")[0]: header for header in answer.headers.getlist("Set-Cookie")}


def _row(catalog: dict[str, Any], name: str) -> dict[str, Any]:
    """Find the catalog's row of a cookie, or fail."""
    rows: list[dict[str, Any]] = [row for row in catalog["cookie"] if fnmatchcase(name, row["name"])]
    assert rows, f"{name} is in no row of the catalog"
    return max(rows, key=lambda row: row["name"] == name)


def _set_by(*sources: str) -> set[str]:
    """Name the cookies that pieces of the website's script code set."""
    return {
        name
        for source in sources
        for name in re.findall(r'(?:document\.cookie = `|remember\(")([\w-]+)[="]', source)
    }


@pytest.mark.parametrize("path", PAGES)
def test_the_server_sets_only_what_is_necessary(
    visitor: FlaskClient, catalog: dict[str, Any], path: str
) -> None:
    """No page's answer sets a cookie that the catalog does not call necessary, HttpOnly included."""
    cookies = _cookies(visitor.get(path))

    rows = [_row(catalog, name) for name in cookies]
    assert {row["category"] for row in rows} == {"necessary"}
    assert {row["service"] for row in rows} == {"incapsula"}
    assert all(row["http_only"] for row in rows)


def test_protection_cookies_are_http_only_and_host_only(visitor: FlaskClient) -> None:
    """The three Incapsula cookies are out of reach of scripts and other hosts; one outlives the session."""
    cookies = _cookies(visitor.get("/"))

    assert sorted(cookies) == ["incap_ses_1184_2104815", "nlbi_2104815", "visid_incap_2104815"]
    for header in cookies.values():
        assert "; HttpOnly; Path=/; SameSite=Lax" in header
        assert "Domain" not in header
    lasting = [name for name, header in cookies.items() if "Max-Age=63072000" in header]
    assert lasting == ["visid_incap_2104815"]


def test_protection_cookies_are_set_where_missing(visitor: FlaskClient) -> None:
    """A browser that has them is not given them again, and one that deleted one gets that one."""
    visitor.get("/")
    assert _cookies(visitor.get("/privacy")) == {}

    visitor.delete_cookie("nlbi_2104815")

    assert list(_cookies(visitor.get("/"))) == ["nlbi_2104815"]


def test_files_set_no_cookies(visitor: FlaskClient) -> None:
    """Style sheets and scripts come without cookies."""
    with visitor.get("/static/site.css") as answer:
        assert _cookies(answer) == {}


@pytest.mark.parametrize("prefix", ["", "/lt"])
def test_signing_in_sets_the_sign_in_cookies_and_signing_out_removes_them(
    visitor: FlaskClient, catalog: dict[str, Any], prefix: str
) -> None:
    """Sign-in cookies exist between sign-in and sign-out only, and are as the catalog says."""
    answer = visitor.post(f"{prefix}/sign-in", data=CREDENTIALS | {"remember": "on"})

    assert (answer.status_code, answer.location) == (303, f"{prefix}/account")
    given = {
        name: header for name, header in _cookies(answer).items() if _row(catalog, name)["service"] == "site"
    }
    assert len(given) == 3
    for name, header in given.items():
        row = _row(catalog, name)
        assert row["category"] == "necessary"
        assert row["http_only"] == ("; HttpOnly;" in header)
        assert (row["lifespan"] == "session") == ("Max-Age" not in header)
    assert visitor.get(f"{prefix}/account").status_code == 200

    answer = visitor.post(f"{prefix}/sign-out")

    assert answer.location == f"{prefix}/"
    assert all(visitor.get_cookie(name) is None for name in given)
    assert visitor.get(f"{prefix}/account").location == f"{prefix}/sign-in"


def test_only_those_who_ask_are_remembered(visitor: FlaskClient) -> None:
    """The lasting sign-in cookie is set when its box is ticked and not otherwise, and signs in by itself."""
    assert "WHMCSUser" not in _cookies(visitor.post("/sign-in", data=CREDENTIALS))

    answer = visitor.post("/sign-in", data=CREDENTIALS | {"remember": "on"})
    assert "Max-Age=31536000" in _cookies(answer)["WHMCSUser"]

    visitor.delete_cookie("bacloud_session")
    assert visitor.get("/account").status_code == 200


@pytest.mark.parametrize("form", [{}, {"email": "visitor@example.com"}, {"password": "any"}])
def test_signing_in_takes_both_fields(visitor: FlaskClient, form: dict[str, str]) -> None:
    """A form with a field missing is a 400 that says so, and signs nobody in."""
    answer = visitor.post("/sign-in", data=form)

    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert visitor.get("/account").location == "/sign-in"


def test_gated_elements_name_what_the_catalog_has(visitor: FlaskClient, catalog: dict[str, Any]) -> None:
    """Each `data-consent` is an optional category or a service, and nothing gated loads by itself."""
    tags = re.findall(r"<(\w+)([^>]*)\sdata-consent=\"([^\"]+)\"([^>]*)>", visitor.get("/").text)

    assert {tag for tag, *_ in tags} == {"script", "iframe"}
    known = ({*catalog["category"]} | {*catalog["service"]}) - {"necessary"}
    for tag, before, name, after in tags:
        assert name in known
        assert 'type="text/plain"' in before if tag == "script" else " src=" not in before + after


def test_gated_scripts_set_only_what_their_gate_covers(visitor: FlaskClient, catalog: dict[str, Any]) -> None:
    """What each gated script sets is in the catalog below the category or service that it waits for."""
    static = files("consent_server.demo") / "static"
    inline = re.search(
        r'data-consent="functional"[^>]*nonce[^>]*>(.+?)</script>', visitor.get("/").text, re.DOTALL
    )
    assert inline is not None

    analytics = _set_by((static / "ga.js").read_text(encoding="utf-8"))
    functional = _set_by(inline[1], (static / "film.js").read_text(encoding="utf-8"))

    assert analytics == ANALYTICS
    assert {_row(catalog, name)["service"] for name in analytics} == {"google-analytics"}
    assert functional
    assert {_row(catalog, name)["category"] for name in functional} == {"functional"}


def test_the_strip_sets_nothing() -> None:
    """The script that shows what is stored writes to no storage."""
    source = (files("consent_server.demo") / "static" / "demo.js").read_text(encoding="utf-8")

    assert not re.search(r"document\.cookie\s*=|setItem|cookieStore|indexedDB", source)
