"""The report of a scan as one HTML page that holds everything it shows."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Any

from babel.dates import format_datetime
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from consent_server.scan.report import how_in, lifespan_of
from consent_server.scan.seen import NOUNS, PHASES

if TYPE_CHECKING:
    from consent_server.scan.report import Report
    from consent_server.scan.seen import Contact, Entry, Phase


def as_html(report: Report) -> str:
    """Return the report as a page without scripts, readable offline and on paper."""
    environment = Environment(
        loader=PackageLoader("consent_server.scan"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    loader = environment.loader
    assert loader is not None
    # Our own file, no page's: it stands in a <style> element, where nothing is escaped.
    styles = Markup(loader.get_source(environment, "report.css")[0])  # noqa: S704
    seen = report.judged.seen
    return environment.get_template("report.html").render(
        report=report,
        seen=seen,
        judged=report.judged,
        styles=styles,
        when=_when(report.time),
        nouns=NOUNS,
        titles={phase: words.capitalize() for phase, words in PHASES.items()},
        views=[(view, b64encode(view.content).decode()) for view in seen.views],
        groups=_groups(report),
        lifespan=lifespan_of,
        mark=lambda entry, phase: _mark(report, entry, phase),
        contact_mark=lambda contact, phase: _contact_mark(report, contact, phase),
    )


def _when(time: str) -> str:
    return format_datetime(datetime.fromisoformat(time), "d MMMM y, HH:mm", locale="en") + " UTC"


def _groups(report: Report) -> list[tuple[str, str, list[Entry]]]:
    """Group entries by category, what is not declared first: id or "", title, entries."""
    language = report.catalog.site.languages[0]
    groups: list[tuple[str, str, list[Entry]]] = [("", "Not in the catalog", [])]
    groups += [(one.id, one.title[language], []) for one in report.catalog.categories]
    for entry in report.judged.seen.entries:
        row = report.judged.rows.get(entry)
        next(group for group in groups if group[0] == (row.category if row else ""))[2].append(entry)
    return [group for group in groups if group[2]]


def _mark(report: Report, entry: Entry, phase: Phase) -> dict[str, Any]:
    """Say how a cell of the table looks: its word, and whether that is wrong."""
    row = report.judged.rows.get(entry)
    word = how_in(entry, phase)
    wrong = bool(word) and (row is None or _unasked(report, row.category, phase))
    return {"word": word, "wrong": wrong, "by": _setters(entry, phase)}


def _contact_mark(report: Report, contact: Contact, phase: Phase) -> dict[str, Any]:
    found = contact.in_phase(phase)
    codes = {"before": ("contact_early",), "refused": ("contact_after_refusal",)}.get(phase, ())
    wrong = any(
        one.about == contact.host and one.severity == "error" and one.code in (*codes, "contact_undeclared")
        for one in report.judged.findings
    )
    return {
        "word": "asked" if found else "",
        "wrong": bool(found) and wrong and phase != "accepted",
        "by": (),
    }


def _unasked(report: Report, category: str, phase: Phase) -> bool:
    return phase != "accepted" and not report.catalog.category(category).required


def _setters(entry: Entry, phase: Phase) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.by for one in entry.in_phase(phase) if one.by))
