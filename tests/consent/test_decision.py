"""Decisions against their notice."""

from __future__ import annotations

from typing import Any

import pytest

from consent_server.consent.decision import Decision, Method, State, check_choices, check_time
from consent_server.consent.uuid7 import is_uuid7, milliseconds_of, uuid7
from consent_server.errors import ChoicesMismatch, DecisionTimeRefused

NOW = 1_790_000_000_000
DAY = 86_400_000
NOTICE: dict[str, Any] = {
    "categories": [
        {"id": "necessary", "required": True, "cookies": [{"service": "site"}]},
        {"id": "analytics", "required": False, "cookies": [{"service": "counter"}]},
        {"id": "marketing", "required": False, "cookies": [{"service": "ads"}]},
    ]
}
BOTH = {"analytics": True, "marketing": True}
ONE = {"analytics": True, "marketing": False}
NONE = {"analytics": False, "marketing": False}


def decision(
    method: str, choices: dict[str, bool], services: dict[str, bool] | None = None, time: int = NOW
) -> Decision:
    """Make a decision."""
    return Decision(uuid7(time), "ab" * 32, Method(method), choices, services or {})


@pytest.mark.parametrize(
    ("method", "choices", "services", "state"),
    [
        ("accept_all", BOTH, {}, State.GIVEN),
        ("refuse_all", NONE, {}, State.REFUSED),
        ("signal", NONE, {}, State.REFUSED),
        ("withdraw", NONE, {}, State.WITHDRAWN),
        ("form", NONE, {}, State.WITHDRAWN),
        ("save", BOTH, {}, State.GIVEN),
        ("save", ONE, {}, State.PARTIAL),
        ("save", NONE, {}, State.REFUSED),
        ("save", NONE, {"ads": True}, State.PARTIAL),
        ("save", BOTH, {"ads": False}, State.PARTIAL),
        ("embed", ONE, {}, State.PARTIAL),
        ("api", NONE, {}, State.REFUSED),
    ],
)
def test_a_decision_amounts_to_a_state(
    method: str, choices: dict[str, bool], services: dict[str, bool], state: State
) -> None:
    """The state follows from what was granted and how."""
    assert check_choices(decision(method, choices, services), NOTICE) is state


@pytest.mark.parametrize(
    ("method", "choices", "services", "words"),
    [
        ("save", {}, {}, "exactly the notice's optional categories: analytics, marketing"),
        ("save", {"analytics": True}, {}, "exactly"),
        ("save", {**BOTH, "necessary": True}, {}, "exactly"),
        ("save", {**BOTH, "other": False}, {}, "exactly"),
        ("save", BOTH, {"site": True}, "does not let choose: site"),
        ("save", BOTH, {"nobody": True}, "does not let choose: nobody"),
        ("accept_all", ONE, {}, "cannot refuse"),
        ("accept_all", BOTH, {"ads": False}, "cannot refuse"),
        ("refuse_all", ONE, {}, "cannot grant"),
        ("refuse_all", NONE, {"ads": True}, "cannot grant"),
        ("withdraw", ONE, {}, "cannot grant"),
        ("form", ONE, {}, "cannot grant"),
        ("signal", ONE, {}, "cannot grant"),
        ("embed", NONE, {}, "grants something"),
    ],
)
def test_choices_that_contradict_notice_or_method_are_refused(
    method: str, choices: dict[str, bool], services: dict[str, bool], words: str
) -> None:
    """A receipt can only say what the notice asked and the method means."""
    with pytest.raises(ChoicesMismatch, match=words):
        check_choices(decision(method, choices, services), NOTICE)


@pytest.mark.parametrize("offset", [-180 * DAY, -1, 0, 5 * 60_000])
def test_a_decision_may_be_180_days_late_and_5_minutes_early(offset: int) -> None:
    """The limits themselves are inside."""
    check_time(decision("save", NONE, time=NOW + offset), NOW)


@pytest.mark.parametrize("offset", [-180 * DAY - 1, 5 * 60_000 + 1])
def test_a_decision_beyond_the_limits_is_refused(offset: int) -> None:
    """One millisecond further is outside."""
    with pytest.raises(DecisionTimeRefused):
        check_time(decision("save", NONE, time=NOW + offset), NOW)


def test_a_uuid7_carries_its_time_and_sorts_by_it() -> None:
    """RFC 9562: version 7, the variant, and Unix milliseconds in front."""
    one, two = uuid7(NOW), uuid7(NOW + 1)
    assert is_uuid7(one)
    assert str(one.variant) == "specified in RFC 4122"
    assert (milliseconds_of(one), milliseconds_of(two)) == (NOW, NOW + 1)
    assert one.bytes < two.bytes
    assert uuid7(NOW) != one
