"""What the page after a withdrawal shows: every cookie, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from babel.dates import format_datetime

from consent_server.web.page_frame import clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from consent_server.catalog.model import Service
    from consent_server.consent.sites import LiveSite

GROUPS = {"expired": "expired", "script": "by_hand", "host_only": "by_hand", "third_party": "third_party"}
"""Outcome in the deletion report -> what the visitor has to know: this page runs nothing itself."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal: its receipt, its (aware) time, its report (items with `name`, `service`, `outcome`)."""

    receipt_id: str
    time: datetime
    deletion: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Fate:
    """One cookie of a deletion report, with the service that sets it."""

    name: str
    service: Service


@dataclass(frozen=True, slots=True)
class WithdrawnPage:
    """The deletion report in three groups. `time` is written out in the page's language, in UTC."""

    receipt_id: str
    time: str
    machine_time: str
    expired: tuple[Fate, ...]
    by_hand: tuple[Fate, ...]
    third_party: tuple[Fate, ...]


def withdrawn_page(site: LiveSite, language: str, withdrawal: Withdrawal) -> WithdrawnPage:
    """Sort the deletion report into what was deleted and what remains to be done."""
    groups: dict[str, list[Fate]] = {"expired": [], "by_hand": [], "third_party": []}
    for item in withdrawal.deletion:
        groups[GROUPS[item["outcome"]]].append(Fate(item["name"], site.catalog.service(item["service"])))
    return WithdrawnPage(
        receipt_id=withdrawal.receipt_id,
        time=format_datetime(withdrawal.time, "long", locale=clock(language)),
        machine_time=withdrawal.time.isoformat(),
        expired=tuple(groups["expired"]),
        by_hand=tuple(groups["by_hand"]),
        third_party=tuple(groups["third_party"]),
    )
