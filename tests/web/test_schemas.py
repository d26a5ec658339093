"""A decision is seen at a glance, or read by its schema: what comes out is the same."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from consent_server.web.schemas import DecisionSchema, glance

RIGHT: dict[str, Any] = {
    "decision": "01920000-0000-7000-8000-000000000000",
    "notice": "ab" * 32,
    "widget": "cd" * 32,
    "method": "save",
    "choices": {"analytics": True, "marketing": False},
    "services": {"counter": True},
    "signals": {"gpc": True},
    "token": "made-up",
}
LEAST = {name: RIGHT[name] for name in ("decision", "notice", "method", "choices")}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
values = {
    "decision": st.sampled_from([RIGHT["decision"], "01920000-0000-4000-8000-000000000000", "0" * 32]),
    "notice": st.sampled_from(["ab" * 32, "AB" * 32, "ab" * 31, "ab" * 32 + "\n"]),
    "method": st.sampled_from(["save", "accept_all", "SAVE", ""]),
    "choices": st.dictionaries(
        st.sampled_from(["a", "a-b", "A", "", "é"]), st.sampled_from([True, False, 1])
    ),
    "signals": st.sampled_from([{}, {"gpc": False}, {"gpc": 1}, {"gpc": True, "x": 1}]),
    "token": st.sampled_from(["t", "", "t" * 1024, "t" * 1025]),
}


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a body that is right but for a few of its fields."""
    body = dict(draw(st.sampled_from([RIGHT, LEAST])))
    for name in draw(st.lists(st.sampled_from([*RIGHT, "colour"]), max_size=2)):
        body[name] = draw(values.get(name, anything) | anything)
    for name in draw(st.lists(st.sampled_from([*RIGHT]), max_size=1)):
        body.pop(name, None)
    return body


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(bodies())
@example(RIGHT | {"widget": None})
@example(RIGHT | {"token": None})
@example(RIGHT | {"signals": None})
@example(RIGHT | {"services": None})
@example(RIGHT | {"choices": {f"c{number}": True for number in range(201)}})
@example(RIGHT | {"method": ["save"]})
def test_what_a_glance_takes_the_schema_takes_too(body: dict[str, Any]) -> None:
    """A glance returns the schema's own decision, or leaves the body to the schema."""
    seen = glance(body)
    try:
        loaded = DecisionSchema().load(body)
    except ValidationError:
        assert seen is None
    else:
        assert seen in (None, loaded)


def test_what_widgets_send_is_seen_at_a_glance() -> None:
    """The ordinary body, with all fields or the fewest, needs no schema."""
    assert glance(RIGHT) == DecisionSchema().load(RIGHT)
    assert glance(LEAST) == DecisionSchema().load(LEAST)
