"""The lint: what the law or good practice asks of a catalog that holds. Each finding is a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from consent_server.catalog.formats import LOCAL_HOSTS
from consent_server.catalog.lifespan import SECONDS
from consent_server.catalog.lint_rows import lint_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.catalog.flaws import Flaws
    from consent_server.catalog.model import Catalog, Category, Texts
    from consent_server.catalog.positions import Keys

_SHORTEST_CHOICE = 6 * SECONDS["month"] - SECONDS["day"] * 2
_LONGEST_PROOF = 10 * SECONDS["year"]
_LONGEST_TITLE = 40
_LONGEST_TEXT = 350
_SENTENCE = 25
_ADVERTISING = {"ad_storage", "ad_user_data", "ad_personalization"}


def lint(flaws: Flaws, catalog: Catalog) -> None:
    """Add every warning about a catalog that holds."""
    _lint_site(flaws, catalog)
    _lint_banner(flaws, catalog)
    _lint_links(flaws, catalog)
    _lint_languages(flaws, catalog)
    _lint_consent_mode(flaws, catalog)
    for category in catalog.categories:
        _lint_category(flaws, catalog, category)
    lint_rows(flaws, catalog)


def _lint_site(flaws: Flaws, catalog: Catalog) -> None:
    asked, kept = catalog.site.ask_again_after, catalog.site.keep_receipts
    # 26 weeks are six months to everyone but a calendar.
    if (asked.seconds or 0) < _SHORTEST_CHOICE:
        flaws.at_value(
            ("site", "ask_again_after"),
            "R12-asked-too-often",
            f"visitors who refused are asked again after {str(asked)!r}: "
            'write "6 months" or more, unless a law shortens it',
        )
    if (kept.seconds or 0) > _LONGEST_PROOF:
        flaws.at_value(
            ("site", "keep_receipts"),
            "R10-receipts-long",
            f"receipts are kept for {str(kept)!r}: write how long a claim can still be made, "
            'usually "5 years" or less',
        )


def _lint_banner(flaws: Flaws, catalog: Catalog) -> None:
    for language, text in (catalog.banner.text or {}).items():
        if "{third_parties}" not in text and any(service.third_party for service in catalog.services):
            flaws.at_value(
                ("banner", "text", language),
                "R14-third-parties-untold",
                'this text does not say how many third parties get data: write "{third_parties}" into it, '
                "which is filled in with their number",
            )


def _lint_links(flaws: Flaws, catalog: Catalog) -> None:
    links: list[tuple[Keys, str | None]] = [(("site", "policy_url"), catalog.site.policy_url)]
    for service in catalog.services:
        links += [
            (("service", service.id, "privacy_policy"), service.privacy_policy),
            (("service", service.id, "opt_out"), service.opt_out),
        ]
    for keys, link in links:
        parts = urlsplit(link or "")
        if parts.scheme == "http" and parts.hostname not in LOCAL_HOSTS:
            message = f'{link!r} is not encrypted: write "https://", where the website answers to it'
            flaws.at_value(keys, "R30-link-unencrypted", message)


def _lint_languages(flaws: Flaws, catalog: Catalog) -> None:
    for keys, texts in _texts_of(catalog):
        first: dict[str, str] = {}
        for language, text in texts.items():
            same = first.setdefault(text.strip(), language)
            if same != language and len(text) > _SENTENCE:
                message = f'this text is the one of "{same}": translate it'
                flaws.at_value((*keys, language), "R18-untranslated", message)


def _texts_of(catalog: Catalog) -> Iterator[tuple[Keys, Texts]]:
    rows = [cookie for cookie in catalog.cookies if not cookie.own]
    found: list[tuple[Keys, Texts | None]] = [
        (("banner", "title"), catalog.banner.title),
        (("banner", "text"), catalog.banner.text),
        *((("cookie", index, "purpose"), cookie.purpose) for index, cookie in enumerate(rows)),
    ]
    for category in catalog.categories:
        keys = ("category", category.id)
        found += [((*keys, "text"), category.text), ((*keys, "justification"), category.justification)]
    for index, statement in enumerate(catalog.statements):
        found += [(("statement", index, "title"), statement.title)]
        found += [(("statement", index, "text"), statement.text)]
    return ((keys, texts) for keys, texts in found if texts)


def _lint_consent_mode(flaws: Flaws, catalog: Catalog) -> None:
    granted: dict[str, str] = {}
    for category in catalog.categories:
        for index, key in enumerate(category.consent_mode):
            first = granted.setdefault(key, category.id)
            if first != category.id:
                flaws.at_value(
                    ("category", category.id, "consent_mode", index),
                    "consent-mode-twice",
                    f"{key!r} is granted by {first!r} too: leave it to one category, "
                    "or either of them grants it",
                )
    missing = [key for key in ("ad_user_data", "ad_personalization") if key not in granted]
    if "ad_storage" in granted and missing:
        flaws.at_key(
            ("category", granted["ad_storage"], "consent_mode"),
            "R26-consent-mode-incomplete",
            f"no category grants {' or '.join(map(repr, missing))}, which Google asks for in the EEA, the "
            "United Kingdom and Switzerland since March 2024: add what advertising needs",
        )


def _lint_category(flaws: Flaws, catalog: Catalog, category: Category) -> None:
    keys = ("category", category.id)
    for key, texts, longest in (
        ("title", category.title, _LONGEST_TITLE),
        ("text", category.text, _LONGEST_TEXT),
    ):
        for language, text in texts.items():
            if len(text) > longest:
                message = f"{key}.{language} has {len(text)} characters: write at most {longest}"
                flaws.at_value((*keys, key, language), "R14-text-long", message)
    for language, text in (category.justification or {}).items():
        if text.strip() == category.text[language].strip():
            flaws.at_value(
                (*keys, "justification", language),
                "R7-justification-repeats",
                "the justification repeats the text: say what would not work without these cookies",
            )
    modes = set(category.consent_mode)
    if not category.required and "analytics_storage" in modes and modes & _ADVERTISING:
        flaws.at_key(
            (*keys, "consent_mode"),
            "R15-purposes-joined",
            f"{category.id!r} joins statistics and advertising, so that nobody can allow one alone: "
            "make two categories of it",
        )
    if not category.required and not any(row.category == category.id for row in catalog.cookies):
        flaws.at_key(
            keys,
            "category-empty",
            f"nothing is stored in {category.id!r}: add what it stores, or remove the category",
        )
