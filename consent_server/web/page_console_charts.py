"""The geometry of the console's charts. Templates draw them as SVG, without a script or an inline style."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from babel.dates import format_date

from consent_server.web.console_frame import LANGUAGE, number, percent
from consent_server.web.page_frame import clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

WIDTH, HEIGHT = 1000, 100
"""The size of a column chart in its own units; it is stretched to the place it has."""

_GAP = 0.18


@dataclass(frozen=True, slots=True)
class Box:
    """One rectangle: `kind` names its series; `hint` is read to those who point at it."""

    kind: str
    hint: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns over days: its boxes, the words beside its axes, its table.

    `scale` runs from the top down, `days` names the first, the middle and the last day.
    `rows` are a day's words and a value for each of `series`.
    """

    title: str
    summary: str
    series: tuple[tuple[str, str], ...]
    boxes: tuple[Box, ...]
    scale: tuple[str, ...]
    days: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a table with bars. `share` is in words, `width` the same as the bar's length of 100."""

    label: str
    count: str
    share: str
    width: float


def columns(
    title: str,
    summary: str,
    series: Sequence[tuple[str, str]],
    days: Sequence[tuple[str, Mapping[str, float]]],
    *,
    rates: bool = False,
) -> Columns:
    """Stack the values of each day (ISO 8601). `series` are kinds with their words; rates are shares of 1."""
    write: Callable[[float], str] = percent if rates else lambda value: number(int(value))
    highest = max((sum(values.values()) for _, values in days), default=0)
    top = 1.0 if rates else _round_up(highest)
    names = [_day(day) for day, _ in days]
    stack = _Stack(series, top, WIDTH / len(days), write)
    boxes = [
        box
        for place, (name, (_, values)) in enumerate(zip(names, days, strict=True))
        for box in stack.boxes(place, name, values)
    ]
    edges = {0: names[0], (len(names) - 1) // 2: names[(len(names) - 1) // 2], len(names) - 1: names[-1]}
    rows = tuple(
        (name, tuple(write(values[kind]) if kind in values else "—" for kind, _ in series))
        for name, (_, values) in zip(names, days, strict=True)
    )
    scale = tuple(write(top * part) for part in (1.0, 0.5, 0.0))
    return Columns(title, summary, tuple(series), tuple(boxes), scale, tuple(edges.values()), rows)


def bars(counts: Mapping[str, int], whole: int, words: Callable[[str], str]) -> tuple[Bar, ...]:
    """Make a line for each count, the largest first. `whole` is what shares are of."""
    return tuple(
        Bar(words(name), number(count), percent(count / whole), round(100 * count / whole, 2))
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


@dataclass(frozen=True, slots=True)
class _Stack:
    """How one chart is drawn: `top` is the value of its whole height, `step` the width of a day."""

    series: Sequence[tuple[str, str]]
    top: float
    step: float
    write: Callable[[float], str]

    def boxes(self, place: int, day: str, values: Mapping[str, float]) -> Iterator[Box]:
        """Return the boxes of one day from the bottom up."""
        y = float(HEIGHT)
        x, width = self.step * (place + _GAP / 2), self.step * (1 - _GAP)
        for kind, name in self.series:
            if value := values.get(kind, 0):
                height = HEIGHT * value / self.top
                y -= height
                hint = f"{day}: {name} {self.write(value)}"
                yield Box(kind, hint, round(x, 2), round(y, 2), round(width, 2), round(height, 2))


def _round_up(value: float) -> float:
    """Return the next round number that `value` fits under, of which the half is a whole number too."""
    unit = 10 ** (math.ceil(math.log10(max(value, 1))) - 1)
    tops = (round(factor * unit) for factor in (1.2, 1.6, 2, 3, 4, 6, 8, 10, 20) if (factor * unit) % 2 == 0)
    return float(next((top for top in tops if top >= value), 2))


def _day(day: str) -> str:
    return format_date(date.fromisoformat(day), "d MMM y", locale=clock(LANGUAGE))
