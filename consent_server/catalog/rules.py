"""The rules that hold between the tables of a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.catalog.flaws import did_you_mean, listing
from consent_server.catalog.formats import covers, domain_flaw, origin_flaw
from consent_server.catalog.model import NECESSARY, SITE
from consent_server.catalog.own import OWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consent_server.catalog.flaws import Flaws
    from consent_server.catalog.model import Category, Cookie, Service, Site, Statement


def check_site(flaws: Flaws, site: Site) -> None:
    """Cookies must reach every origin, and proof must last as long as the choice (GDPR, Art. 7(1))."""
    domain = site.cookie_domain
    if domain and not domain_flaw(domain):
        for origin in site.origins:
            if not origin_flaw(origin) and not covers(domain, origin):
                flaws.at_value(
                    ("site", "cookie_domain"),
                    f"{domain!r} does not cover {origin!r}: "
                    "write a domain that all origins share, or remove cookie_domain",
                )
    kept, asked = site.keep_receipts.seconds, site.ask_again_after.seconds
    if kept is not None and asked is not None and kept < asked:
        flaws.at_value(
            ("site", "keep_receipts"),
            f"keep_receipts is shorter than ask_again_after: write at least {str(site.ask_again_after)!r}, "
            "so that every choice in force can be proved",
        )


def check_ids(
    flaws: Flaws,
    categories: Sequence[Category],
    services: Sequence[Service],
    statements: Sequence[Statement],
) -> None:
    """Ids name one thing each; `necessary` is always there."""
    ids = {category.id for category in categories}
    if NECESSARY not in ids:
        flaws.at_key(
            ("category",),
            "[category.necessary] is missing: add it with title, text and justification",
        )
    for category in categories:
        _check_hyphens(flaws, category.id)
    for service in services:
        if service.id in ids:
            flaws.at_key(
                ("service", service.id),
                f"{service.id!r} is a category too: choose another id, since both share one set of names",
            )
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        if statement.id and statement.id in seen:
            flaws.at_value(("statement", index, "id"), f"{statement.id!r} is used twice: choose another id")
        seen.add(statement.id)


def check_cookies(
    flaws: Flaws,
    cookies: Sequence[Cookie],
    categories: Sequence[Category],
    services: Sequence[Service],
) -> None:
    """Every cookie belongs to a category and a service that exist, and stands in the table once."""
    known = {
        "category": [category.id for category in categories],
        "service": list(dict.fromkeys([SITE, *(service.id for service in services)])),
    }
    seen: set[tuple[str, str]] = set()
    for index, cookie in enumerate(cookies):
        for key, word in (("category", cookie.category), ("service", cookie.service)):
            if word and word not in known[key]:
                hint = did_you_mean(word, known[key]) or f": known are {listing(known[key])}"
                flaws.at_value(("cookie", index, key), f"there is no {key} {word!r}{hint}")
        row = (cookie.name, cookie.storage)
        if row in OWN:
            flaws.at_key(
                ("cookie", index, "name"),
                f"remove the row {cookie.name!r}: the program itself adds it to every table",
            )
        elif cookie.name and row in seen:
            flaws.at_value(
                ("cookie", index, "name"),
                f"{cookie.name!r} ({cookie.storage}) stands in the table twice: remove one row",
            )
        seen.add(row)


def _check_hyphens(flaws: Flaws, category: str) -> None:
    """Refuse a hyphen: the consent cookie joins the ids of categories with it."""
    if "-" in category:
        flaws.at_key(
            ("category", category),
            f"{category!r}: the id of a category has no hyphen: write {category.replace('-', '')!r}",
        )
