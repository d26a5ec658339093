"""The public pages: the cookie table, the guide, and what follows the revoke form."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from consent_server.catalog.files import read_catalogs
from consent_server.consent.sites import LiveSite, Sites, live_sites
from consent_server.errors import SiteUnknown
from consent_server.web.page_cookies import COLUMNS, cookies_csv
from consent_server.web.page_withdrawn import Withdrawal
from consent_server.web.pages import Problem, pages_blueprint, render_problem, render_withdrawn

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from consent_server.catalog.model import Catalog

CATALOG = Path(__file__).parents[2] / "cookie_catalog.toml"
STYLESHEET = "/v1/assets/pages.css"
FIREFOX = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
VOID = {"meta", "link", "input", "br"}
PAGES = ["cookies", "guide"]


class Page(HTMLParser):
    """An HTML page as its elements and its text; closing tags must match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the innermost open one."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember the words."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All words, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every such element."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Read the catalog that is shipped."""
    return read_catalogs(CATALOG)[0]


@pytest.fixture(scope="module")
def site(catalog: Catalog) -> LiveSite:
    """Make the shipped catalog's site."""
    return live_sites([catalog])[catalog.site.id]


@pytest.fixture(scope="module")
def client(catalog: Catalog) -> FlaskClient:
    """Make a client of the pages alone."""
    app = Flask(__name__)
    app.register_blueprint(pages_blueprint(Sites(live_sites([catalog])), STYLESHEET))
    return app.test_client()


def squeezed(text: str) -> str:
    """Return a text with single spaces, as `Page.text` has it."""
    return " ".join(text.split())


@pytest.mark.parametrize("language", ["en", "lt"])
def test_every_cookie_stands_on_the_page(client: FlaskClient, catalog: Catalog, language: str) -> None:
    """Name, purpose, lifespan, setter and links of each cookie are there, in each language."""
    page = Page(client.get(f"/v1/{catalog.site.id}/cookies?lang={language}").text)
    links = {attributes["href"] for attributes in page.all("a")}
    for cookie in catalog.cookies:
        service = catalog.service(cookie.service)
        assert cookie.name in page.words
        assert squeezed(cookie.purpose[language]) in page.text
        assert cookie.lifespan.describe(language) in page.words
        assert service.name in page.words
        assert not service.third_party or service.provider in page.text
        assert {service.privacy_policy, service.opt_out} - {None} <= links
    assert len(page.all("tr")) == len(catalog.cookies) + len(page.all("table"))


@pytest.mark.parametrize("language", ["en", "lt"])
def test_the_page_says_who_why_and_how_long(client: FlaskClient, catalog: Catalog, language: str) -> None:
    """Controller, categories, the justification, statements and the keeping of receipts are there."""
    page = Page(client.get(f"/v1/{catalog.site.id}/cookies?lang={language}").text)
    controller = catalog.site.controller
    for words in (controller.name, controller.address, controller.email, controller.authority):
        assert squeezed(words) in page.text
    for category in catalog.categories:
        assert squeezed(category.title[language]) in page.text
        assert squeezed(category.text[language]) in page.text
        assert squeezed((category.justification or {}).get(language, "")) in page.text
    for statement in catalog.statements:
        assert squeezed(statement.title[language]) in page.text
        assert squeezed(statement.text[language]) in page.text
    assert catalog.site.keep_receipts.describe(language) in page.text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "lt"])
def test_pages_are_well_formed_and_run_nothing(
    client: FlaskClient, catalog: Catalog, path: str, language: str
) -> None:
    """One h1, unique ids, labelled tables, and neither script nor inline style."""
    page = Page(client.get(f"/v1/{catalog.site.id}/{path}?lang={language}").text)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(page.all("h1")) == 1
    assert page.all("html") == [{"lang": language, "dir": "ltr"}]
    assert len(ids) == len(set(ids))
    assert {a.get("scope") for a in page.all("th")} <= {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert not page.all("script")
    assert not page.all("style")
    assert not [a for _, a in page.elements if "style" in a or any(name.startswith("on") for name in a)]
    assert [a["href"] for a in page.all("link")] == [STYLESHEET]


def test_ids_that_labels_name_exist(client: FlaskClient, catalog: Catalog) -> None:
    """Every label, description and anchor on the cookie page points at something on it."""
    page = Page(client.get(f"/v1/{catalog.site.id}/cookies").text)
    ids = {attributes.get("id") for _, attributes in page.elements}
    for _, attributes in page.elements:
        named = [attributes.get(name) for name in ("for", "aria-labelledby", "aria-describedby")]
        anchor = (attributes.get("href") or "").partition("#")
        assert {*named, anchor[2] if not anchor[0] and anchor[1] else None} - {None} <= ids


@pytest.mark.parametrize("path", PAGES)
def test_links_that_leave_say_so(client: FlaskClient, catalog: Catalog, path: str) -> None:
    """Each link to another website carries rel and a visible mark; no other resource is fetched."""
    page = Page(client.get(f"/v1/{catalog.site.id}/{path}").text)
    leaving = [a for a in page.all("a") if (a["href"] or "").startswith("http")]
    assert leaving
    assert {a["rel"] for a in leaving} == {"noopener noreferrer external"}
    assert page.words.count("↗") == len(leaving)
    assert not any(tag in {"img", "iframe", "object"} for tag, _ in page.elements)


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_their_headers(client: FlaskClient, catalog: Catalog, path: str) -> None:
    """A strict CSP, no cookie, and caches that know what the page depends on."""
    headers = client.get(f"/v1/{catalog.site.id}/{path}").headers
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "max-age=300"
    assert headers["Accept-CH"] == "Sec-CH-UA-Platform"
    assert {"Accept-Language", "User-Agent", "Sec-CH-UA"} <= set(headers["Vary"].split(", "))
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", "", "en"),
        ("", "lt-LT,lt;q=0.9,en;q=0.5", "lt"),
        ("", "de,fr;q=0.5", "en"),
        ("", "\x7f;;q=nonsense", "en"),
        ("?lang=lt", "en", "lt"),
        ("?lang=xx", "lt", "en"),
        ("?lang=%3Cscript%3E", "lt", "en"),
    ],
)
def test_the_language_is_the_one_asked_for(
    client: FlaskClient, catalog: Catalog, query: str, accept: str, language: str
) -> None:
    """`?lang=` wins, then Accept-Language, then the site's default."""
    answer = client.get(f"/v1/{catalog.site.id}/cookies{query}", headers={"Accept-Language": accept})
    assert Page(answer.text).all("html")[0]["lang"] == language
    assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize(
    "path", ["cookies", "cookies?q=ga", "guide", "cookies.json", "cookies.csv", "guide.json"]
)
def test_what_has_not_changed_is_not_sent_again(client: FlaskClient, catalog: Catalog, path: str) -> None:
    """A browser that has the page is told so; in another language it is another page."""
    address = f"/v1/{catalog.site.id}/{path}"
    tag = client.get(address).headers["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    other = client.get(address, headers={"If-None-Match": tag, "Accept-Language": "lt"})
    assert (other.status_code, other.headers["ETag"] == tag) == (200, False)


def test_the_revoke_form_keeps_the_code_out_of_urls(client: FlaskClient, catalog: Catalog) -> None:
    """The code goes by POST to the cookie page itself and is remembered by no browser."""
    page = Page(client.get(f"/v1/{catalog.site.id}/cookies?lang=lt").text)
    (form,) = [form for form in page.all("form") if form["method"] == "post"]
    fields = {a["name"]: a for a in page.all("input")}
    assert (form["method"], form["action"]) == ("post", "cookies")
    assert form["enctype"] == "application/x-www-form-urlencoded"
    assert fields["token"]["autocomplete"] == "off"
    assert fields["lang"]["value"] == "lt"


def test_text_of_the_catalog_is_only_text(catalog: Catalog) -> None:
    """Markup in a catalog is shown, never run."""
    evil = "<script>alert(1)</script>"
    cookies = tuple(replace(cookie, purpose={"en": evil, "lt": evil}) for cookie in catalog.cookies)
    app = Flask(__name__)
    live = live_sites([replace(catalog, cookies=cookies)])
    app.register_blueprint(pages_blueprint(Sites(live), STYLESHEET))
    page = Page(app.test_client().get(f"/v1/{catalog.site.id}/cookies").text)
    assert not page.all("script")
    assert page.words.count(evil) == len(cookies)


def test_the_visitors_own_guide_comes_first(client: FlaskClient, catalog: Catalog) -> None:
    """Firefox on Android sees its own guide before any other, on both pages and in the data."""
    headers = {"User-Agent": FIREFOX}
    root = f"/v1/{catalog.site.id}"
    assert "Firefox on Android" in Page(client.get(f"{root}/cookies", headers=headers).text).words
    guide = Page(client.get(f"{root}/guide", headers=headers).text)
    assert guide.words.index("Firefox on Android") < guide.words.index("Chrome on a computer")
    data = client.get(f"{root}/guide.json", headers=headers).get_json()
    assert (data["mine"]["browser"], data["mine"]["platform"]) == ("firefox", "android")


def test_the_guide_as_data_keeps_its_shape(client: FlaskClient, catalog: Catalog) -> None:
    """guide.json has these fields and no others; an unknown browser has no guide of its own."""
    answer = client.get(f"/v1/{catalog.site.id}/guide.json?lang=lt", headers={"User-Agent": "curl/8"})
    data = answer.get_json()
    assert set(data) == {"schema", "site", "language", "mine", "others", "opt_outs"}
    assert data["mine"] is None
    assert data["language"] == "lt"
    fields = {"browser", "platform", "name", "title", "help", "checked_at", "language", "steps"}
    assert all(set(guide) == fields for guide in data["others"])
    assert "User-Agent" in answer.headers["Vary"]


@pytest.mark.parametrize("agent", ["", "A" * 100_000, "\x7f\x01[[[[", "Mozilla/5.0 (" * 500])
def test_odd_user_agents_still_get_a_page(client: FlaskClient, catalog: Catalog, agent: str) -> None:
    """No user agent makes a page fail."""
    for path in ("cookies", "guide", "guide.json"):
        assert client.get(f"/v1/{catalog.site.id}/{path}", headers={"User-Agent": agent}).status_code == 200


def test_the_table_as_data_keeps_its_shape(client: FlaskClient, catalog: Catalog, site: LiveSite) -> None:
    """cookies.json has the notice's categories and services, and what only the public page tells."""
    data = client.get(f"/v1/{catalog.site.id}/cookies.json?lang=lt").get_json()
    assert set(data) == {
        *("schema", "site", "language", "languages", "jurisdiction", "controller", "policy_url"),
        *("services", "categories", "revision", "notice", "ask_again_after", "keep_receipts", "statements"),
        "shortened",
    }
    safari = {"browser": "Safari", "seconds": 604_800, "by_script": True}
    assert data["shortened"][0] == {"name": "consent", "storage": "cookie", "effective": [safari]}
    notice = site.notice("lt")
    assert data["categories"] == json.loads(notice.canonical)["categories"]
    assert data["notice"] == notice.sha256
    assert data["revision"] == site.revision
    names = [cookie["name"] for category in data["categories"] for cookie in category["cookies"]]
    assert sorted(names) == sorted(cookie.name for cookie in catalog.cookies)


@pytest.mark.parametrize("language", ["en", "lt"])
def test_the_table_as_csv_holds_every_cookie(client: FlaskClient, catalog: Catalog, language: str) -> None:
    """One line a cookie under stable column names, in RFC 4180 form and UTF-8."""
    answer = client.get(f"/v1/{catalog.site.id}/cookies.csv?lang={language}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.data.endswith(b"\r\n")
    first, *lines = csv.reader(io.StringIO(answer.text, newline=""))
    assert tuple(first) == COLUMNS
    told = {line[1]: dict(zip(COLUMNS, line, strict=True)) for line in lines}
    assert set(told) == {cookie.name for cookie in catalog.cookies}
    for cookie in catalog.cookies:
        assert told[cookie.name]["purpose"] == cookie.purpose[language]
        assert told[cookie.name]["lifespan"] == cookie.lifespan.describe(language)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_spreadsheet_sees_no_formula(catalog: Catalog, start: str) -> None:
    """A cell that a spreadsheet would compute is text, and the others are left alone."""
    cell = f"{start}HYPERLINK(1)"
    cookies = tuple(replace(cookie, purpose={"en": cell, "lt": cell}) for cookie in catalog.cookies)
    live = live_sites([replace(catalog, cookies=cookies)])
    table = cookies_csv(live[catalog.site.id], "en")
    lines = list(csv.reader(io.StringIO(table, newline="")))[1:]
    assert {line[3] for line in lines} == {f"'{cell}"}
    assert {line[1] for line in lines} == {cookie.name for cookie in catalog.cookies}


def test_an_unknown_site_is_refused(catalog: Catalog) -> None:
    """Every route names the site that does not exist; the application answers it."""
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.register_blueprint(pages_blueprint(Sites(live_sites([catalog])), STYLESHEET))
    for path in ("cookies", "cookies.json", "cookies.csv", "guide", "guide.json"):
        with pytest.raises(SiteUnknown):
            app.test_client().get(f"/v1/nowhere/{path}")


def test_a_withdrawal_names_what_is_left(site: LiveSite) -> None:
    """Receipt, time, each cookie of the report and the guide stand on a page that no cache stores."""
    third = next(service for service in site.catalog.services if service.third_party)
    deletion = [
        {"name": "gone", "category": "analytics", "service": "site", "outcome": "expired"},
        {"name": "mine", "category": "analytics", "service": "site", "outcome": "script"},
        {"name": "hosted", "category": "analytics", "service": "site", "outcome": "host_only"},
        {"name": "theirs", "category": "analytics", "service": third.id, "outcome": "third_party"},
    ]
    withdrawal = Withdrawal(
        "019ab0f3-6b1e-7c11-a5a1-51f2a1a7c1de", datetime(2026, 11, 23, 9, 15, 2, tzinfo=UTC), deletion
    )
    headers = Headers({"User-Agent": FIREFOX})
    answer = render_withdrawn(site, withdrawal, stylesheet=STYLESHEET, language="lt", headers=headers)
    page = Page(answer.get_data(as_text=True))
    ids = [a["id"] for a in page.all("h2")]
    assert ids == ["expired", "by-hand", "third-party", "guide"]
    assert "019ab0f3-6b1e-7c11-a5a1-51f2a1a7c1de" in page.words
    assert page.all("time") == [{"datetime": "2026-11-23T09:15:02+00:00"}]
    assert [word for word in page.words if word in {"gone", "mine", "hosted", "theirs"}] == [
        *("gone", "mine", "hosted", "theirs"),
    ]
    assert "„Firefox“ sistemoje „Android“" in page.words
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("code", "language", "detail"),
    [
        ("token_refused", "en", "This receipt code was not accepted."),
        ("token_refused", "lt", "Šis kvito kodas nepriimtas."),
        ("body_invalid", "en", "<b>so</b>"),
    ],
)
def test_a_problem_is_a_plain_page(site: LiveSite, code: str, language: str, detail: str) -> None:
    """A refusal is told in the visitor's words where there are any, with its status and a way back."""
    problem = Problem(401, code, "<b>so</b>")
    answer = render_problem(site, problem, stylesheet=STYLESHEET, language=language)
    page = Page(answer.get_data(as_text=True))
    assert answer.status_code == 401
    assert detail in page.text
    assert f"/v1/{site.id}/cookies?lang={language}" in [a["href"] for a in page.all("a")]


def test_an_unknown_site_has_a_problem_page_too() -> None:
    """Without a site the page is in English, names nobody and offers no way back."""
    problem = Problem(404, "site_unknown", "There is no site “x” here.")
    answer = render_problem(None, problem, stylesheet=STYLESHEET, language="lt")
    page = Page(answer.get_data(as_text=True))
    assert answer.status_code == 404
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert [a["href"] for a in page.all("a")] == ["#main"]
