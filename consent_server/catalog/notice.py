"""The notice: everything a visitor is shown, in one language, with the hash that a receipt names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import rfc8785
from babel import Locale
from babel.lists import format_list

from consent_server.catalog.revision import revision_of
from consent_server.catalog.texts import texts_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.catalog.model import Catalog, Category, Cookie, Service

SCHEMA = "consent-notice/1"
PLACEHOLDERS = ("purposes", "third_parties", "duration")
"""What the program fills into texts; the widget fills {service} and {category} when it shows a frame."""

_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice. `sha256` (64 hex digits) is over `canonical`, the bytes of `body` by RFC 8785 (JCS)."""

    sha256: str
    revision: str
    language: str
    canonical: bytes
    body: Mapping[str, Any]


def build_notice(catalog: Catalog, language: str) -> Notice:
    """Build the notice in one of the site's languages. Raises LookupError for any other."""
    if language not in catalog.site.languages:
        raise LookupError(f"{catalog.site.id} has no notice in {language!r}")
    body = _body(catalog, language)
    canonical = rfc8785.dumps(body)
    sha256 = hashlib.sha256(canonical).hexdigest()
    return Notice(sha256, revision_of(body), language, canonical, body)


def notices_of(catalog: Catalog) -> dict[str, Notice]:
    """Build the notice of each of the site's languages: language tag to notice, the default one first."""
    return {language: build_notice(catalog, language) for language in catalog.site.languages}


def _body(catalog: Catalog, language: str) -> dict[str, Any]:
    site = catalog.site
    controller = site.controller
    return {
        "schema": SCHEMA,
        "site": site.id,
        "language": language,
        "languages": list(site.languages),
        "direction": Locale.parse(language, sep="-").text_direction,
        "jurisdiction": site.jurisdiction,
        "controller": {
            "name": controller.name,
            "address": controller.address,
            "email": controller.email,
            "authority": controller.authority,
        },
        "policy_url": site.policy_url,
        "ask_again_after": site.ask_again_after.seconds,
        "cookie_domain": site.cookie_domain,
        "revision_number": site.revision,
        "layout": {
            "form": catalog.banner.form,
            "position": catalog.banner.position,
            "button": catalog.banner.button,
        },
        "texts": _texts(catalog, language),
        "services": [_service(service) for service in _services_in_use(catalog)],
        "categories": [_category(catalog, category, language) for category in catalog.categories],
    }


def _services_in_use(catalog: Catalog) -> list[Service]:
    used = {cookie.service for cookie in catalog.cookies}
    return [service for service in catalog.services if service.id in used]


def _service(service: Service) -> dict[str, Any]:
    return {**asdict(service), "scripts": list(service.scripts)}


def _category(catalog: Catalog, category: Category, language: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": category.id,
        "title": category.title[language],
        "text": category.text[language],
        "required": category.required,
        "consent_mode": list(category.consent_mode),
        "cookies": [_cookie(row, language) for row in catalog.cookies if row.category == category.id],
    }
    if category.justification:
        entry["justification"] = category.justification[language]
    return entry


def _cookie(cookie: Cookie, language: str) -> dict[str, Any]:
    return {
        "name": cookie.name,
        "storage": cookie.storage,
        "service": cookie.service,
        "purpose": cookie.purpose[language],
        "lifespan": cookie.lifespan.describe(language),
        "http_only": cookie.http_only,
        "path": cookie.path,
    }


def _texts(catalog: Catalog, language: str) -> dict[str, str]:
    texts = dict(texts_in(language)["widget"])
    only_necessary = texts.pop("banner_text_only_necessary")
    optional = [category.title[language] for category in catalog.categories if not category.required]
    if not optional:
        texts["banner_text"] = only_necessary
    if catalog.banner.title:
        texts["banner_title"] = catalog.banner.title[language]
    if catalog.banner.text:
        texts["banner_text"] = catalog.banner.text[language]
    third_parties = {service.provider for service in _services_in_use(catalog) if service.third_party}
    filling = {
        "purposes": format_list(optional, locale=Locale.parse(language, sep="-")),
        "third_parties": str(len(third_parties)),
        "duration": catalog.site.ask_again_after.describe(language),
    }
    return {key: _PLACEHOLDER.sub(lambda found: filling[found[1]], text) for key, text in texts.items()}
