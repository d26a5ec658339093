"""The rules that hold between the tables of a catalog; what breaks one keeps it from being served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.catalog.formats import covers, domain_flaw, origin_flaw
from consent_server.catalog.lifespan import SECONDS
from consent_server.catalog.model import NECESSARY, SITE
from consent_server.catalog.overlap import check_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consent_server.catalog.flaws import Flaws
    from consent_server.catalog.model import Category, Cookie, Service, Site, Statement

LONGEST_AUDIENCE = 13 * SECONDS["month"]
"""The longest that exempt audience measurement may keep anything on a device, in seconds: 13 months."""

_ASKED_FOR = ("ad_storage", "ad_user_data", "ad_personalization", "analytics_storage")


def check_site(flaws: Flaws, site: Site) -> None:
    """Cookies must reach every origin, and proof must last as long as the choice (GDPR, Art. 7(1))."""
    domain = site.cookie_domain
    if domain and not domain_flaw(domain):
        for origin in site.origins:
            if not origin_flaw(origin) and not covers(domain, origin):
                flaws.at_value(
                    ("site", "cookie_domain"),
                    "domain-uncovered",
                    f"{domain!r} does not cover {origin!r}: "
                    "write a domain that all origins share, or remove cookie_domain",
                )
    kept, asked = site.keep_receipts.seconds, site.ask_again_after.seconds
    if kept is not None and asked is not None and kept < asked:
        flaws.at_value(
            ("site", "keep_receipts"),
            "R9-receipts-short",
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
        message = "[category.necessary] is missing: add it with title, text and justification"
        flaws.at_key(("category",), "necessary-missing", message)
    for service in services:
        if service.id in ids:
            flaws.at_key(
                ("service", service.id),
                "id-taken",
                f"{service.id!r} is a category too: choose another id, since both share one set of names",
            )
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        if statement.id and statement.id in seen:
            message = f"{statement.id!r} is used twice: choose another id"
            flaws.at_value(("statement", index, "id"), "id-taken", message)
        seen.add(statement.id)


def check_grants(flaws: Flaws, categories: Sequence[Category]) -> None:
    """Nothing that is granted without asking may tell a tag to count or to advertise."""
    for category in categories:
        for index, key in enumerate(category.consent_mode):
            if category.required and key in _ASKED_FOR:
                flaws.at_value(
                    ("category", category.id, "consent_mode", index),
                    "R1-always-granted",
                    f"{category.id} is never asked for and cannot grant {key!r}: "
                    "move it to a category that visitors allow or refuse",
                )


def check_cookies(
    flaws: Flaws,
    cookies: Sequence[Cookie],
    categories: Sequence[Category],
    services: Sequence[Service],
) -> None:
    """Every cookie belongs to a category and a service that exist; its name belongs to it alone."""
    known = {
        "category": dict.fromkeys(category.id for category in categories),
        "service": dict.fromkeys([SITE, *(service.id for service in services)]),
    }
    for index, cookie in enumerate(cookies):
        for key, word in (("category", cookie.category), ("service", cookie.service)):
            if word and word not in known[key]:
                message = f"there is no {key} {word!r}{flaws.hint(word, known[key])}"
                flaws.at_value(("cookie", index, key), "reference-unknown", message)
        _check_exemption(flaws, index, cookie)
    check_names(flaws, cookies)


def _check_exemption(flaws: Flaws, index: int, cookie: Cookie) -> None:
    """Hold exempt audience measurement to what exempts it (CNIL guidelines 2020-091)."""
    if cookie.exempt is None:
        return
    if cookie.category and cookie.category != NECESSARY:
        flaws.at_key(
            ("cookie", index, "exempt"),
            "R13-audience-category",
            f"remove 'exempt': {cookie.name!r} is asked for in {cookie.category!r}, "
            'and only a row of "necessary" does without consent',
        )
    seconds = cookie.lifespan.seconds
    too_long = seconds > LONGEST_AUDIENCE if seconds is not None else cookie.lifespan.kind == "persistent"
    if too_long:
        flaws.at_value(
            ("cookie", index, "lifespan"),
            "R13-audience-lifespan",
            f"{cookie.name!r} stays for {str(cookie.lifespan)!r}, and audience measurement without consent "
            'may keep it for 13 months: write "13 months" or less, or ask for consent',
        )
