"""What a catalog says, as values, unchecked: `toml.parse_catalog` makes only catalogs that hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from consent_server.catalog.lifespan import Lifespan
    from consent_server.errors import Flaw


Texts: TypeAlias = Mapping[str, str]
"""One text in each of the site's languages: language tag (BCP 47) to text."""

Storage = Literal["cookie", "local_storage", "session_storage", "indexed_db"]
Form = Literal["box", "bar", "centre"]
Button = Literal["bottom-start", "bottom-end"]
Exemption = Literal["audience-measurement"]

NECESSARY = "necessary"
"""The category that is never asked for and always granted (ePrivacy Directive 2002/58/EC, Art. 5(3))."""

SITE = "site"
"""The reserved id of the service that is the site itself."""


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers for the site (GDPR Art. 4(7)), and the authority that a visitor may complain to (Art. 77).

    `country` is an ISO 3166 alpha-2 code, or empty where the catalog does not say.
    """

    name: str
    address: str
    email: str
    authority: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """One controller's website(s). The first language is the default one.

    `cookie_domain` None means that cookies belong to each host alone. `revision` is the number set by hand:
    a new one asks every visitor again.
    """

    id: str
    origins: tuple[str, ...]
    cookie_domain: str | None
    languages: tuple[str, ...]
    jurisdiction: str
    policy_url: str
    ask_again_after: Lifespan
    keep_receipts: Lifespan
    revision: int
    controller: Controller


@dataclass(frozen=True, slots=True)
class Banner:
    """How the banner looks. `title` and `text` replace the program's own texts where they are given.

    `button` is the corner of the button that opens the settings again, None where there is none.
    """

    form: Form
    position: str
    title: Texts | None
    text: Texts | None
    button: Button | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """What a visitor toggles. `consent_mode` names the Google Consent Mode v2 keys that it grants."""

    id: str
    title: Texts
    text: Texts
    justification: Texts | None
    consent_mode: tuple[str, ...]

    @property
    def required(self) -> bool:
        """Whether it is never asked for: true of `necessary` alone."""
        return self.id == NECESSARY


@dataclass(frozen=True, slots=True)
class Service:
    """Who sets cookies. `country` is an ISO 3166 alpha-2 code, empty only where the site's own is not given.

    `scripts` are host names that its scripts come from; one may begin with "*." for every host below.
    """

    id: str
    name: str
    provider: str
    country: str
    privacy_policy: str | None
    opt_out: str | None
    scripts: tuple[str, ...]
    third_party: bool


@dataclass(frozen=True, slots=True)
class Cookie:
    """One row of the table: anything stored on the visitor's device. A `name` may end in "*": any ending.

    `service` and `category` are ids. `own` marks what the widget itself stores. `exempt` names the exemption
    by which a row of `necessary` needs no consent, None where it is simply needed.
    """

    name: str
    storage: Storage
    service: str
    category: str
    lifespan: Lifespan
    purpose: Texts
    http_only: bool = False
    path: str = "/"
    own: bool = False
    exempt: Exemption | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Another promise of the policy, for the public cookie page. No part of the notice."""

    id: str
    title: Texts
    text: Texts


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalog, in the order of its file; the site's own service and cookies come first.

    `warnings` are what the lint found in the file: no part of what the catalog says.
    """

    site: Site
    banner: Banner
    categories: tuple[Category, ...]
    services: tuple[Service, ...]
    cookies: tuple[Cookie, ...]
    statements: tuple[Statement, ...]
    warnings: tuple[Flaw, ...] = field(default=(), compare=False)

    def category(self, id: str) -> Category:  # noqa: A002 - the word of the model
        """Return the category of this id. Raises LookupError where there is none."""
        return _find(self.categories, id)

    def service(self, id: str) -> Service:  # noqa: A002 - the word of the model
        """Return the service of this id, `site` included. Raises LookupError where there is none."""
        return _find(self.services, id)


_Row = TypeVar("_Row", Category, Service)


def _find(rows: tuple[_Row, ...], wanted: str) -> _Row:
    for row in rows:
        if row.id == wanted:
            return row
    raise LookupError(f"the catalog has no {wanted!r}")
