"""Rows for what the catalog lacks, for the legal team to check; what nobody knows yet is left empty."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tomlkit.items import String

from consent_server.catalog.known import find_known, known_services
from consent_server.catalog.model import SITE
from consent_server.scan.judging import hosts_fit, service_of
from consent_server.scan.seen import PHASES
from consent_server.scan.set_cookie import LONGEST
from consent_server.scan.spans import in_words

if TYPE_CHECKING:
    from consent_server.catalog.known import Known, KnownService
    from consent_server.catalog.model import Catalog
    from consent_server.scan.judging import Judged
    from consent_server.scan.seen import Entry

_GENERATED = re.compile(r"(.{2,}?[_.-])(?=[A-Za-z]*\d)[0-9A-Za-z]{6,}(?:[_.-].*)?", re.DOTALL)
_NO_NAME = re.compile(r"[0-9.]+")
_ID_LENGTH = 40
_DAY = 86_400


@dataclass(slots=True)
class _Draft:
    """A service that the catalog lacks: the knowledge base's, or only its hosts."""

    known: KnownService | None
    hosts: list[str]


class Rows:
    """Writes what `catalog` lacks of what was `judged`, as TOML."""

    def __init__(self, catalog: Catalog, judged: Judged) -> None:
        self._catalog = catalog
        self._judged = judged
        self._lacking = [entry for entry in judged.seen.entries if entry not in judged.rows]
        self._strangers = [
            contact
            for contact in judged.seen.contacts
            if not contact.widget and contact not in judged.services
        ]
        self._services: dict[str, _Draft] = {}

    def write(self) -> str:
        """Return services, then cookies; empty where nothing lacks."""
        for contact in self._strangers:
            self._service_at(contact.host)
        cookies: dict[tuple[str, str], str] = {}
        for entry in self._lacking:
            known = self._known(entry)
            name = known.cookie.name if known else general_name(entry.name)
            row = (entry.storage, name)
            cookies[row] = cookies.get(row) or self._cookie(entry, name, known)
        services = (_service(name, draft) for name, draft in sorted(self._services.items()))
        return "\n".join((*services, *cookies.values()))

    def _known(self, entry: Entry) -> Known | None:
        """Find the entry in the knowledge base; None where it may be one of several services'."""
        found = find_known(entry.name, storage=entry.storage)
        setters = {_host(sighting.by) for sighting in entry.sightings if sighting.by}
        near = [one for one in found if any(hosts_fit(one.service.scripts, host) for host in setters)]
        for group in (near, found):
            if len(group) == 1:
                return group[0]
        return None

    def _cookie(self, entry: Entry, name: str, known: Known | None) -> str:
        languages = self._catalog.site.languages
        categories = [category.id for category in self._catalog.categories]
        category = known.cookie.category if known and known.cookie.category in categories else ""
        purpose = known.cookie.purpose if known else {}
        lines = [
            f"# {_advice(entry, known)}",
            "[[cookie]]",
            f"name = {_quote(name)}",
            *([f"storage = {_quote(entry.storage)}"] if entry.storage != "cookie" else []),
            f"service = {_quote(self._service_of(entry, known))}",
            f"category = {_quote(category)}",
            f"lifespan = {_lifespan(entry, known)}",
            *(["http_only = true"] if entry.http_only else []),
            *([f"path = {_quote(entry.path)}"] if entry.path != "/" else []),
            *(f"purpose.{language} = {_quote(purpose.get(language, ''))}" for language in languages),
        ]
        return "\n".join(lines) + "\n"

    def _service_of(self, entry: Entry, known: Known | None) -> str:
        """Name the service that keeps an entry: as known, else by its domain or the script that set it."""
        if known:
            return self._take(known.service) if known.service.provider else SITE
        if entry.third_party:
            return self._service_at(_host(entry.where))
        others = {contact.host for contact in (*self._strangers, *self._judged.services)}
        setters = (_host(sighting.by) for sighting in entry.sightings if sighting.by)
        other = next((host for host in setters if host in others), None)
        return self._service_at(other) if other else SITE

    def _service_at(self, host: str) -> str:
        """Name the service of a host: the catalog's, a known one, or a new one named after the host."""
        declared = service_of(self._catalog, host)
        if declared:
            return declared.id
        host = host.partition(":")[0]
        for known in known_services().values():
            if hosts_fit(known.scripts, host):
                return self._take(known)
        name = _service_id(host)
        draft = self._services.setdefault(name, _Draft(None, []))
        if host not in draft.hosts:
            draft.hosts.append(host)
        return name

    def _take(self, known: KnownService) -> str:
        if all(service.id != known.id for service in self._catalog.services):
            self._services.setdefault(known.id, _Draft(known, list(known.scripts)))
        return known.id


def general_name(name: str) -> str:
    """Put an asterisk for an ending that looks generated, as in "_ga_AB12CD34EF"."""
    found = _GENERATED.fullmatch(name)
    return f"{found[1]}*" if found else name


def _service(name: str, draft: _Draft) -> str:
    known = draft.known
    advice = f"Known facts, checked {known.checked}." if known else "Say who this is."
    opt_out = known.opt_out if known else None
    lines = [
        f"# {advice}",
        f"[service.{name}]",
        f"name = {_quote(known.name if known else '')}",
        f"provider = {_quote((known.provider or '') if known else '')}",
        f"country = {_quote(known.country if known else '')}",
        f"privacy_policy = {_quote(known.privacy_policy if known else '')}",
        *([f"opt_out = {_quote(opt_out)}"] if opt_out else []),
        f"scripts = [{', '.join(map(_quote, draft.hosts))}]",
    ]
    return "\n".join(lines) + "\n"


def _advice(entry: Entry, known: Known | None) -> str:
    seen = f"First seen {PHASES[entry.sightings[0].phase]}."
    if known:
        return f"{seen} Known from {known.service.name}: check that it is the same."
    return f"{seen} Say what it is for, and choose its category."


def _lifespan(entry: Entry, known: Known | None) -> str:
    if entry.storage != "cookie":
        return _quote("session" if entry.storage == "session_storage" else "persistent")
    limited = entry.seconds is not None and entry.seconds > LONGEST - _DAY
    if limited and known and (known.cookie.lifespan.seconds or 0) > LONGEST:
        return _quote(str(known.cookie.lifespan))
    words = _quote(in_words(entry.seconds))
    return f"{words}  # the browser's limit: it may ask for longer" if limited else words


def _host(where: str) -> str:
    """Return the host of a domain or of an address, with its port where it has one."""
    return urlsplit(where).netloc if "://" in where else where


def _service_id(host: str) -> str:
    """Name a service after its domain: its part before the last dot, or all of what has no name."""
    labels = host.removeprefix("www.").split(".")
    word = host if _NO_NAME.fullmatch(host) or len(labels) == 1 else labels[-2]
    return re.sub(r"[^a-z0-9]+", "-", word.lower())[:_ID_LENGTH].strip("-") or "unknown"


def _quote(text: str) -> str:
    """Write a TOML string: what is quoted comes from websites and may hold anything."""
    return String.from_raw(text).as_string()
