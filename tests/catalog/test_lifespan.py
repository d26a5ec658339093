"""Lifespans: read, said and written again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_server.catalog.lifespan import SECONDS, Lifespan, parse_lifespan
from consent_server.catalog.texts import languages

durations = st.builds(
    Lifespan,
    st.just("duration"),
    st.integers(min_value=1, max_value=999_999),
    st.sampled_from(sorted(SECONDS)),
)
lifespans = st.one_of(durations, st.just(Lifespan("session")), st.just(Lifespan("persistent")))


@given(lifespans)
def test_round_trip(lifespan: Lifespan) -> None:
    """What a lifespan is written as reads back as the same one."""
    assert parse_lifespan(str(lifespan)) == lifespan


@given(st.text())
def test_any_text(text: str) -> None:
    """Any text is a lifespan, or a ValueError that says what to write."""
    try:
        parse_lifespan(text)
    except ValueError as error:
        assert 'write "session", "persistent", or a number and a unit' in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 seconds", 30),
        ("10 minutes", 600),
        ("1 hour", 3_600),
        ("395 days", 34_128_000),
        ("2 weeks", 1_209_600),
        ("6 months", 15_768_000),
        ("24 months", 63_072_000),
        ("2 years", 63_072_000),
        ("session", None),
        ("persistent", None),
    ],
)
def test_seconds(text: str, seconds: int | None) -> None:
    """A month is 365/12 days and a year 365 days, so that 24 months are 2 years."""
    assert parse_lifespan(text).seconds == seconds


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("2 years", "en", "2 years"),
        ("24 months", "en", "24 months"),
        ("1 day", "en", "1 day"),
        ("2 years", "lt", "2 metai"),
        ("21 days", "lt", "21 diena"),
        ("10 minutes", "lt", "10 minučių"),
        ("6 months", "tr", "6 ay"),
        ("2 years", "he", "2 שנים"),
        ("11 weeks", "ar", "11 أسبوعًا"),
        ("5 years", "ga", "5 bliana"),
        ("2 years", "mt", "sentejn"),
        ("13 months", "mt", "13-il xahar"),
        ("session", "en", "Until you close the browser"),
        ("persistent", "lt", "Kol ištrinsite"),
    ],
)
def test_describe(text: str, language: str, said: str) -> None:
    """A lifespan is said in the visitor's language, with its plural, in the unit it was declared in."""
    assert parse_lifespan(text).describe(language) == said


@pytest.mark.parametrize("language", languages())
def test_describe_every_unit(language: str) -> None:
    """Every unit is said in words in every language, never by its code or a letter."""
    for unit in ("second", "minute", "hour", "day", "week", "month", "year"):
        for count in (1, 2, 5, 11, 400):
            said = parse_lifespan(f"{count} {unit}s").describe(language)
            assert not re.search(r"duration|\b[dhmswy]\b", said), said
