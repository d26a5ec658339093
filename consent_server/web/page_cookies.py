"""The public cookie table: as a page's view, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel import Locale

from consent_server.catalog.effective import limits_of
from consent_server.catalog.texts import texts_in
from consent_server.web.page_search import Search, found

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consent_server.catalog.model import Category, Cookie, Service
    from consent_server.consent.sites import LiveSite

COLUMNS = (
    "category",
    "name",
    "storage",
    "purpose",
    "lifespan",
    "service",
    "provider",
    "country",
    "third_party",
    "http_only",
    "privacy_policy",
    "opt_out",
)
"""The columns of the CSV, in order: stable names in every language."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cookie, ready to be read: `storage`, `lifespan` and `country` are words in the page's language.

    `shortened` names browsers that may delete it earlier, each with the time that it keeps it at most.
    """

    name: str
    storage: str
    http_only: bool
    purpose: str
    lifespan: str
    shortened: tuple[tuple[str, str], ...]
    service: Service
    country: str


@dataclass(frozen=True, slots=True)
class Section:
    """One category and its rows. `justification` says why the necessary ones need no consent."""

    id: str
    title: str
    text: str
    justification: str
    required: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class CookiePage:
    """Everything that the cookie page shows of the catalog, in one language.

    `sections` are those in which the search found something, `categories` ids and titles of all,
    `shown` and `all` count rows.
    """

    search: Search
    categories: tuple[tuple[str, str], ...]
    shown: int
    all: int
    sections: tuple[Section, ...]
    statements: tuple[tuple[str, str, tuple[str, ...]], ...]
    ask_again_after: str
    keep_receipts: str

    @property
    def leaving(self) -> bool:
        """Whether any row links to another website."""
        services = [row.service for section in self.sections for row in section.rows]
        return any(service.privacy_policy or service.opt_out for service in services)


def cookie_page(site: LiveSite, language: str, search: Search) -> CookiePage:
    """Make the view of the site's catalog in one of its languages, as far as it is searched for."""
    catalog = site.catalog
    cookies = found(catalog, search, language)
    sections = [_section(site, category, cookies, language) for category in catalog.categories]
    return CookiePage(
        search=search,
        categories=tuple((category.id, category.title[language]) for category in catalog.categories),
        shown=len(cookies),
        all=len(catalog.cookies),
        sections=tuple(section for section in sections if section.rows or not search.narrow),
        statements=tuple(
            (statement.id, statement.title[language], paragraphs(statement.text[language]))
            for statement in catalog.statements
        ),
        ask_again_after=catalog.site.ask_again_after.describe(language),
        keep_receipts=catalog.site.keep_receipts.describe(language),
    )


def _section(site: LiveSite, category: Category, cookies: Iterable[Cookie], language: str) -> Section:
    return Section(
        id=category.id,
        title=category.title[language],
        text=category.text[language],
        justification=(category.justification or {}).get(language, ""),
        required=category.required,
        rows=tuple(_row(site, cookie, language) for cookie in cookies if cookie.category == category.id),
    )


def _row(site: LiveSite, cookie: Cookie, language: str) -> Row:
    service = site.catalog.service(cookie.service)
    return Row(
        name=cookie.name,
        storage=texts_in(language)["page"][f"storage_{cookie.storage}"],
        http_only=cookie.http_only,
        purpose=cookie.purpose[language],
        lifespan=cookie.lifespan.describe(language),
        shortened=tuple((limit.browser, limit.lifespan.describe(language)) for limit in limits_of(cookie)),
        service=service,
        country=country_name(service.country, language),
    )


def country_name(code: str, language: str) -> str:
    """Return the country's name (ISO 3166-1 alpha-2 code) in a language, or the code where CLDR has none."""
    territories: Mapping[str, str] = Locale.parse(language, sep="-").territories
    return territories.get(code, code)


def paragraphs(text: str) -> tuple[str, ...]:
    """Split a text of the catalog at its empty lines."""
    return tuple(part.strip() for part in text.split("\n\n") if part.strip())


def cookies_json(site: LiveSite, language: str) -> dict[str, Any]:
    """Return the public table as data. Categories and services have the shape they have in the notice."""
    notice = site.notice(language)
    about = site.catalog.site
    shown = (
        "site",
        "language",
        "languages",
        "jurisdiction",
        "controller",
        "policy_url",
        "services",
        "categories",
    )
    return {
        "schema": "consent-cookies/1",
        **{key: notice.body[key] for key in shown},
        "revision": notice.revision,
        "notice": notice.sha256,
        "ask_again_after": about.ask_again_after.seconds,
        "keep_receipts": about.keep_receipts.seconds,
        "shortened": [_shortened(cookie) for cookie in site.catalog.cookies if limits_of(cookie)],
        "statements": [
            {"id": statement.id, "title": statement.title[language], "text": statement.text[language]}
            for statement in site.catalog.statements
        ],
    }


def _shortened(cookie: Cookie) -> dict[str, Any]:
    """Return what browsers make of a declared lifespan; `by_script`: only if a script sets the cookie."""
    limits = [
        {"browser": limit.browser, "seconds": limit.lifespan.seconds, "by_script": limit.by_script}
        for limit in limits_of(cookie)
    ]
    return {"name": cookie.name, "storage": cookie.storage, "effective": limits}


def cookies_csv(site: LiveSite, language: str) -> str:
    """Return the public table as CSV (RFC 4180), a header line first, safe to open in a spreadsheet."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for category in site.catalog.categories:
        for cookie in site.catalog.cookies:
            if cookie.category == category.id:
                lines.writerow(harmless(cell) for cell in _cells(site, cookie, language))
    return text.getvalue()


def _cells(site: LiveSite, cookie: Cookie, language: str) -> tuple[str, ...]:
    service = site.catalog.service(cookie.service)
    return (
        cookie.category,
        cookie.name,
        cookie.storage,
        cookie.purpose[language],
        cookie.lifespan.describe(language),
        service.name,
        service.provider,
        service.country,
        "yes" if service.third_party else "no",
        "yes" if cookie.http_only else "no",
        service.privacy_policy or "",
        service.opt_out or "",
    )


def harmless(cell: str) -> str:
    """Keep a spreadsheet from reading a cell as a formula (OWASP "CSV injection")."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
