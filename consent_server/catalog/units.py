"""Amounts of time in words: CLDR's patterns by Babel, and our own where CLDR has abbreviations only."""

from __future__ import annotations

from math import inf
from typing import Literal, cast

from babel import Locale
from babel.dates import TIMEDELTA_UNITS, format_timedelta

Unit = Literal["year", "month", "week", "day", "hour", "minute", "second"]

_SECONDS = dict(TIMEDELTA_UNITS)

_OWN: dict[str, dict[str, dict[str, str]]] = {
    "ga": {
        "second": {"other": "{} soicind"},
        "minute": {"other": "{} nóiméad"},
        "hour": {"few": "{} huaire", "many": "{} n-uaire", "other": "{} uair"},
        "week": {
            "two": "{} sheachtain",
            "few": "{} seachtaine",
            "many": "{} seachtaine",
            "other": "{} seachtain",
        },
        "year": {
            "one": "{} bhliain",
            "two": "{} bhliain",
            "few": "{} bliana",
            "many": "{} mbliana",
            "other": "{} bliain",
        },
    },
    "mt": {
        unit: {"one": one, "two": two, "few": few, "many": f"{{}}-il {name}", "other": f"{{}} {name}"}
        for unit, name, one, two, few in (
            ("second", "sekonda", "sekonda waħda", "żewġ sekondi", "{} sekondi"),
            ("minute", "minuta", "minuta waħda", "żewġ minuti", "{} minuti"),
            ("hour", "siegħa", "siegħa waħda", "sagħtejn", "{} sigħat"),
            ("day", "jum", "jum wieħed", "jumejn", "{} ijiem"),
            ("week", "ġimgħa", "ġimgħa waħda", "ġimagħtejn", "{} ġimgħat"),
            ("month", "xahar", "xahar wieħed", "xahrejn", "{} xhur"),
            ("year", "sena", "sena waħda", "sentejn", "{} snin"),
        )
    },
}
"""Language, unit and plural category (CLDR's) to pattern; what is left out is said as "other"."""


def say(count: int, unit: str, language: str) -> str:
    """Say a number of seconds, minutes, hours, days, weeks, months or years in the language of this tag.

    `format_timedelta` is used because `format_unit` gives "2 duration-year" where a language has no long
    pattern of its own, as in Turkish, Italian or Arabic.
    """
    locale = Locale.parse(language, sep="-")
    own = _OWN.get(locale.language, {}).get(unit)
    if own:
        return own.get(locale.plural_form(count), own["other"]).format(count)
    amount = _SECONDS[unit] * count
    return format_timedelta(amount, granularity=cast("Unit", unit), threshold=inf, locale=locale)
