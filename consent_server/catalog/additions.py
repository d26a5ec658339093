"""What is to be added to a catalog: rows and the services that they name, fitted to what stands there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from consent_server.catalog.known import FROM_MEMORY
from consent_server.catalog.model import SITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consent_server.catalog.known import Known, KnownService
    from consent_server.catalog.model import Catalog, Storage, Texts

TODO = "TODO"
"""What stands for a value that somebody has to write; no catalog with it passes the check."""


@dataclass(frozen=True, slots=True)
class NewService:
    """A service to be added. A value that nobody knows is `TODO`."""

    id: str
    name: str
    provider: str
    country: str
    privacy_policy: str
    opt_out: str | None = None
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCookie:
    """A row to be added. `note` is a comment for its reviewer; a language without purpose gets `TODO`."""

    name: str
    storage: Storage
    service: str
    category: str
    lifespan: str
    purpose: Texts
    http_only: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A row that is on offer, with its service; None where that is the website itself."""

    service: NewService | None
    cookie: NewCookie


@dataclass(frozen=True, slots=True)
class Additions:
    """What a catalog gets; `skipped` are the names that its table has already."""

    services: tuple[NewService, ...]
    cookies: tuple[NewCookie, ...]
    skipped: tuple[str, ...]

    def missing_categories(self, catalog: Catalog) -> dict[str, list[str]]:
        """Return the names of rows by those of their categories that the catalog does not have."""
        ids = {category.id for category in catalog.categories}
        missing: dict[str, list[str]] = {}
        for cookie in self.cookies:
            if cookie.category not in ids:
                missing.setdefault(cookie.category, []).append(cookie.name)
        return missing


def offer_of(known: Known) -> Offer:
    """Offer a row of the knowledge base, with a note on where its facts are from."""
    service, cookie = known.service, known.cookie
    return Offer(
        new_service(service),
        NewCookie(
            name=cookie.name,
            storage=cookie.storage,
            service=SITE if service.provider is None else service.id,
            category=cookie.category,
            lifespan=str(cookie.lifespan),
            purpose=cookie.purpose,
            http_only=cookie.http_only,
            note=_note(service, cookie.source),
        ),
    )


def new_service(service: KnownService) -> NewService | None:
    """Return a known service as a table to be added; None where it runs on the website itself."""
    if service.provider is None:
        return None
    return NewService(
        id=service.id,
        name=service.name,
        provider=service.provider,
        country=service.country,
        privacy_policy=service.privacy_policy,
        opt_out=service.opt_out,
        scripts=service.scripts,
    )


def fit(catalog: Catalog, offers: Sequence[Offer], category: str | None = None) -> Additions:
    """Leave out what the table has, use its own ids of services, put all into one category if it is given.

    What a pattern of the table covers is in the table. Rows of one service stay together.
    """
    services: dict[str, NewService] = {}
    cookies: dict[tuple[str, Storage], NewCookie] = {}
    skipped: dict[str, None] = {}
    for offer in offers:
        cookie = offer.cookie
        if stands(catalog, cookie.name, cookie.storage):
            skipped[cookie.name] = None
            continue
        service = _own_id(catalog, offer.service) if offer.service else SITE
        if offer.service and service not in {known.id for known in catalog.services}:
            services[service] = offer.service
        fitted = replace(cookie, service=service, category=category or cookie.category)
        cookies.setdefault((cookie.name, cookie.storage), fitted)
    order = {cookie.service: None for cookie in cookies.values()}
    rows = tuple(row for service in order for row in cookies.values() if row.service == service)
    return Additions(tuple(services.values()), rows, tuple(skipped))


def stands(catalog: Catalog, name: str, storage: Storage) -> bool:
    """Whether the table has a row of this name, or a pattern that covers it."""
    rows = [row.name for row in catalog.cookies if row.storage == storage]
    return name in rows or any(name.startswith(row[:-1]) for row in rows if row.endswith("*"))


def _note(service: KnownService, source: str) -> str:
    if service.checked == FROM_MEMORY:
        return f"assumed, please compare with {source}"
    return f"as {source} said on {service.checked}"


def _own_id(catalog: Catalog, service: NewService) -> str:
    ids = {known.id for known in catalog.services}
    names = {known.name.casefold(): known.id for known in catalog.services if known.id != SITE}
    return service.id if service.id in ids else names.get(service.name.casefold(), service.id)
