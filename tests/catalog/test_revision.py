"""The revision: what asks visitors again, and what does not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from consent_server.catalog.model import Catalog
from consent_server.catalog.notice import build_notice
from consent_server.catalog.revision import revision_of

Parse = Callable[..., Catalog]
Change = tuple[str, str]

SERVICE = """\
[service.film]
name = "Film"
provider = "Film Ltd"
country = "IE"
privacy_policy = "https://film.example/privacy"
"""
ROW = """\
[[cookie]]
name = "film"
service = "{service}"
category = "{category}"
lifespan = "session"
purpose = {{ en = "Shows films.", lt = "Rodo filmus." }}
"""
COOKIES = "[[cookie]]\n"


def _revision(catalog: Catalog) -> str:
    return build_notice(catalog, "en").revision


@pytest.mark.parametrize(
    "change",
    [
        ('en = "Counts visits."', 'en = "Counts visitors."'),
        ('lt = "Statistika"', 'lt = "Statistikai"'),
        ('lifespan = "2 years"', 'lifespan = "1 year"'),
        ('name = "Counter"', 'name = "The Counter"'),
        ('name = "_count_*"', 'name = "_counts_*"'),
        ('"6 months"', '"1 year"'),
        ('languages = ["en", "lt"]', 'languages = ["lt", "en"]'),
        (COOKIES, ROW.format(service="counter", category="analytics") + COOKIES),
        (COOKIES, SERVICE + COOKIES),
    ],
)
def test_same_revision(parse: Parse, change: Change) -> None:
    """Typos, translations, lifespans and further cookies of a known service ask nobody again."""
    assert _revision(parse(change)) == _revision(parse())


@pytest.mark.parametrize(
    "changes",
    [
        [(COOKIES, SERVICE + ROW.format(service="film", category="analytics") + COOKIES)],
        [(COOKIES, ROW.format(service="site", category="analytics") + COOKIES)],
        [('category = "analytics"', 'category = "necessary"')],
        [('provider = "Counter, Inc."', 'provider = "Bigger, Inc."')],
        [('country = "US"', 'country = "CA"')],
        [('id = "shop"', 'id = "shop"\nrevision = 2')],
        [("[category.analytics]", "[category.counting]"), ('"analytics"', '"counting"')],
        [("[service.counter]", "[service.meter]"), ('service = "counter"', 'service = "meter"')],
    ],
)
def test_new_revision(parse: Parse, changes: list[Change]) -> None:
    """A new service, company, country or number, or a service in another category, asks again."""
    assert _revision(parse(*changes)) != _revision(parse())


def test_order_does_not_count(parse: Parse) -> None:
    """The order of rows and services does not change the revision."""
    row = SERVICE + ROW.format(service="film", category="analytics")
    last = 'lt = "Skaičiuoja apsilankymus." }\n'
    assert _revision(parse((COOKIES, row + COOKIES))) == _revision(parse((last, last + row)))


@pytest.mark.parametrize("language", ["en", "lt"])
def test_from_a_stored_notice(parse: Parse, language: str) -> None:
    """The revision can be computed again from the bytes of a notice in any language."""
    notice = build_notice(parse(), language)
    assert revision_of(json.loads(notice.canonical)) == notice.revision == _revision(parse())
