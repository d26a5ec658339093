"""The pages of the console, and what can be taken home from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import Response, request

from consent_server.errors import ReceiptUnknown
from consent_server.web.console_export import ndjson, receipts_csv
from consent_server.web.console_frame import HOME, go_to, page
from consent_server.web.console_queries import filled, load_list, load_range
from consent_server.web.page_console_dashboard import STATES, dashboard, names_of, state_words
from consent_server.web.page_console_receipts import gather, rows
from consent_server.web.queries import asked_once
from consent_server.web.receipts import receipt_id_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.export import Exporter
    from consent_server.consent.ports import AuditorStore, LogStore
    from consent_server.consent.sites import LiveSite, Sites
    from consent_server.web.console_frame import ConsoleFrame
    from consent_server.web.console_session import Sessions
    from consent_server.web.page_console_receipts import Opener

    Enter = Callable[[str], tuple[LiveSite, ConsoleFrame]]

_ACCESSES = 200
_NOT_ASKED = {"necessary", "site"}


@dataclass(frozen=True, slots=True)
class Desk:
    """What the console works with.

    `log_key` returns the verifier key of a log by its origin, `clock` Unix milliseconds. `public_url` is this
    server's address where it is set.
    """

    sites: Sites
    sessions: Sessions
    auditing: Auditing
    exporter: Exporter
    opener: Opener
    auditors: AuditorStore
    logs: LogStore
    log_key: Callable[[str], str]
    clock: Callable[[], int]
    stylesheet: str
    public_url: str | None


def add_pages(blueprint: Blueprint, desk: Desk, enter: Enter) -> None:
    """Add every page. `enter` admits the auditor, notes the action, and returns their site and frame."""
    _add_lists(blueprint, desk, enter)

    @blueprint.get(HOME)
    def home() -> Response:
        site, frame = enter("dashboard")
        days = load_range(asked_once(request.args), desk.clock())
        found = desk.auditing.statistics(site.id, days.first, days.last)
        return page("dashboard.html", frame, here="dashboard", it=dashboard(site, days, found))

    @blueprint.get(f"{HOME}/export")
    def export() -> Response:
        site, frame = enter("export page")
        state = desk.logs.log(site.id)
        asked = filled(asked_once(request.args))
        load_list(asked)
        return page(
            "export.html",
            frame,
            here="export",
            size=state.size if state else 0,
            site=site.id,
            asked=asked,
            chosen=urlencode(asked),
        )

    @blueprint.get(f"{HOME}/export.ndjson")
    def everything() -> Response:
        site, _ = enter("export")
        return ndjson(desk.exporter, site.id)

    @blueprint.get(f"{HOME}/accesses")
    def accesses() -> Response:
        site, frame = enter("accesses")
        auditors = {auditor.id: auditor.name for auditor in desk.auditors.auditors(site.id)}
        found = desk.auditors.accesses(site.id, _ACCESSES)
        return page("accesses.html", frame, here="accesses", accesses=found, auditors=auditors)


def _add_lists(blueprint: Blueprint, desk: Desk, enter: Enter) -> None:
    """Add the list of receipts, as a page and as CSV, and the page of one."""

    @blueprint.get(f"{HOME}/receipts")
    def receipts() -> Response:
        site, frame = enter("receipts")
        asked = filled(asked_once(request.args))
        if "id" in asked:
            return go_to(f"{HOME}/receipts/{quote(asked['id'], safe='')}")
        return page("receipts.html", frame, here="receipts", **_list(desk, site, asked))

    @blueprint.get(f"{HOME}/receipts/<receipt_id>")
    def receipt(receipt_id: str) -> Response:
        site, frame = enter(_opening(receipt_id))
        state = desk.logs.log(site.id)
        return page(
            "receipt.html",
            frame,
            here="receipts",
            it=desk.opener.open(site, receipt_id),
            site=site.id,
            log_key=desk.log_key(state.origin) if state else "",
        )

    @blueprint.get(f"{HOME}/receipts.csv")
    def chosen() -> Response:
        site, _ = enter("receipts.csv")
        return receipts_csv(desk.auditing, site.id, load_list(asked_once(request.args)))


def _opening(receipt_id: str) -> str:
    """Return the action that is noted. What is no id could be anything: it stays out of the accesses."""
    try:
        return f"receipt {receipt_id_of(receipt_id)}"
    except ReceiptUnknown:
        return "receipt"


def _list(desk: Desk, site: LiveSite, asked: dict[str, str]) -> dict[str, Any]:
    wanted = load_list(asked)
    leaves, following = gather(desk.auditing, site.id, wanted)
    chosen = {name: value for name, value in asked.items() if name not in {"cursor", "limit"}}
    more = urlencode({**asked, "cursor": following}) if following is not None else ""
    return {
        "asked": chosen,
        "rows": rows(site, leaves),
        "more": more,
        "begun": wanted.start > 0,
        "chosen_query": urlencode(chosen),
        "states": [(state, state_words(state)) for state in STATES],
        "names": sorted((name, words) for name, words in names_of(site).items() if name not in _NOT_ASKED),
    }
