"""The auditor's console: the way in, who sees what, and pages that run no inline script."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consent_server import web
from consent_server.app import build_server, now
from consent_server.consent.auditing import new_auditor
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.keys import token_secrets
from consent_server.settings import Settings, read_settings
from consent_server.web.console_session import LIFETIME, Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server
    from consent_server.consent.stored import Auditor

    Decide = Callable[..., dict[str, Any]]
    Post = Callable[..., Any]

OWN = "http://localhost"
SHEETS = Path(str(web.__file__)).parent / "static_console" / "styles"
FORM = "application/x-www-form-urlencoded"
HOUR = 3_600_000
PAGES = ["", "?days=90", "/receipts", "/receipts?state=given", "/export", "/accesses"]
VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """An HTML page as its elements and its words; closing tags must match."""

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

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element that closes itself, as those of SVG do."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the innermost open one."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Remember the words."""
        if self._open[-1:] == ["script"]:
            assert not data.strip(), "an inline script"
        self.words.append(data)

    def has(self, words: str) -> bool:
        """Tell whether the page says `words`, however they are broken into lines."""
        return " ".join(words.split()) in " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """List the attributes of every element of this name."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def browser(server: Server) -> FlaskClient:
    """Give a browser that keeps cookies."""
    return server.app.test_client()


@pytest.fixture
def jane(server: Server) -> tuple[Auditor, str]:
    """Give an auditor of the shop with their token."""
    auditor, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(auditor)
    return auditor, token


def enter(browser: FlaskClient, token: str, origin: str | None = OWN) -> Any:
    """Send the sign-in form."""
    headers = {"Origin": origin} if origin else {}
    return browser.post("/console/sign-in", data={"token": token}, headers=headers)


@pytest.fixture
def inside(browser: FlaskClient, jane: tuple[Auditor, str]) -> FlaskClient:
    """Give a browser in which Jane is signed in."""
    assert enter(browser, jane[1]).status_code == 303
    return browser


def form_token(browser: FlaskClient) -> str:
    """Read the form token from a page, as a browser sends it."""
    found = re.search(r'name="form" value="([^"]+)"', browser.get("/console").text)
    assert found
    return found[1]


# The way in and out


def test_a_good_token_opens_the_dashboard(browser: FlaskClient, jane: tuple[Auditor, str]) -> None:
    """The cookie is HttpOnly, SameSite=Strict, ends within eight hours, and does not hold the token."""
    answer = enter(browser, jane[1])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("console=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert jane[1] not in cookie
    age = re.search(r"Max-Age=(\d+)", cookie)
    assert age
    assert 0 < int(age[1]) <= LIFETIME // 1000
    assert Page(browser.get("/console").text).has("Dashboard")


def test_on_https_the_cookie_is_bound_to_the_host(settings: Settings, catalog_path: Path) -> None:
    """Its name begins with __Host- and it is Secure, so that no other host can set or read it."""
    environ = {
        "CONSENT_CATALOG": str(catalog_path),
        "CONSENT_DATA_DIR": str(settings.data_dir),
        "CONSENT_PUBLIC_URL": "https://consent.example",
    }
    server = build_server(read_settings(environ))
    auditor, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(auditor)
    answer = enter(server.app.test_client(), token, "https://consent.example")
    server.close()
    assert answer.headers["Set-Cookie"].startswith("__Host-console=")
    assert "Secure" in answer.headers["Set-Cookie"].split("; ")


def test_every_wrong_token_gets_the_same_answer(
    browser: FlaskClient, server: Server, jane: tuple[Auditor, str]
) -> None:
    """Mistyped, empty, expired and revoked: 401, the same page, no cookie."""
    late, late_token = new_auditor("shop", "Late", 1, now() - 48 * HOUR)
    gone, gone_token = new_auditor("shop", "Gone", 30, now())
    for auditor in (late, gone):
        server.store.add(auditor)
    server.store.revoke(gone.id, now())
    answers = [enter(browser, token) for token in ("", "x", "é\0", jane[1] + "x", late_token, gone_token)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert not any("Set-Cookie" in answer.headers for answer in answers)


@pytest.mark.parametrize("origin", [None, "null", "https://shop.example", "http://localhost.example"])
def test_signing_in_from_elsewhere_is_refused(
    browser: FlaskClient, jane: tuple[Auditor, str], origin: str | None
) -> None:
    """Only this server's own page may send the form: nobody is signed in by another page."""
    answer = enter(browser, jane[1], origin)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)
    assert answer.content_type == "text/html; charset=utf-8"


def test_a_revocation_ends_the_session_at_once(
    inside: FlaskClient, server: Server, jane: tuple[Auditor, str]
) -> None:
    """The next request already asks to sign in."""
    assert inside.get("/console/receipts").status_code == 200
    server.store.revoke(jane[0].id, now())
    assert inside.get("/console/receipts").status_code == 401
    assert inside.get("/console/export.ndjson").status_code == 401


def cookie_made(server: Server, settings: Settings, token: str, at: int, salted: bool = True) -> str:  # noqa: FBT001, FBT002
    """Make the cookie of somebody who signed in at a time, with this server's secrets or with others."""
    secrets = token_secrets(settings) if salted else [b"x" * 32]
    return Sessions(server.store, secrets, lambda: at).open(token)[1]


def test_a_session_ends_after_eight_hours(
    browser: FlaskClient, server: Server, settings: Settings, jane: tuple[Auditor, str]
) -> None:
    """A little before it is good, a little later it is not, whatever the browser keeps."""
    for age, status in [(LIFETIME - HOUR, 200), (LIFETIME + 1000, 401)]:
        cookie = cookie_made(server, settings, jane[1], now() - age)
        browser.set_cookie("console", cookie)
        assert browser.get("/console/receipts").status_code == status


def test_a_session_never_outlives_its_token(server: Server, settings: Settings) -> None:
    """Where the token ends sooner, so does the session."""
    auditor = new_auditor("shop", "Short", 1, now())
    server.store.add(auditor[0])
    late = auditor[0].expires - HOUR
    session, _ = Sessions(server.store, token_secrets(settings), lambda: late).open(auditor[1])
    assert session.expires == auditor[0].expires


@pytest.mark.parametrize("damage", ["cut", "changed", "foreign", "form", "empty", "bytes"])
def test_a_cookie_that_we_did_not_make_is_refused(
    browser: FlaskClient, server: Server, settings: Settings, jane: tuple[Auditor, str], damage: str
) -> None:
    """Tampered with, signed by another key, or signed by us for something else: 401, never a crash."""
    good = cookie_made(server, settings, jane[1], now())
    enter(browser, jane[1])
    cookies = {
        "cut": good[:-5],
        "changed": ("A" if good[0] != "A" else "B") + good[1:],
        "foreign": cookie_made(server, settings, jane[1], now(), salted=False),
        "form": form_token(browser),
        "empty": "",
        "bytes": "%ff.%00",
    }
    browser.set_cookie("console", cookies[damage])
    answer = browser.get("/console/receipts")
    assert answer.status_code == 401
    assert Page(answer.text).has("Sign in")


def test_signing_out_needs_the_form_of_this_session(inside: FlaskClient, server: Server) -> None:
    """Without the form token, with another session's, or from elsewhere nobody is signed out."""
    other, token = new_auditor("shop", "Joe", 30, now())
    server.store.add(other)
    joe = server.app.test_client()
    enter(joe, token)
    tries = [({}, OWN), ({"form": "x"}, OWN), ({"form": form_token(joe)}, OWN)]
    tries += [({"form": form_token(inside)}, "https://evil.example")]
    for fields, origin in tries:
        answer = inside.post("/console/sign-out", data=fields, content_type=FORM, headers={"Origin": origin})
        assert answer.status_code in {401, 403}
        assert "Set-Cookie" not in answer.headers
    assert Page(inside.get("/console").text).has("Dashboard")


def test_signing_out_ends_the_session(inside: FlaskClient) -> None:
    """The cookie is gone, and the console asks to sign in."""
    fields = {"form": form_token(inside)}
    answer = inside.post("/console/sign-out", data=fields, headers={"Origin": OWN})
    assert answer.status_code == 303
    assert inside.get("/console/receipts").status_code == 401


# Who sees what


@pytest.mark.parametrize("path", ["", "/receipts", "/receipts.csv", "/export"])
def test_a_parameter_that_stands_twice_is_refused(inside: FlaskClient, path: str) -> None:
    """Nobody is shown one of two that they asked for."""
    answer = inside.get(f"/console{path}?from=2026-11-01&from=2026-11-02")
    assert answer.status_code == 400
    assert Page(answer.text).has("The query has “from” twice.")


@pytest.mark.parametrize("path", [*PAGES, "/receipts.csv", "/export.ndjson", "/receipts/x"])
def test_nobody_sees_anything_without_signing_in(browser: FlaskClient, path: str) -> None:
    """The page to sign in stands in the place of every page; no store keeps it."""
    answer = browser.get(f"/console{path}")
    assert answer.status_code == (200 if path in {"", "?days=90"} else 401)
    assert Page(answer.text).has("How to get a token")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_bearer_token_is_no_session(browser: FlaskClient, jane: tuple[Auditor, str]) -> None:
    """The console knows its cookie alone."""
    answer = browser.get("/console/receipts", headers={"Authorization": f"Bearer {jane[1]}"})
    assert answer.status_code == 401


def test_an_auditor_of_one_site_never_sees_another(
    settings: Settings, catalog_path: Path, tmp_path: Path, decide: Decide
) -> None:
    """Not in the list, not by the receipt's number, not in an export."""
    folder = tmp_path / "catalogs"
    folder.mkdir()
    shop = catalog_path.read_text(encoding="utf-8")
    (folder / "shop.toml").write_text(shop, encoding="utf-8")
    (folder / "club.toml").write_text(shop.replace('id = "shop"', 'id = "club"'), encoding="utf-8")
    environ = {"CONSENT_CATALOG": str(folder), "CONSENT_DATA_DIR": str(settings.data_dir)}
    server = build_server(read_settings(environ))
    member, token = new_auditor("club", "Club", 30, now())
    server.store.add(member)
    mine = server.app.test_client(use_cookies=False).post(
        "/v1/shop/receipts", json=decide(), headers={"Origin": "https://shop.example"}
    )
    server.seal()
    browser = server.app.test_client()
    enter(browser, token)
    receipt = mine.json["id"]
    assert browser.get(f"/console/receipts/{receipt}").status_code == 404
    for path in ("receipts", "receipts.csv", "export.ndjson", "accesses"):
        assert receipt not in browser.get(f"/console/{path}").text.replace(f"receipt {receipt}", "")
    assert mine.json["receipt"] not in browser.get("/console/export.ndjson").text
    server.close()


def test_every_use_is_noted(inside: FlaskClient, server: Server, jane: tuple[Auditor, str]) -> None:
    """The access log says who opened what, and shows it."""
    for path in ("", "/receipts", "/export", "/export.ndjson", "/receipts.csv"):
        assert inside.get(f"/console{path}").status_code == 200
    noted = [access.action for access in server.store.accesses("shop", 100)][::-1]
    assert noted == [
        "console sign-in",
        "console dashboard",
        "console receipts",
        "console export page",
        "console export",
        "console receipts.csv",
    ]
    page = Page(inside.get("/console/accesses").text)
    assert page.has("Jane")
    assert page.has(jane[0].id)
    assert page.has("console export page")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_what_is_no_receipts_number_is_not_noted(
    request: pytest.FixtureRequest, settings: Settings, database: str
) -> None:
    """It could be a line of its own in the list of accesses, or a byte that PostgreSQL does not take: 404."""
    if database == "postgresql":
        settings = request.getfixturevalue("node_settings")("node")
    server = build_server(settings)
    auditor, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(auditor)
    browser = server.app.test_client()
    enter(browser, token)
    known = "01920000-0000-7abc-8def-000000000000"
    for name in (known, "x%0aFORGED", "%00", "%1b[2J", known.upper(), known.replace("-", ""), "x" * 5000):
        answer = browser.get(f"/console/receipts/{name}")
        assert answer.status_code == 404, name
        assert Page(answer.text).has("There is no")
    noted = [access.action for access in server.store.accesses("shop", 100)][::-1]
    assert noted == ["console sign-in", f"console receipt {known}", *["console receipt"] * 6]
    server.close()


# Pages


@pytest.mark.parametrize("path", [*PAGES, "/receipts?state=nonsense", "/receipts/nonsense"])
def test_every_page_is_whole_and_runs_nothing_inline(
    inside: FlaskClient, server: Server, post: Post, decide: Decide, path: str
) -> None:
    """Tags match, scripts and styles come as files from here, and the policy allows no others."""
    post(decide())
    server.seal()
    answer = inside.get(f"/console{path}")
    page = Page(answer.text)
    assert all(script["src"].startswith("/console/assets/") for script in page.all("script"))  # type: ignore[union-attr]
    assert page.all("style") == []
    for _, attributes in page.elements:
        assert not any(name == "style" or name.startswith("on") for name in attributes)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
def test_every_field_has_a_label_and_every_id_is_one(inside: FlaskClient, path: str) -> None:
    """What assistive technology goes by."""
    page = Page(inside.get(f"/console{path}").text)
    labelled = {label["for"] for label in page.all("label")}
    fields = page.all("input") + page.all("select")
    assert {field["id"] for field in fields if field.get("type") != "hidden"} == labelled
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(head.get("scope") in {"col", "row"} for head in page.all("th"))


def test_the_console_files_are_immutable(inside: FlaskClient) -> None:
    """Scripts and stylesheet come by their hash; another name is no file."""
    page = Page(inside.get("/console/export").text)
    paths = [link["href"] for link in page.all("link") if str(link["href"]).startswith("/console")]
    paths += [script["src"] for script in page.all("script")]
    assert len(paths) == 2
    for path in paths:
        answer = inside.get(str(path))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert inside.get("/console/assets/verify.js").status_code == 404


def test_the_stylesheet_is_one_file_with_every_sheet(inside: FlaskClient) -> None:
    """It imports nothing: a page asks once."""
    (path,) = (
        str(link["href"])
        for link in Page(inside.get("/console").text).all("link")
        if str(link["href"]).startswith("/console")
    )
    served = inside.get(path).text
    sheets = [sheet.read_text("utf-8") for sheet in SHEETS.iterdir()]
    assert len(sheets) > 1
    assert all(sheet in served for sheet in sheets)
    assert "@import" not in served


def test_the_dashboard_counts_what_was_decided(
    inside: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """Figures, both charts with a title, a description and a table, and what was granted by its title."""
    post(decide())
    post(decide(method="refuse_all", choices={"analytics": False, "marketing": False}, signals={"gpc": True}))
    server.seal()
    page = Page(inside.get("/console?days=7").text)
    for words in ("Receipts 2", "Opt-in rate 50.0%", "Global Privacy Control 50.0%", "Statistics 1 50.0%"):
        assert page.has(words), words
    charts = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert len(charts) == 2
    assert all(set(str(chart["aria-labelledby"]).split()) <= ids for chart in charts)
    assert len(page.all("figure")) == len(page.all("details")) == 2
    assert {rect["class"] for rect in page.all("rect")} >= {"fill partial", "fill refused"}


@pytest.mark.parametrize(
    "query",
    [
        *("?days=8", "?days=x", "?x=1", "?through=1", "?from=2026-02-01&through=2026-01-01"),
        *("?from=1999-01-01", "?through=0001-01-01", "?through=9999-12-31"),
        "?from=1969-12-01&through=1970-01-01",
    ],
)
def test_a_range_that_cannot_be_shown_is_said(inside: FlaskClient, query: str) -> None:
    """400 and a page in plain words."""
    answer = inside.get(f"/console{query}")
    assert answer.status_code == 400
    assert Page(answer.text).has("This did not work")


def listed(browser: FlaskClient, query: str = "") -> list[str]:
    """List the receipts of a page by their links."""
    page = Page(browser.get(f"/console/receipts{query}").text)
    links = [str(link.get("href")) for link in page.all("a")]
    return [
        link.rpartition("/")[2] for link in links if re.fullmatch(r"/console/receipts/[0-9a-f-]{36}", link)
    ]


def test_filters_choose_among_the_receipts(
    inside: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """By state, by what was granted, by subject and by day; a receipt's number leads to its page."""
    some = post(decide()).json
    none = post(decide(method="refuse_all", choices={"analytics": False, "marketing": False})).json
    server.seal()
    today = some["valid_until"] and inside.get("/console").text
    day = re.search(r'name="through" value="([0-9-]+)"', str(today))
    assert day
    assert listed(inside) == [some["id"], none["id"]]
    assert listed(inside, "?state=refused&from=&subject=") == [none["id"]]
    assert listed(inside, "?category=analytics") == [some["id"]]
    assert listed(inside, f"?subject={none['subject']}") == [none["id"]]
    assert listed(inside, f"?from={day[1]}&through={day[1]}") == [some["id"], none["id"]]
    assert listed(inside, "?through=2020-01-01") == []
    assert "Take these home" in inside.get("/console/receipts?state=refused").text
    assert "Take these home" not in inside.get("/console/receipts?through=2020-01-01").text
    rows = inside.get(f"/console/receipts.csv?id={some['id']}").text.splitlines()
    assert [some["id"] in row for row in rows] == [False, True]
    answer = inside.get(f"/console/receipts?id={some['id']}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/receipts/{some['id']}")


def test_pages_follow_each_other(inside: FlaskClient, server: Server, post: Post, decide: Decide) -> None:
    """Each receipt stands on one page, in the order of the log, filter kept."""
    ids = [post(decide()).json["id"] for _ in range(5)]
    server.seal()
    walked: list[str] = []
    query = "?limit=2&state=partial"
    while True:
        walked += listed(inside, query)
        page = Page(inside.get(f"/console/receipts{query}").text)
        following = [link for link in page.all("a") if link.get("rel") == "next"]
        if not following:
            break
        query = str(following[0]["href"]).removeprefix("/console/receipts")
        assert "state=partial" in query
    assert walked == ids


def test_one_receipt_is_shown_with_all_that_belongs_to_it(
    inside: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """Choices by the notice's titles, the receipt before it, the notice's words, the proof, the JWS."""
    first = post(decide()).json
    second = post(decide(token=first["token"])).json
    server.seal()
    page = Page(inside.get(f"/console/receipts/{second['id']}").text)
    for words in (
        "Consent given in part",
        "Own choice in the cookie settings",
        "Count visits.",
        "Tells visitors apart.",
        "Its SHA-256 is the one that was named",
        "Tree size",
        second["receipt"],
    ):
        assert page.has(words), words
    links = {link.get("href") for link in page.all("a")}
    assert f"/console/receipts/{first['id']}" in links
    assert any(str(link).startswith("/v1/shop/notices/") for link in links)
    (evidence,) = [section for section in page.all("section") if section.get("id") == "evidence"]
    assert evidence["data-jws"] == second["receipt"]
    assert evidence["data-previous"] == first["receipt"]


def test_a_receipt_that_waits_has_no_proof_yet(inside: FlaskClient, post: Post, decide: Decide) -> None:
    """Its page says so, and shows the rest."""
    page = Page(inside.get(f"/console/receipts/{post(decide()).json['id']}").text)
    assert page.has("waits to be sealed")
    assert page.has("Consent given in part")


def test_an_erased_receipt_shows_what_is_left(
    inside: FlaskClient, client: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """Its place and its hash, in the list and on its page, and nothing of what it said."""
    mine = post(decide()).json
    server.seal()
    headers = {"Origin": "https://shop.example", "Authorization": f"Bearer {mine['token']}"}
    client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers)
    assert Page(inside.get("/console/receipts").text).has("Erased")
    page = Page(inside.get(f"/console/receipts/{mine['id']}").text)
    assert page.has("The content was erased.")
    assert page.has("Leaf hash")
    assert not page.has("Consent given")


@pytest.mark.parametrize(
    "content", ["", "x", "é.é.é", "a.b.c", "e30.e30.e30", "e30.eyJzY2hlbWEiOiJjb25zZW50LXJlY2VpcHQvMSJ9.AA"]
)
def test_a_damaged_receipt_is_called_damaged(
    inside: FlaskClient, server: Server, post: Post, decide: Decide, content: str
) -> None:
    """Whatever somebody wrote into the database, its page opens and says so."""
    mine = post(decide()).json
    server.seal()
    server.store._database.execute_sql(  # noqa: SLF001 - what an attacker would do
        "UPDATE leaf SET jws = ? WHERE jws = ?", (content, mine["receipt"])
    )
    answer = inside.get(f"/console/receipts/{mine['id']}")
    assert answer.status_code == 200
    assert Page(answer.text).has("This receipt is damaged.")
    assert inside.get("/console/receipts").status_code == 200


def test_the_export_verifies_offline(inside: FlaskClient, server: Server, post: Post, decide: Decide) -> None:
    """The session alone is enough for it, and it is what the auditor's tools read."""
    post(decide())
    server.seal()
    waiting = post(decide()).json["receipt"]
    answer = inside.get("/console/export.ndjson")
    lines = answer.text.splitlines()
    assert json.loads(lines[-1])["jws"] == waiting
    assert [typ for typ, _ in ExportCheck().read(lines)].count(RECEIPT_TYPE) == 2
    assert 'filename="shop-export.ndjson"' in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_csv_holds_what_the_filter_chose(
    inside: FlaskClient, server: Server, post: Post, decide: Decide
) -> None:
    """A head and a row for each receipt, the receipt itself in the last column."""
    mine = post(decide()).json
    post(decide(method="refuse_all", choices={"analytics": False, "marketing": False}))
    server.seal()
    rows = inside.get("/console/receipts.csv?state=partial").text.splitlines()
    assert rows[0].startswith("index,id,time,state")
    assert len(rows) == 2
    assert rows[1].endswith(mine["receipt"])


def test_the_console_does_not_cross_origins(inside: FlaskClient) -> None:
    """No other page may read an answer, even one that is allowed to write receipts."""
    answer = inside.get("/console/export.ndjson", headers={"Origin": "https://shop.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_fault_is_a_page_too(inside: FlaskClient, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """No stack trace, no other shape: what went wrong is in the log of the server alone."""
    server.store._database.execute_sql("DROP TABLE access")  # noqa: SLF001 - a fault that nobody expects
    answer = inside.get("/console/receipts")
    assert answer.status_code in {500, 503}
    assert Page(answer.text).has("This did not work")
    assert "no such table" not in answer.text
    assert caplog.records
