"""Looking for something in the public cookie table, by its address alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.lifespan import parse_lifespan
from consent_server.consent.sites import Sites, live_sites
from consent_server.web.page_search import LONGEST
from consent_server.web.pages import pages_blueprint
from tests.web.test_pages import Page

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from consent_server.catalog.model import Catalog

CATALOG = Path(__file__).parents[2] / "cookie_catalog.toml"
TABLE = (
    # name, category, service, lifespan, purpose
    ("zeta", "analytics", "own", "session", "Counts."),
    ("_ga_*", "analytics", "google-analytics", "2 years", "Tells visits apart."),
    ("Alpha", "analytics", "own", "persistent", "Keeps the ÄPFEL."),
    ("_ga", "analytics", "google-analytics", "10 minutes", "Counts visitors."),
    ("basket", "necessary", "own", "1 day", "Holds the basket."),
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Read the shipped catalog and give it a small table of its own."""
    shipped = read_catalogs(CATALOG)[0]
    own = next(service.id for service in shipped.services if not service.third_party)
    pattern = shipped.cookies[-1]
    cookies = tuple(
        replace(
            pattern,
            name=name,
            category=category,
            service=own if service == "own" else service,
            storage="cookie",
            lifespan=parse_lifespan(lifespan),
            http_only=False,
            purpose=dict.fromkeys(shipped.site.languages, purpose),
        )
        for name, category, service, lifespan, purpose in TABLE
    )
    return replace(shipped, cookies=cookies)


@pytest.fixture(scope="module")
def client(catalog: Catalog) -> FlaskClient:
    """Make a client of the pages alone."""
    app = Flask(__name__)
    app.register_blueprint(pages_blueprint(Sites(live_sites([catalog])), "/pages.css"))
    return app.test_client()


def ask(client: FlaskClient, **query: str) -> Page:
    """Return the English page for a query."""
    return Page(client.get("/v1/bacloud/cookies", query_string={"lang": "en", **query}).text)


def names(page: Page) -> list[str]:
    """Return the table's names in the page's order."""
    known = {row[0] for row in TABLE}
    return [word for word in page.words if word in known]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["basket", "Alpha", "zeta", "_ga", "_ga_*"]),
        ({"sort": "service"}, ["basket", "Alpha", "zeta", "_ga", "_ga_*"]),
        ({"sort": "name"}, ["basket", "_ga", "_ga_*", "Alpha", "zeta"]),
        ({"sort": "lifespan"}, ["basket", "zeta", "_ga", "_ga_*", "Alpha"]),
        ({"sort": "purpose"}, ["basket", "Alpha", "zeta", "_ga", "_ga_*"]),
        ({"q": "BASKET"}, ["basket"]),
        ({"q": " counts   visitors "}, ["_ga"]),
        ({"q": "äpfel"}, ["Alpha"]),
        ({"q": "google"}, ["_ga", "_ga_*"]),
        ({"q": "_ga_1A2B3C"}, ["_ga_*"]),
        ({"q": "nowhere"}, []),
        ({"q": "\x00\n\u202e"}, ["basket", "Alpha", "zeta", "_ga", "_ga_*"]),
        ({"category": "analytics"}, ["Alpha", "zeta", "_ga", "_ga_*"]),
        ({"category": "nothing"}, ["basket", "Alpha", "zeta", "_ga", "_ga_*"]),
        ({"party": "third"}, ["_ga", "_ga_*"]),
        ({"party": "first"}, ["basket", "Alpha", "zeta"]),
        ({"party": "first", "category": "analytics", "q": "a", "sort": "name"}, ["Alpha", "zeta"]),
    ],
)
def test_the_address_says_which_rows_and_in_which_order(
    client: FlaskClient, query: dict[str, str], found: list[str]
) -> None:
    """Words, category, party and order are read from the address; what is not known is not asked for."""
    assert names(ask(client, **query)) == found


def test_a_search_says_how_much_it_found(client: FlaskClient) -> None:
    """The page counts what it shows of how many, and leads back to the whole table."""
    page = ask(client, q="google")
    assert "Entries shown: 2 of 5" in page.text
    assert "cookies?lang=en" in [a["href"] for a in page.all("a")]
    assert "Entries shown" not in ask(client).text
    assert len(page.all("table")) == 1


def test_the_form_shows_what_was_asked(client: FlaskClient) -> None:
    """What was looked for stands in the form again, and goes by GET."""
    page = ask(client, q='a "b"', category="analytics", party="third", sort="name")
    (form,) = [form for form in page.all("form") if form["method"] == "get"]
    assert (form["action"], form["role"]) == ("cookies#search", "search")
    fields = {a["name"]: a for a in page.all("input")}
    assert fields["q"]["value"] == 'a "b"'
    assert fields["lang"]["value"] == "en"
    assert [a["value"] for a in page.all("option") if "selected" in a] == ["analytics", "third", "name"]


def test_links_keep_the_search(client: FlaskClient) -> None:
    """Sorting by a column and changing the language keep what was looked for; the sorted column says so."""
    page = ask(client, q="a&b=c ė", party="first", category="analytics", sort="name")
    assert len(page.all("th")) == 0
    page = ask(client, q="a", party="first", sort="name")
    links = [urlsplit(a["href"] or "") for a in page.all("a")]
    kept = [parse_qs(link.query) for link in links if "q" in parse_qs(link.query)]
    assert {query.get("sort", [""])[0] for query in kept} == {"", "name", "lifespan"}
    assert {query["lang"][0] for query in kept} == {"en", "lt"}
    assert all((query["q"], query["party"]) == (["a"], ["first"]) for query in kept)
    assert [a.get("aria-sort") for a in page.all("th")].count("ascending") == len(page.all("table"))


@pytest.mark.parametrize("evil", ['"><script>alert(1)</script>', "{{ 7 * 7 }}", "</form>", "' onfocus='x"])
def test_what_was_asked_is_only_text(client: FlaskClient, evil: str) -> None:
    """Markup in an address is shown as words in the form, and nowhere else."""
    for name in ("q", "category", "party", "sort", "lang"):
        page = ask(client, **{name: evil})
        assert not page.all("script")
        assert not [a for _, a in page.elements if any(key.startswith("on") for key in a)]
        assert ("49" in page.words) is False
        shown = [a for _, a in page.elements if evil in a.values()]
        assert [a["name"] for a in shown] == (["q"] if name == "q" else [])


def test_a_huge_search_is_cut(client: FlaskClient) -> None:
    """Only the beginning of what is asked is looked for and shown."""
    page = ask(client, q="x" * 10_000)
    field = next(a for a in page.all("input") if a["name"] == "q")
    assert field["value"] == "x" * LONGEST


def test_rows_say_what_browsers_make_of_them(client: FlaskClient) -> None:
    """A lifespan that browsers cut short is followed by their names and how long they keep it at most."""
    page = ask(client, q="apart")
    assert "2 years Browsers may delete it earlier: Chrome (400 days), Safari (7 days)" in page.text
    assert "Browsers may delete it earlier" not in ask(client, q="basket").text
