"""The knowledge base holds by the same rules as a catalog."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest

from consent_server.catalog.additions import fit, offer_of
from consent_server.catalog.editing import add_to
from consent_server.catalog.formats import link_flaw
from consent_server.catalog.known import FROM_MEMORY, Known, KnownService, find_known, known_services
from consent_server.catalog.toml import parse_catalog

if TYPE_CHECKING:
    from consent_server.catalog.model import Catalog

SERVICES = list(known_services().values())
ROWS = [Known(service, cookie) for service in SERVICES for cookie in service.cookies]

EMPTY = """\
[site]
id = "shop"
origins = ["https://shop.example"]
languages = ["en", "lt"]
jurisdiction = "EU"
policy_url = "https://shop.example/privacy"
[site.controller]
name = "Shop"
address = "Vilnius"
email = "privacy@shop.example"
authority = "VDAI"
""" + "".join(
    f"""\
[category.{category}]
title = {{ en = "{category} en", lt = "{category} lt" }}
text = {{ en = "What {category} is for.", lt = "Kam skirta {category}." }}
"""
    for category in ("functional", "analytics", "marketing", "necessary")
)
START = (EMPTY + 'justification = { en = "You ask for it.", lt = "Prašote to." }\n').encode()


def catalog_of(rows: list[Known]) -> Catalog:
    """Build a catalog out of rows of the knowledge base, by the way that `catalog add` takes."""
    empty = parse_catalog(START, "empty.toml")
    additions = fit(empty, [offer_of(known) for known in rows])
    return parse_catalog(add_to(START, empty, additions), "known.toml")


def test_there_is_enough() -> None:
    """At least 220 rows of at least 45 services are known, each with an English and a Lithuanian purpose."""
    assert len({(known.cookie.name, known.cookie.storage) for known in ROWS}) >= 220
    assert len(SERVICES) >= 45
    assert {tuple(known.cookie.purpose) for known in ROWS} == {("en", "lt")}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
def test_each_service_is_a_catalog_that_holds(service: KnownService) -> None:
    """Nothing but a long necessary lifespan, which is the company's own, makes the lint warn."""
    catalog = catalog_of([Known(service, cookie) for cookie in service.cookies])
    assert [row.name for row in catalog.cookies if not row.own] == [row.name for row in service.cookies]
    assert {flaw.rule for flaw in catalog.warnings} <= {"category-empty", "R7-necessary-long"}


def test_all_of_it_is_one_catalog_that_holds() -> None:
    """No name falls under the pattern of another category, and no id is taken twice."""
    names = {(known.cookie.name, known.cookie.storage) for known in ROWS}
    assert {(row.name, row.storage) for row in catalog_of(ROWS).cookies if not row.own} == names


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
def test_each_fact_has_its_source(service: KnownService) -> None:
    """Every row links to where the facts are from, and says when or that nobody compared them."""
    assert [link_flaw(cookie.source) for cookie in service.cookies if link_flaw(cookie.source)] == []
    assert service.checked == FROM_MEMORY or date.fromisoformat(service.checked) <= date.today()  # noqa: DTZ011
    assert service.cookies


def test_a_row_is_told_once() -> None:
    """No service stores the same thing twice, and `also` names services that are known."""
    rows = Counter((known.service.id, known.cookie.name, known.cookie.storage) for known in ROWS)
    assert [row for row, count in rows.items() if count > 1] == []
    assert {other for known in ROWS for other in known.cookie.also} <= known_services().keys()


@pytest.mark.parametrize("language", ["en", "lt"])
def test_purposes_are_short_sentences(language: str) -> None:
    """A purpose is one sentence of at most 120 characters that ends with a full stop."""
    texts = {known.cookie.purpose[language] for known in ROWS}
    assert [text for text in texts if len(text) > 120 or not text.endswith(".") or "  " in text] == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("_ga", [("google-analytics", "_ga")]),
        ("_ga_AB12CD34", [("google-analytics", "_ga_*")]),
        ("_ga_*", [("google-analytics", "_ga_*")]),
        ("visid_incap_2091233", [("incapsula", "visid_incap_*")]),
        ("AMP_TOKEN", [("google-analytics", "AMP_TOKEN")]),
        ("uid", [("adform", "uid"), ("criteo", "uid")]),
        ("_pk_id.1.1fff", [("matomo", "_pk_id*"), ("matomo-cloud", "_pk_id*"), ("piwik-pro", "_pk_id*")]),
        ("nobody_knows_this", []),
    ],
)
def test_names_are_found(name: str, found: list[tuple[str, str]]) -> None:
    """A name is found by its own row before any pattern, in every service that stores it."""
    assert [(known.service.id, known.cookie.name) for known in find_known(name)] == found
