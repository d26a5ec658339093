"""A decision: what the visitor chose, checked against the notice that asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from consent_server.consent.uuid7 import milliseconds_of
from consent_server.errors import ChoicesMismatch, DecisionTimeRefused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
AHEAD_LIMIT = 5 * _MINUTE
"""How far a visitor's clock may run ahead of ours, in milliseconds."""
BEHIND_LIMIT = 180 * _DAY
"""How late a decision may arrive, and how long a replaced notice still counts, in milliseconds."""


class Method(StrEnum):
    """How the visitor decided. `form` is the revoke form of the cookie page, which needs no JavaScript."""

    ACCEPT_ALL = "accept_all"
    REFUSE_ALL = "refuse_all"
    SAVE = "save"
    WITHDRAW = "withdraw"
    EMBED = "embed"
    FORM = "form"
    API = "api"
    SIGNAL = "signal"


class State(StrEnum):
    """What a decision amounts to."""

    GIVEN = "given"
    PARTIAL = "partial"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_WITHDRAWING = {Method.WITHDRAW, Method.FORM}
_REFUSING = {Method.REFUSE_ALL, Method.SIGNAL, *_WITHDRAWING}


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it was posted (DESIGN 5): well-formed, not yet checked against its notice."""

    id: UUID
    notice: str
    method: Method
    choices: Mapping[str, bool]
    services: Mapping[str, bool] = field(default_factory=dict)
    widget: str | None = None
    gpc: bool = False
    token: str | None = field(default=None, repr=False)

    @property
    def decided_at(self) -> int:
        """When the visitor decided, by the visitor's clock, in Unix milliseconds."""
        return milliseconds_of(self.id)


def check_time(decision: Decision, now: int) -> None:
    """Refuse a decision from the future or from too long ago (`now` in Unix milliseconds)."""
    if decision.decided_at > now + AHEAD_LIMIT:
        raise DecisionTimeRefused("The decision is more than 5 minutes ahead of this server's clock.")
    if decision.decided_at < now - BEHIND_LIMIT:
        raise DecisionTimeRefused("The decision is more than 180 days old.")


def check_choices(decision: Decision, notice: Mapping[str, Any]) -> State:
    """Check a decision against the body of its notice and say what it amounts to.

    Raises ChoicesMismatch where the choices are not exactly the notice's optional categories,
    name a service that cannot be chosen, or contradict the method.
    """
    _check_names(decision, notice)
    granted = [*decision.choices.values(), *decision.services.values()]
    _check_method(decision.method, granted)
    if decision.method in _WITHDRAWING:
        return State.WITHDRAWN
    if not any(granted):
        return State.REFUSED
    return State.GIVEN if all(granted) else State.PARTIAL


def _check_names(decision: Decision, notice: Mapping[str, Any]) -> None:
    optional = [category for category in notice["categories"] if not category["required"]]
    names = {category["id"] for category in optional}
    if set(decision.choices) != names:
        wanted = ", ".join(sorted(names)) or "none"
        raise ChoicesMismatch(f"“choices” must name exactly the notice's optional categories: {wanted}.")
    selectable = {cookie["service"] for category in optional for cookie in category["cookies"]}
    unknown = sorted(set(decision.services) - selectable)
    if unknown:
        raise ChoicesMismatch(f"“services” names what this notice does not let choose: {', '.join(unknown)}.")


def _check_method(method: Method, granted: list[bool]) -> None:
    if method is Method.ACCEPT_ALL and not all(granted):
        raise ChoicesMismatch("The method “accept_all” cannot refuse anything.")
    if method in _REFUSING and any(granted):
        raise ChoicesMismatch(f"The method “{method}” cannot grant anything.")
    if method is Method.EMBED and not any(granted):
        raise ChoicesMismatch("The method “embed” grants something.")
