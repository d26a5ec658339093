"""The knowledge base: what common services store, from `known/<service>.toml`, one file a service.

Names, lifespans and companies are facts; each file names the page of the company that gives them (`source`)
and when they were last compared with it (`checked`, a date, or "from memory" while nobody has). The purposes
are our own words, for visitors. A file without `provider` is about software that runs on the website itself:
its rows belong to the service `site`. `also` names further services that store the same thing.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from consent_server.catalog.flaws import did_you_mean
from consent_server.catalog.lifespan import Lifespan, parse_lifespan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

    from consent_server.catalog.model import Storage, Texts

FROM_MEMORY = "from memory"
"""What `checked` says while nobody has compared the facts with their source."""


@dataclass(frozen=True, slots=True)
class KnownCookie:
    """Something that a service stores. `category` is the usual id, `source` the page that the facts are from.

    `name` may end in "*": any ending. `also` are the ids of further services that store it.
    """

    name: str
    storage: Storage
    category: str
    lifespan: Lifespan
    purpose: Texts
    http_only: bool
    source: str
    also: tuple[str, ...]

    def covers(self, name: str, storage: Storage | None = None) -> bool:
        """Whether this is the row of a name, or of a pattern; in any storage where none is given."""
        if storage not in {None, self.storage}:
            return False
        pattern = self.name.endswith("*")
        return self.name == name or (pattern and name != self.name and name.startswith(self.name[:-1]))


@dataclass(frozen=True, slots=True)
class KnownService:
    """A service and what it stores. `provider` is None for what runs on the website itself.

    `country` is ISO 3166 alpha-2 and `provider` the company that European visitors deal with. `checked` is a
    date (ISO 8601), or `FROM_MEMORY`.
    """

    id: str
    name: str
    provider: str | None
    country: str
    privacy_policy: str
    opt_out: str | None
    scripts: tuple[str, ...]
    category: str
    checked: str
    cookies: tuple[KnownCookie, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """One thing, as one service stores it."""

    service: KnownService
    cookie: KnownCookie


@cache
def known_services() -> Mapping[str, KnownService]:
    """Return every known service by its id, in order of id, each with all that it stores."""
    folder = files("consent_server.catalog") / "known"
    found = {
        file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")
    }
    services = {name: _read(name, found[name]) for name in sorted(found)}
    shared: dict[str, list[KnownCookie]] = {}
    for service in services.values():
        for cookie in service.cookies:
            for other in cookie.also:
                shared.setdefault(other, []).append(cookie)
    return MappingProxyType(
        {
            name: replace(service, cookies=(*service.cookies, *shared.get(name, ())))
            for name, service in services.items()
        }
    )


def find_known(
    name: str, services: Iterable[KnownService] | None = None, storage: Storage | None = None
) -> tuple[Known, ...]:
    """Return what is known of a name: its own rows, else those of the narrowest patterns that cover it.

    `name` may be a pattern. Only these services and this storage are looked at where they are given.
    """
    wanted = known_services().values() if services is None else services
    found = [
        Known(service, cookie)
        for service in wanted
        for cookie in service.cookies
        if cookie.covers(name, storage)
    ]
    exact = tuple(known for known in found if known.cookie.name == name)
    longest = max((len(known.cookie.name) for known in found), default=0)
    return exact or tuple(known for known in found if len(known.cookie.name) == longest)


def hint_at_name(name: str) -> str:
    """Return "did you mean" and the nearest known name, or nothing."""
    return did_you_mean(name, {cookie.name for row in known_services().values() for cookie in row.cookies})


def hint_at_service(name: str) -> str:
    """Return "did you mean" and the nearest known service, or nothing."""
    return did_you_mean(name, known_services())


def _read(name: str, file: Traversable) -> KnownService:
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    return KnownService(
        id=name,
        name=values["name"],
        provider=values.get("provider"),
        country=values.get("country", ""),
        privacy_policy=values.get("privacy_policy", ""),
        opt_out=values.get("opt_out"),
        scripts=tuple(values.get("scripts", ())),
        category=values["category"],
        checked=str(values["checked"]),
        cookies=tuple(_cookie(row, values) for row in values.get("cookie", ())),
    )


def _cookie(row: dict[str, Any], around: dict[str, Any]) -> KnownCookie:
    return KnownCookie(
        name=row["name"],
        storage=row.get("storage", "cookie"),
        category=row.get("category", around["category"]),
        lifespan=parse_lifespan(row["lifespan"]),
        purpose=MappingProxyType(row["purpose"]),
        http_only=row.get("http_only", False),
        source=row.get("source", around["source"]),
        also=tuple(row.get("also", ())),
    )
