"""Collecting what is wrong with a file, each flaw at its place; and the keys that the law forbids."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from consent_server.errors import Flaw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consent_server.catalog.positions import Keys, Place, Positions

_TICKED = "no permission may be ticked beforehand (GDPR, recital 32; CJEU C-673/17)"
_REFUSE = "refusing is always offered, as easily as accepting (GDPR, Art. 7(3))"
_BASIS = "what is stored rests on consent or strict necessity alone (ePrivacy Directive, Art. 5(3))"
REFUSED = {
    **dict.fromkeys(
        (
            "checked",
            "default",
            "enabled",
            "granted",
            "on",
            "opt_out_only",
            "pre_ticked",
            "preselected",
            "required",
            "selected",
            "ticked",
        ),
        _TICKED,
    ),
    **dict.fromkeys(
        (
            "hide_refuse",
            "hide_refuse_all",
            "hide_reject",
            "hide_reject_all",
            "no_refuse",
            "refuse_all",
            "reject_all",
        ),
        _REFUSE,
    ),
    **dict.fromkeys(("exempt", "legal_basis", "legitimate_interest"), _BASIS),
}
"""Keys that no table may have, each with the rule that forbids it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known word, or nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def listing(words: Iterable[str]) -> str:
    """Return words as they would be written in the file, in order."""
    return ", ".join(f'"{word}"' for word in words)


@dataclass(slots=True)
class Flaws:
    """The flaws found in one file so far."""

    file: str
    positions: Positions
    found: list[Flaw] = field(default_factory=list)

    def at_key(self, keys: Keys, message: str) -> None:
        """Add a flaw where a key stands, or the table that should hold it."""
        self._add(self.positions.of_key(keys), message)

    def at_value(self, keys: Keys, message: str) -> None:
        """Add a flaw where a value stands."""
        self._add(self.positions.of_value(keys), message)

    def _add(self, place: Place, message: str) -> None:
        line, column = place
        self.found.append(Flaw(self.file, line, column, message, self.positions.source(line)))
