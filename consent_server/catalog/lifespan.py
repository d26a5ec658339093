"""How long something stored stays: parsed from the catalog's words, described in a visitor's language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from consent_server.catalog.texts import texts_in
from consent_server.catalog.units import say

Kind = Literal["session", "persistent", "duration"]

DAY = 86_400
SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": DAY,
    "week": 7 * DAY,
    "month": 365 * DAY // 12,
    "year": 365 * DAY,
}
EXAMPLES = (
    'write "session", "persistent", or a number and a unit such as "10 minutes", "30 days" or "2 years"'
)

_WORDS: dict[str, Kind] = {"session": "session", "persistent": "persistent"}
_DURATION = re.compile(r"([1-9][0-9]{0,5}) (second|minute|hour|day|week|month|year)s?")

PATTERNS = {
    True: rf"^({'|'.join(_WORDS)}|{_DURATION.pattern})$",
    False: rf"^({_DURATION.pattern})$",
}
"""Regular expressions (ECMA-262) of the usual spelling: whether a lifespan may be without length."""


@dataclass(frozen=True, slots=True)
class Lifespan:
    """How long something is kept. A month is 365/12 days, a year 365 days; the declared unit is kept.

    `kind` is `session` (until the browser closes), `persistent` (until somebody deletes it) or `duration`,
    which alone has `count` and `unit`.
    """

    kind: Kind
    count: int = 0
    unit: str = ""

    @property
    def seconds(self) -> int | None:
        """The length in seconds; None where there is no fixed one."""
        return self.count * SECONDS[self.unit] if self.kind == "duration" else None

    def describe(self, language: str) -> str:
        """Say it in the language of this tag, as in "2 years" or "2 metai" (CLDR's plural rules).

        Raises LookupError where the program has no texts in that language.
        """
        if self.kind != "duration":
            return texts_in(language)["lifespan"][self.kind]
        return say(self.count, self.unit, language)

    def __str__(self) -> str:
        """Give the spelling of the catalog: `parse_lifespan` reads it back."""
        if self.kind != "duration":
            return self.kind
        return f"{self.count} {self.unit}{'s' if self.count > 1 else ''}"


def parse_lifespan(text: str) -> Lifespan:
    """Read "session", "persistent", or a number and an English unit. Raises ValueError with advice."""
    words = " ".join(text.lower().split())
    if words in _WORDS:
        return Lifespan(_WORDS[words])
    found = _DURATION.fullmatch(words)
    if not found:
        raise ValueError(f"{text!r} is not a lifespan: {EXAMPLES}")
    return Lifespan("duration", int(found[1]), found[2])
