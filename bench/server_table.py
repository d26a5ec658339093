# ruff: noqa: INP001 - scripts beside each other
"""What was measured: a table of loads, and a table of what is held against a target."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from server_load import Load, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """A figure. `target` is None where none was set; `at_most` tells limits from goals."""

    what: str
    measured: float
    unit: str
    target: float | None = None
    at_most: bool = False

    def __str__(self) -> str:
        return f"| {self.what} | {_figure(self.measured)} {self.unit} | {self._wanted()} | {self._held()} |"

    def _wanted(self) -> str:
        return "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self.target:,g}"

    def _held(self) -> str:
        if self.target is None:
            return ""
        held = self.measured <= self.target if self.at_most else self.measured >= self.target
        return "yes" if held else "no"


@dataclass(slots=True)
class Report:
    """Everything that was measured, in order. Loads are the medians of their rounds."""

    loads: dict[str, Load] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def load(self, what: str, rounds: Sequence[Load]) -> Load:
        """Take the rounds of one load; return their median."""
        middle = Load(
            sum(one.answers for one in rounds),
            sum(one.refused for one in rounds),
            *(
                statistics.median(getattr(one, name) for one in rounds)
                for name in ("rate", "p50", "p99", "cpu")
            ),
        )
        self.loads[what] = middle
        return middle

    def row(self, row: Row) -> None:
        """Take a figure."""
        say(f"{row.what}: {_figure(row.measured)} {row.unit}")
        self.rows.append(row)

    def note(self, *lines: str) -> None:
        """Take lines that come after the tables."""
        self.notes.extend(lines)

    def best(self, part: str) -> float | None:
        """Return the highest rate of the loads whose names contain `part`, if there are any."""
        return max((load.rate for what, load in self.loads.items() if part in what), default=None)

    def lines(self) -> Iterator[str]:
        """Return both tables (Markdown)."""
        if self.loads:
            yield "| load | answers/s | median ms | 99 % within ms | CPU ms each | answered | refused |"
            yield "|---|--:|--:|--:|--:|--:|--:|"
        for what, load in self.loads.items():
            figures = map(_figure, (load.rate, load.p50, load.p99, load.cpu))
            yield f"| {what} | {' | '.join(figures)} | {load.answers:,} | {load.refused:,} |"
        if self.loads:
            yield ""
        yield "| what | measured | target | held |\n|---|--:|--:|---|"
        yield from map(str, self.rows)
        yield from self.notes


def _figure(value: float) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2  # noqa: PLR2004 - three figures
    return f"{value:,.{digits}f}"
