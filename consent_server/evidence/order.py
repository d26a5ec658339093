"""The order of a log in time: no leaf may stand where its time says that it cannot.

A leaf is sealed at most 60 seconds after it was made (DESIGN 6), and the clocks of two nodes may differ by
5 minutes (DESIGN 5): so the times in the ids of the leaves, read in the order of the log, may go back by 6
minutes at most. A leaf further back was made to look older than it is: it is back-dated.

That bound also finds every id that stands in a log twice while only the ids of the last minutes are kept
in memory: the second one is either among them, or its place contradicts its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.content import CLOCKS_APART, MINUTE

if TYPE_CHECKING:
    from consent_server.evidence.content import Content

SEALING_LAG = MINUTE
"""The longest that a leaf may wait for its place in the log, in milliseconds."""
BACK = SEALING_LAG + CLOCKS_APART
"""How far times may go back in the order of a log, in milliseconds."""


@dataclass(slots=True)
class Order:
    """Reads leaves in the order of the log, then those that wait. Keeps the ids of 12 minutes at most."""

    _newest: int = 0
    _since: int = 0
    _recent: set[int] = field(default_factory=set)
    _before: set[int] = field(default_factory=set)
    _waiting: set[int] = field(default_factory=set)

    def place(self, leaf: Content) -> None:
        """Take the next leaf of the log. Raises EvidenceInvalid for a back-dated or repeated one."""
        number = self._check(leaf)
        if leaf.time > self._newest:
            self._newest = leaf.time
            if leaf.time > self._since + BACK:
                # What is let go of is older than any leaf that may still come.
                self._before, self._recent, self._since = self._recent, set(), leaf.time
        self._recent.add(number)

    def wait(self, leaf: Content) -> None:
        """Take a leaf that has no place yet: it may be as late as the log's next one. Raises as `place`."""
        # It moves no clock: leaves that were sealed while the export ran stand after those that still wait.
        self._waiting.add(self._check(leaf))

    def _check(self, leaf: Content) -> int:
        if leaf.time < self._newest - BACK:
            seconds = -(-(self._newest - leaf.time) // 1000)
            raise EvidenceInvalid(
                f"It is back-dated, or out of its place: it stands after a leaf that is {seconds} seconds "
                f"younger, and sealing and clocks explain {BACK // 1000} at the most."
            )
        number = _number(leaf.id)
        if number in self._recent or number in self._before or number in self._waiting:
            raise EvidenceInvalid("It stands in the export twice.")
        return number


def _number(name: str) -> int:
    """Return an id as a number, which takes half the memory of its text."""
    return int(name.replace("-", ""), 16)
