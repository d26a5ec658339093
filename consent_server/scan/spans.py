"""A number of seconds in the words of the catalog."""

from __future__ import annotations

from consent_server.catalog.lifespan import DAY, SECONDS

_CALENDAR = ((SECONDS["year"], "year"), (SECONDS["month"], "month"))
_CLOCK = ((DAY, "day"), (3_600, "hour"), (60, "minute"))
_LATE = 3_600  # seconds
_NEAR = 0.02


def in_words(seconds: int | None) -> str:
    """Round to a lifespan that a catalog takes: "session" for None, else as in "2 years" or "30 minutes".

    A cookie is seen some time after it was set, so a little less than a year is a year.
    """
    if seconds is None:
        return "session"
    for length, unit in _CALENDAR:
        count = round(seconds / length)
        if count and abs(seconds - count * length) <= _LATE:
            return _say(count, unit)
    for length, unit in _CLOCK:
        count = round(seconds / length)
        if count > 1 or (count and abs(seconds - length) <= _NEAR * length):
            return _say(count, unit)
    return _say(max(seconds, 1), "second")


def _say(count: int, unit: str) -> str:
    return f"{count} {unit}{'s' if count > 1 else ''}"
