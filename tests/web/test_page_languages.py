"""The public pages in many languages: which one is chosen, and what each of them asks of a page."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.texts import texts_in
from consent_server.consent.sites import Sites, live_sites
from consent_server.web.pages import pages_blueprint
from tests.web.test_pages import CATALOG, FIREFOX, PAGES, STYLESHEET, Page

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from consent_server.catalog.model import Catalog


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Read the catalog that is shipped."""
    return read_catalogs(CATALOG)[0]


@pytest.fixture(scope="module")
def client(catalog: Catalog) -> FlaskClient:
    """Make a client of the pages in the shipped catalog's languages."""
    return speaking(catalog)


def translated(value: Any, tag: str) -> Any:
    """Return a part of a catalog whose English texts stand under another language's tag too."""
    if isinstance(value, tuple):
        return tuple(translated(each, tag) for each in value)
    if isinstance(value, dict):
        return {**value, tag: value["en"]} if "en" in value else value
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: translated(getattr(value, f.name), tag) for f in fields(value) if f.init}
        )
    return value


def speaking(catalog: Catalog, *tags: str) -> FlaskClient:
    """Make a client of the pages of a site that has these languages after its own."""
    for tag in tags:
        catalog = translated(catalog, tag)
    spoken = (*catalog.site.languages, *tags)
    live = live_sites([replace(catalog, site=replace(catalog.site, languages=spoken))])
    app = Flask(__name__)
    app.register_blueprint(pages_blueprint(Sites(live), STYLESHEET))
    return app.test_client()


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("no", "nb"),
        ("nn-NO", "nb"),
        ("NB-no", "nb"),
        ("pt-BR", "pt"),
        ("pt_BR", "pt"),
        ("iw", "he"),
        ("lt-Latn-LT", "lt"),
        ("zh", "en"),
        ("nob", "en"),
        ("-", "en"),
        ("p", "en"),
    ],
)
def test_a_kind_of_a_language_is_that_language(catalog: Catalog, wanted: str, language: str) -> None:
    """A region, a script or another name of a language finds it; an unknown one is the site's default."""
    client = speaking(catalog, "nb", "pt", "he")
    path = f"/v1/{catalog.site.id}/cookies"
    assert client.get(f"{path}?lang={wanted}").headers["Content-Language"] == language
    assert client.get(path, headers={"Accept-Language": wanted}).headers["Content-Language"] == language


def test_what_a_browser_refuses_is_not_spoken(client: FlaskClient, catalog: Catalog) -> None:
    """A language of quality zero is not taken, and the order of qualities counts."""
    path = f"/v1/{catalog.site.id}/cookies"
    for accept, language in (("lt;q=0, de", "en"), ("en;q=0.3, lt;q=0.7", "lt"), ("*", "en")):
        assert client.get(path, headers={"Accept-Language": accept}).headers["Content-Language"] == language


@pytest.mark.parametrize(("language", "mark"), [("fr", "\N{NO-BREAK SPACE}:"), ("de", ":")])
def test_colons_follow_the_language(catalog: Catalog, language: str, mark: str) -> None:
    """French has a no-break space before each colon that a page adds, other languages have not."""
    client, texts = speaking(catalog, language), texts_in(language)
    root, headers = f"/v1/{catalog.site.id}", {"User-Agent": FIREFOX}
    table = Page(client.get(f"{root}/cookies?lang={language}").text)
    for key in ("authority", "why_necessary", "third_party", "shortened", "download_heading", "revision"):
        assert f"{texts['page'][key]}{mark}" in "".join(table.words)
    guide = Page(client.get(f"{root}/guide?lang={language}", headers=headers).text)
    assert f"{texts['guide']['checked_at']}{mark}" in "".join(guide.words)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["de", "ar"])
def test_steps_in_english_say_so(catalog: Catalog, path: str, language: str) -> None:
    """Where a guide has no steps in the page's language, they are marked as English and said to be."""
    client = speaking(catalog, language)
    address, headers = f"/v1/{catalog.site.id}/{path}", {"User-Agent": FIREFOX}
    page = Page(client.get(f"{address}?lang={language}", headers=headers).text)
    assert texts_in(language)["guide"]["steps_language"] in page.words
    assert f"Firefox ({texts_in(language)['guide']['android']})" in page.words
    assert {(a.get("lang"), a.get("dir")) for a in page.all("ol")} == {("en", "ltr")}
    page = Page(client.get(f"{address}?lang=lt", headers=headers).text)
    assert texts_in("lt")["guide"]["steps_language"] not in page.words
    assert {a.get("lang") for a in page.all("ol")} == {None}
