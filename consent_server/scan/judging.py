"""Comparing what was seen with what the catalog says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from consent_server.catalog.model import NECESSARY
from consent_server.scan.seen import NOUNS, PHASES
from consent_server.scan.spans import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consent_server.catalog.model import Catalog, Cookie, Service
    from consent_server.scan.seen import Contact, Entry, Phase, Seen, Sighting

UNASKED: tuple[Phase, ...] = ("before", "refused")
"""Phases in which only what is necessary may happen (ePrivacy Directive 2002/58/EC, Art. 5(3))."""

_LENIENCY = 1.05
"""How much longer than declared a cookie may live: clocks differ, and so do lengths of months."""
_LENIENT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold. An error fails the scan; a warning is worth a look.

    `about` is the name of an entry or the host of a contact, `where` its domain or origin.
    """

    severity: Literal["error", "warning"]
    code: str
    about: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen beside what the catalog says of it: rows by entry, services by contact.

    `unseen` are the catalog's rows that nothing matched; what the widget itself stores is not among them.
    """

    seen: Seen
    rows: dict[Entry, Cookie]
    services: dict[Contact, Service]
    findings: tuple[Finding, ...]
    unseen: tuple[Cookie, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is undeclared and nothing optional came unasked."""
        return all(finding.severity != "error" for finding in self.findings)


def judge(catalog: Catalog, seen: Seen) -> Judged:
    """Compare. Findings come errors first, in the order of what was seen."""
    rows = {entry: row for entry in seen.entries if (row := row_of(catalog, entry))}
    services = {found: service for found in seen.contacts if (service := service_of(catalog, found.host))}
    findings = [
        finding for entry in seen.entries for finding in _judge_entry(catalog, entry, rows.get(entry))
    ] + [
        finding
        for contact in seen.contacts
        if not contact.widget
        for finding in _judge_contact(catalog, contact, services.get(contact))
    ]
    matched = set(map(id, rows.values()))
    return Judged(
        seen=seen,
        rows=rows,
        services=services,
        findings=tuple(sorted(findings, key=lambda finding: finding.severity)),
        unseen=tuple(row for row in catalog.cookies if not row.own and id(row) not in matched),
    )


def row_of(catalog: Catalog, entry: Entry) -> Cookie | None:
    """Find the row that declares an entry: the exact name, else the longest pattern.

    A row of the site itself does not speak for what another company keeps under the same name.
    """
    rows = [
        row
        for row in catalog.cookies
        if row.storage == entry.storage
        and _fits(row.name, entry.name)
        and not (entry.third_party and not catalog.service(row.service).third_party)
    ]
    return max(rows, key=lambda row: (row.name == entry.name, len(row.name)), default=None)


def _fits(name: str, found: str) -> bool:
    return found == name or (name.endswith("*") and found.startswith(name[:-1]))


def service_of(catalog: Catalog, host: str) -> Service | None:
    """Find the service whose scripts come from a host; its port does not matter."""
    return next((service for service in catalog.services if hosts_fit(service.scripts, host)), None)


def hosts_fit(patterns: Iterable[str], host: str) -> bool:
    """Whether one of these hosts is meant; "*." in front of one means every host below it."""
    name = host.partition(":")[0]
    return any(
        name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])) for pattern in patterns
    )


def _judge_entry(catalog: Catalog, entry: Entry, row: Cookie | None) -> Iterator[Finding]:
    noun = NOUNS[entry.storage]
    if row is None:
        first = entry.sightings[0]
        whose = f" of {entry.where}" if entry.third_party else ""
        text = f"{entry.shown} ({noun}{whose}) is not in the catalog; it {_how(first)} {_when(first)}."
        yield Finding("error", "undeclared", entry.name, entry.where, text)
        return
    for phase in UNASKED:
        found = entry.in_phase(phase)
        if found and not catalog.category(row.category).required:
            code = "early" if phase == "before" else "after_refusal"
            again = ", though it had been deleted" if phase == "refused" and entry.again else ""
            text = f"{entry.shown} ({noun}, {row.category}) {_how(found[0])} {_when(found[0])}{again}."
            yield Finding("error", code, entry.name, entry.where, text)
    yield from _judge_facts(entry, row)


def _judge_facts(entry: Entry, row: Cookie) -> Iterator[Finding]:
    if entry.storage != "cookie":
        return
    if row.lifespan.kind != "persistent" and entry.seconds is not None:
        declared = row.lifespan.seconds or 0
        if entry.seconds > declared * _LENIENCY + _LENIENT_SECONDS:
            text = (
                f"{entry.shown} (cookie) is kept for {in_words(entry.seconds)}; "
                f'the catalog says "{row.lifespan}".'
            )
            yield Finding("warning", "lives_longer", entry.name, entry.where, text)
    if entry.http_only != row.http_only:
        really = "cannot" if entry.http_only else "can"
        text = (
            f"{entry.shown} (cookie) {really} be read by scripts; the catalog says "
            f"http_only = {str(row.http_only).lower()}."
        )
        yield Finding("warning", "http_only", entry.name, entry.where, text)


def _judge_contact(catalog: Catalog, contact: Contact, service: Service | None) -> Iterator[Finding]:
    categories = {row.category for row in catalog.cookies if service and row.service == service.id}
    if service and (not categories or NECESSARY in categories):
        return
    for phase in UNASKED:
        for found in contact.in_phase(phase)[:1]:
            if service:
                code = "contact_early" if phase == "before" else "contact_after_refusal"
                text = f"{contact.host} ({service.name}, {', '.join(sorted(categories))}) {_asked(found)}."
            else:
                code = "contact_undeclared"
                text = f"{contact.host} belongs to no service of the catalog and {_asked(found)}."
            yield Finding("error", code, contact.host, contact.url, text)
    if not service and not any(contact.in_phase(phase) for phase in UNASKED):
        text = f"{contact.host} belongs to no service of the catalog and {_asked(contact.sightings[0])}."
        yield Finding("warning", "contact_undeclared", contact.host, contact.url, text)


def _how(sighting: Sighting) -> str:
    return "is set" if sighting.how == "set" else "is still there"


def _asked(sighting: Sighting) -> str:
    return f"is asked {_when(sighting)}"


def _when(sighting: Sighting) -> str:
    """Say when, where and by whom."""
    by = f" by {sighting.by}" if sighting.by and sighting.by != sighting.page else ""
    return f"{PHASES[sighting.phase]} on {sighting.page}{by}"
