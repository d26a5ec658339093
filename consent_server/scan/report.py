"""The report of a scan as JSON and as Markdown."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from consent_server.scan.seen import NOUNS, PHASES
from consent_server.scan.spans import in_words

if TYPE_CHECKING:
    from consent_server.catalog.model import Catalog
    from consent_server.scan.judging import Finding, Judged
    from consent_server.scan.seen import Contact, Entry, Phase

SCHEMA = "consent-scan/1"


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report tells: `time` is RFC 3339, `rows` TOML that the catalog lacks."""

    catalog: Catalog
    judged: Judged
    rows: str
    time: str
    program: str
    browser: str
    file: str

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What fails the scan."""
        return tuple(one for one in self.judged.findings if one.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is worth a look."""
        return tuple(one for one in self.judged.findings if one.severity == "warning")

    def summary(self) -> str:
        """Say in one sentence how much was seen."""
        seen = self.judged.seen
        strangers = sum(not one.widget for one in seen.contacts)
        return (
            f"{_count(len(seen.pages), 'page')}, {_count(len(seen.phases), 'visit')} each: "
            f"{_count(len(seen.entries), 'entry', 'entries')} stored, "
            f"{_count(strangers, 'other host')} asked."
        )

    def verdict(self) -> str:
        """Say in one sentence what came out."""
        if self.errors:
            return f"{_count(len(self.errors), 'thing')} to correct."
        return "Everything is declared, and nothing optional came unasked."


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON values."""
    judged, seen = report.judged, report.judged.seen
    return {
        "schema": SCHEMA,
        "time": report.time,
        "program": report.program,
        "browser": report.browser,
        "site": report.catalog.site.id,
        "catalog": report.file,
        "holds": judged.holds,
        "pages": list(seen.pages),
        "left_out": [{"page": page, "reason": reason} for page, reason in seen.left_out.items()],
        "phases": list(seen.phases),
        "findings": [asdict(finding) for finding in judged.findings],
        "entries": [_entry(report, entry) for entry in seen.entries],
        "contacts": [_contact(report, contact) for contact in seen.contacts],
        "unseen": [{"name": row.name, "storage": row.storage} for row in judged.unseen],
        "rows": report.rows,
    }


def _entry(report: Report, entry: Entry) -> dict[str, Any]:
    row = report.judged.rows.get(entry)
    declared = row and {
        "name": row.name,
        "service": row.service,
        "category": row.category,
        "lifespan": str(row.lifespan),
    }
    return {
        "name": entry.name,
        "storage": entry.storage,
        "where": entry.where,
        "path": entry.path,
        "third_party": entry.third_party,
        "http_only": entry.http_only,
        "secure": entry.secure,
        "lifespan": lifespan_of(entry),
        "lifespan_seconds": entry.seconds,
        "set_again": entry.again,
        "declared": declared,
        "seen": [asdict(sighting) for sighting in entry.sightings],
    }


def _contact(report: Report, contact: Contact) -> dict[str, Any]:
    service = report.judged.services.get(contact)
    return {
        "host": contact.host,
        "widget": contact.widget,
        "kinds": list(contact.kinds),
        "url": contact.url,
        "service": service.id if service else None,
        "seen": [{"phase": one.phase, "page": one.page, "by": one.by} for one in contact.sightings],
    }


def lifespan_of(entry: Entry) -> str:
    """Say how long an entry is kept, in the catalog's words."""
    if entry.storage == "cookie":
        return in_words(entry.seconds)
    return "session" if entry.storage == "session_storage" else "persistent"


def as_markdown(report: Report) -> str:
    """Return the report as Markdown, fit for a pull request."""
    seen = report.judged.seen
    lines = [
        f"# Scan of {_plain(report.catalog.site.id)}",
        "",
        f"{report.time[:16].replace('T', ' ')} UTC. {report.summary()} **{report.verdict()}**",
        "",
    ]
    for title, findings in (("To correct", report.errors), ("Worth a look", report.warnings)):
        if findings:
            lines += [f"## {title}", "", *(f"- {_plain(one.text)}" for one in findings), ""]
    lines += _table(
        "Stored on the device",
        ["Name", "Kind", "Of", "Category", *map(_title, seen.phases), "Lifespan"],
        [_entry_cells(report, entry) for entry in seen.entries],
    )
    lines += _table(
        "Other hosts that were asked",
        ["Host", "For", "Service", *map(_title, seen.phases)],
        [_contact_cells(report, contact) for contact in seen.contacts],
    )
    if report.rows:
        fence = "`" * (max(map(len, re.findall("`+", report.rows)), default=2) + 1)
        lines += ["## Rows that the catalog lacks", "", f"{fence}toml", report.rows.rstrip(), fence, ""]
    if report.judged.unseen:
        names = ", ".join(_code(row.name) for row in report.judged.unseen)
        lines += ["## Declared, but not seen", "", names, ""]
    lines += ["## Pages", "", *(f"- {_plain(page)}" for page in seen.pages)]
    lines += [f"- {_plain(page)}: not visited, {_plain(why)}" for page, why in seen.left_out.items()]
    return "\n".join(lines) + "\n"


def _entry_cells(report: Report, entry: Entry) -> list[str]:
    row = report.judged.rows.get(entry)
    return [
        _code(entry.shown),
        NOUNS[entry.storage] + (", HttpOnly" if entry.http_only else ""),
        _plain(entry.where),
        row.category if row else "**not declared**",
        *(how_in(entry, phase) or "no" for phase in report.judged.seen.phases),
        lifespan_of(entry),
    ]


def _contact_cells(report: Report, contact: Contact) -> list[str]:
    service = report.judged.services.get(contact)
    own = "the consent server" if contact.widget else "**not declared**"
    return [
        _plain(contact.host),
        ", ".join(contact.kinds),
        _plain(service.name) if service else own,
        *("asked" if contact.in_phase(phase) else "no" for phase in report.judged.seen.phases),
    ]


def how_in(entry: Entry, phase: Phase) -> str:
    """Say in a word how an entry was seen in a phase; empty where it was not."""
    found = entry.in_phase(phase)
    if not found:
        return ""
    if phase == "refused" and entry.again:
        return "set again"
    return "set" if found[0].how == "set" else "kept"


def _table(title: str, heads: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return [f"## {title}", "", "Nothing.", ""]
    body = ["| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *rows)]
    return [f"## {title}", "", *body, ""]


def _title(phase: Phase) -> str:
    return PHASES[phase].capitalize()


def _code(text: str) -> str:
    """Show a name as it is: it comes from a website and may hold anything."""
    inner = " ".join(text.split()).replace("|", "\\|")
    return f"`` {inner} ``" if "`" in inner else f"`{inner}`"


def _plain(text: str) -> str:
    """Let no character of a name or an address act as Markdown or HTML."""
    escaped = "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in text)
    return " ".join(escaped.split())


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number or 'no'} {one if number == 1 else many or one + 's'}"
