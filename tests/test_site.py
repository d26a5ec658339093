"""The website of the documents, and the reference of the catalog."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import reference
import site_of_documents

from consent_server.web.openapi import document as described
from consent_server.web.openapi import routes

ROOT = Path(__file__).parent.parent


def test_the_reference_is_that_of_the_schema() -> None:
    """`python tools/reference.py` would change nothing."""
    assert reference.TARGET.read_text("utf-8") == reference.reference()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the website."""
    target = tmp_path_factory.mktemp("site")
    site_of_documents.build(target)
    return target


def test_every_link_of_the_website_leads_somewhere(site: Path) -> None:
    """Pages, files, pictures, stylesheets; and places within pages."""
    broken = []
    for page in site.rglob("*.html"):
        for address in re.findall(r'(?:href|src)="([^":]+)"', page.read_text("utf-8")):
            file, _, place = address.partition("#")
            linked = page.parent / file if file else page
            if not linked.exists() or (place and f'id="{place}"' not in linked.read_text("utf-8")):
                broken.append(f"{page.name}: {address}")
    assert broken == []


def test_every_document_is_a_page_that_is_led_to(site: Path) -> None:
    """Each stands in the menu; the decisions are reached from the documents."""
    for document in (ROOT / "docs").glob("*.md"):
        page = site / "docs" / f"{document.stem}.html"
        assert page.exists()
        assert document.name == "README.md" or f"docs/{document.name}" in dict(site_of_documents.PAGES)


def test_every_route_stands_on_the_website(site: Path) -> None:
    """As a running server shows it at `/docs`, with the description for programs beside it."""
    text = (site / "docs" / "api.html").read_text("utf-8")
    assert all(f"{route.method.upper()} {route.path}" in text for route in routes())
    assert json.loads((site / "docs" / "openapi.json").read_text("utf-8")) == described()
    assert 'href="openapi.json"' in text
    assert 'aria-current="page">HTTP interface</a>' in text


def test_every_cell_says_its_column(site: Path) -> None:
    """On a narrow window a row is a card, and a figure without its column says nothing."""
    text = (site / "docs" / "comparison.html").read_text("utf-8")
    assert '<td data-label="bytes" class="number">14,556</td>' in text
    for page in site.rglob("*.html"):
        assert "<td>" not in page.read_text("utf-8")


def test_the_website_runs_nothing(site: Path) -> None:
    """No script, no style of others, and a policy that says so."""
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        assert "<script" not in text
        assert " style=" not in text
        assert "default-src 'none'" in text
