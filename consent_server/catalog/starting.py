"""A new catalog with a comment for each key, from a few answers: what `consent-server init` writes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import tomlkit

from consent_server.catalog.additions import new_service, offer_of
from consent_server.catalog.editing import cookie_lines, service_lines
from consent_server.catalog.known import Known
from consent_server.catalog.model import NECESSARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from consent_server.catalog.known import KnownService

_FOLDER = files("consent_server.catalog") / "starting"
_NO_DOMAIN = '# cookie_domain = "example.com"  # optional: one choice for this domain and all below it'
_NO_COUNTRY = '# country = "LT"  # optional: two letters (ISO 3166)'
_SERVICES = """
# Services: other companies that set cookies or receive data. The website itself is always there, under the
# id "site". `provider` is the company and `country` where it is (ISO 3166). Optional are `opt_out`, its own
# way to refuse, and `scripts`, where its scripts come from. A company that belongs to the website's own is
# `third_party = false`; every other needs its `privacy_policy`."""
_COOKIES = """
# Cookies: one row for each thing stored. What the cookie settings themselves store is added by the program.
# `name` may end in "*": any ending. `storage` is "cookie" where it is left out, else "local_storage",
# "session_storage" or "indexed_db". `service` is "site" or a service above, `category` a category above.
# `lifespan` is "session", "persistent", or a length such as "30 days". `http_only` says that scripts cannot
# read a cookie; `path` is "/" where it is left out. `exempt = "audience-measurement"` says why a row that
# counts visits may stand in `necessary`. `consent-server catalog add NAME` writes rows for usual cookies."""

_STATEMENTS = """
# Statements: the policy's other promises, shown on the public cookie page alone.
# [[statement]]
# id = "security\""""


@dataclass(frozen=True, slots=True)
class Start:
    """The answers. `schema` is the address of the JSON Schema, for editors.

    `policy_url` and `authority` None: the usual ones are written and marked as assumed.
    """

    id: str
    origins: tuple[str, ...]
    languages: tuple[str, ...]
    jurisdiction: str
    name: str
    address: str
    email: str
    country: str | None
    authority: str | None
    policy_url: str | None
    cookie_domain: str | None
    categories: tuple[str, ...]
    services: tuple[KnownService, ...]
    schema: str


@cache
def usual_categories() -> Mapping[str, Any]:
    """Return the usual categories by id, each with title, text and consent_mode, in order."""
    return _read("categories.toml")


@cache
def usual_languages() -> tuple[str, ...]:
    """Return the languages that the usual categories are written in."""
    return tuple(usual_categories()[NECESSARY]["title"])


def authority_of(country: str | None) -> str | None:
    """Return the data protection authority of a country (ISO 3166), None where it is not known."""
    found = _read("authorities.toml").get(country or "")
    return None if found is None else str(found)


def usual_id(origin: str) -> str:
    """Return a short name for the website at this origin: its host's label before the last dot."""
    labels = [label for label in (urlsplit(origin).hostname or "").split(".") if label != "www"]
    return (labels[-2] if len(labels) > 1 else "".join(labels))[:40]


def usual_policy(origin: str) -> str:
    """Return where a policy usually is."""
    return f"{origin}/privacy"


def categories_of(services: Iterable[KnownService]) -> tuple[str, ...]:
    """Return the categories that these services' rows need, in the usual order; `necessary` always."""
    needed = {row.category for service in services for row in service.cookies} | {NECESSARY}
    return tuple(name for name in usual_categories() if name in needed)


def start_catalog(start: Start) -> bytes:
    """Write the catalog. It holds where each answer has the form that its key asks for."""
    needed = {*start.categories, *categories_of(start.services)}
    lines = [Template(_text("head.txt")).substitute(_head(start)).rstrip("\n")]
    for name, category in usual_categories().items():
        if name in needed:
            lines += _category(name, category, start.languages)
    lines.append(_SERVICES)
    for known in start.services:
        service = new_service(known)
        if service:
            lines += ["", *service_lines(service)]
    lines.append(_COOKIES)
    offers = [offer_of(Known(service, row)) for service in start.services for row in service.cookies]
    rows = {(offer.cookie.name, offer.cookie.storage): offer.cookie for offer in reversed(offers)}
    lines += cookie_lines(reversed(rows.values()), start.languages) if rows else _example(start.languages)
    lines += [_STATEMENTS, *(f'# {key}.{tag} = "…"' for key in ("title", "text") for tag in start.languages)]
    return ("\n".join(lines) + "\n").encode()


def _head(start: Start) -> dict[str, str]:
    texts = {key: _toml(getattr(start, key)) for key in ("id", "jurisdiction", "name", "address", "email")}
    domain, country = start.cookie_domain, start.country
    return {
        **texts,
        "schema": start.schema,
        "origins": _toml(start.origins),
        "languages": _toml(start.languages),
        "cookie_domain": f"cookie_domain = {_toml(domain)}  # one choice for this domain and all below it"
        if domain
        else _NO_DOMAIN,
        "country": f"country = {_toml(country)}" if country else _NO_COUNTRY,
        "policy_url": _toml(start.policy_url or usual_policy(start.origins[0])),
        "policy_assumed": "" if start.policy_url else "; assumed",
        "authority": _toml(start.authority or authority_of(country) or ""),
        "authority_assumed": "" if start.authority else "; assumed",
    }


def _category(name: str, category: Mapping[str, Any], languages: Sequence[str]) -> list[str]:
    texts = [key for key in ("title", "text", "justification") if key in category]
    modes = category["consent_mode"]
    return [
        "",
        f"[category.{name}]",
        *(f"{key}.{language} = {_toml(category[key][language])}" for key in texts for language in languages),
        *([f"consent_mode = {_toml(modes)}"] if modes else []),
    ]


def _example(languages: Sequence[str]) -> list[str]:
    return [
        "",
        "# [[cookie]]",
        '# name = "session"',
        '# service = "site"',
        f'# category = "{NECESSARY}"',
        '# lifespan = "session"',
        "# http_only = true",
        *(f'# purpose.{language} = "…"' for language in languages),
    ]


def _toml(value: Any) -> str:
    return str(tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string())


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(_text(name))
