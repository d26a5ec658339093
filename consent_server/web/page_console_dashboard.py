"""The dashboard: what visitors decided, over a range of days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError

from consent_server.catalog.texts import texts_in
from consent_server.consent.statistics import date_of
from consent_server.web.console_frame import LANGUAGE, number, percent
from consent_server.web.console_queries import RANGES, Days
from consent_server.web.page_console_charts import Bar, Columns, bars, columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from consent_server.consent.sites import LiveSite

STATES = ("given", "partial", "refused", "withdrawn")
"""Every state of a receipt, in the order of the charts."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that says much."""

    label: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class BarTable:
    """A table whose rows are drawn as bars. `id` is unique on the page; `head` names the first column."""

    id: str
    title: str
    head: str
    text: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything that the dashboard shows. `first` and `last` are dates, `ranges` what it offers."""

    first: str
    last: str
    length: int
    query: str
    ranges: tuple[int, ...]
    empty: bool
    figures: tuple[Figure, ...]
    charts: tuple[Columns, ...]
    tables: tuple[BarTable, ...]


def dashboard(site: LiveSite, days: Days, found: Mapping[str, Any]) -> Dashboard:
    """Make the dashboard of a range from its statistics."""
    return Dashboard(
        first=date_of(days.first).isoformat(),
        last=date_of(days.last).isoformat(),
        length=days.length,
        query=days.query,
        ranges=RANGES,
        empty=not found["receipts"],
        figures=_figures(found),
        charts=(_decisions(found["days"]), _rates(found["days"])),
        tables=_tables(site, found),
    )


def state_words(state: str) -> str:
    """Return what a state is called."""
    return texts_in(LANGUAGE)["page"].get(f"state_{state}", state)


def method_words(method: str) -> str:
    """Return what a method is called."""
    return texts_in(LANGUAGE)["page"].get(f"method_{method}", method)


def language_words(tag: str) -> str:
    """Return what a language is called, or the tag where nobody knows it."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(LANGUAGE) or tag
    except (ValueError, UnknownLocaleError):
        return tag


def _figures(found: Mapping[str, Any]) -> tuple[Figure, ...]:
    withdrawn = found["states"].get("withdrawn", 0)
    return (
        Figure("Receipts", number(found["receipts"]), "decisions that were recorded and sealed"),
        Figure("Opt-in rate", percent(found["opt_in_rate"]), "of decisions granted something"),
        Figure("Withdrawals", number(withdrawn), "took back what had been granted"),
        Figure("Global Privacy Control", percent(found["gpc_share"]), "of receipts came with this signal"),
    )


def _decisions(days: Sequence[Mapping[str, Any]]) -> Columns:
    totals = {state: sum(day["states"].get(state, 0) for day in days) for state in STATES}
    counted = ", ".join(f"{state_words(state).lower()} {number(count)}" for state, count in totals.items())
    return columns(
        "Decisions a day",
        f"A column for each of {len(days)} days, stacked by state. In all: {counted}.",
        [(state, state_words(state)) for state in STATES],
        [(day["date"], day["states"]) for day in days],
    )


def _rates(days: Sequence[Mapping[str, Any]]) -> Columns:
    rates = [(day["date"], _rate(day["opt_in_rate"])) for day in days]
    known = [values["rate"] for _, values in rates if values]
    between = f" Between {percent(min(known))} and {percent(max(known))}." if known else ""
    return columns(
        "Opt-in rate a day",
        f"The share of decisions, withdrawals left out, that granted something.{between}",
        [("rate", "Opt-in rate")],
        rates,
        rates=True,
    )


def _rate(rate: float | None) -> dict[str, float]:
    return {} if rate is None else {"rate": rate}


def _tables(site: LiveSite, found: Mapping[str, Any]) -> tuple[BarTable, ...]:
    receipts = found["receipts"]
    names = names_of(site)
    return (
        BarTable(
            "granted",
            "What was granted",
            "Category or service",
            "A receipt counts in each that it grants.",
            bars(found["granted"], receipts, lambda name: names.get(name, name)),
        ),
        BarTable(
            "methods",
            "How visitors decided",
            "Method",
            "Which button or route was used.",
            bars(found["methods"], receipts, method_words),
        ),
        BarTable(
            "languages",
            "Languages",
            "Language",
            "In which language the notice was shown.",
            bars(found["languages"], receipts, language_words),
        ),
        BarTable(
            "signals",
            "Global Privacy Control",
            "Signal",
            "Whether the browser sent the signal.",
            bars(_signals(found), receipts, str),
        ),
    )


def _signals(found: Mapping[str, Any]) -> dict[str, int]:
    receipts = found["receipts"]
    sent = round((found["gpc_share"] or 0) * receipts)
    return {"Sent": sent, "Not sent": receipts - sent} if receipts else {}


def names_of(site: LiveSite) -> dict[str, str]:
    """Return what the site's categories and services are called now, by id."""
    default = site.catalog.site.languages[0]
    titles = {
        category.id: category.title.get(LANGUAGE) or category.title[default]
        for category in site.catalog.categories
    }
    return {**{service.id: service.name for service in site.catalog.services}, **titles}
