"""Collecting what is wrong with a file: each flaw under its rule and at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from consent_server.catalog.positions import locate
from consent_server.catalog.rulebook import RULES
from consent_server.errors import Flaw

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consent_server.catalog.positions import Keys, Place, Positions

MOST = 1_000
"""How many flaws of one file are kept; what is beyond is counted."""

_HINTS = 100
_KNOWN = 1_000
_LISTED = 50
_LONGEST = 600


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint at the nearest known word, or nothing."""
    near = get_close_matches(word[:_HINTS], list(islice(known, _KNOWN)), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def listing(words: Iterable[str]) -> str:
    """Return words as they would be written in the file, in order; the first of very many."""
    listed = [f'"{word}"' for word in islice(words, _LISTED + 1)]
    return ", ".join(listed if len(listed) <= _LISTED else [*listed[:_LISTED], "…"])


@dataclass(slots=True)
class Flaws:
    """The flaws found in one file so far, warnings among them. The file is located at the first."""

    file: str
    source: bytes
    found: list[Flaw] = field(default_factory=list)
    more: int = 0
    _positions: Positions | None = None

    def at_key(self, keys: Keys, rule: str, message: str) -> None:
        """Add a flaw where a key stands, or the table that should hold it."""
        if self._room():
            self._add(self._located().of_key(keys), rule, message)

    def at_value(self, keys: Keys, rule: str, message: str) -> None:
        """Add a flaw where a value stands."""
        if self._room():
            self._add(self._located().of_value(keys), rule, message)

    def hint(self, word: str, known: Iterable[str]) -> str:
        """Return what an unknown word may mean, or all known ones; nothing once many flaws were found."""
        if len(self.found) >= _HINTS:
            return ""
        words = list(known)
        return did_you_mean(word, words) or f": known are {listing(words)}"

    def _room(self) -> bool:
        full = len(self.found) >= MOST
        self.more += full
        return not full

    def _located(self) -> Positions:
        self._positions = self._positions or locate(self.source)
        return self._positions

    def _add(self, place: Place, rule: str, message: str) -> None:
        line, column = place
        shown, caret = self._located().excerpt(line, column)
        severity = RULES[rule].severity
        if len(message) > _LONGEST:
            message = f"{message[: _LONGEST // 3]}…{message[-_LONGEST // 3 :]}"
        self.found.append(Flaw(self.file, line, column, message, shown, rule, severity, caret))
