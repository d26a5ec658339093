"""What comes in, checked field by field by marshmallow and handed on as the rules' own values."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from consent_server.consent.decision import Decision, Method
from consent_server.consent.uuid7 import is_uuid7
from consent_server.errors import BodyInvalid

_MOST_CHOICES = 200
_ID = re.compile(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")
_NAME = validate.Regexp(_ID, error="Not the id of a category or service.")
_SHA256 = validate.Regexp(r"\A[0-9a-f]{64}\Z", error="Not a SHA-256: 64 lower-case hex digits.")


class _StrictBoolean(fields.Boolean):
    """true or false, and nothing that could be read as either."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise ValidationError("Must be true or false.")
        return value


class _Uuid7(fields.UUID):
    """A UUIDv7 in its one canonical spelling (RFC 9562, section 4)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:  # noqa: ARG002
        try:
            uuid = UUID(value)
        except (ValueError, TypeError, AttributeError):
            raise ValidationError("Not a UUID.") from None
        if not is_uuid7(uuid) or str(uuid) != value:
            raise ValidationError("Not a UUIDv7 in lower case with hyphens.")
        return uuid


class _Choices(fields.Dict):
    """Ids of categories or services, and whether each is granted."""

    def __init__(self, **options: Any) -> None:
        few = validate.Length(max=_MOST_CHOICES)
        super().__init__(fields.String(validate=_NAME), _StrictBoolean(), validate=few, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        # What is right is seen at a glance; marshmallow says, member by member, what is wrong.
        if isinstance(value, dict) and all(
            isinstance(says, bool) and _ID.match(name) for name, says in value.items()
        ):
            return value
        return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]


class SignalsSchema(Schema):
    """What the visitor's browser signalled."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    gpc = _StrictBoolean(load_default=False)


class _Signals(fields.Nested):
    """Signals, checked at a glance as `_Choices` is."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, partial: Any = None, **kwargs: Any
    ) -> Any:
        if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("gpc"), bool):
            return value
        return super()._deserialize(value, attr, data, partial, **kwargs)


class DecisionSchema(Schema):
    """A decision as posted (DESIGN 5). Unknown fields are refused."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    decision = _Uuid7(required=True)
    notice = fields.String(required=True, validate=_SHA256)
    widget = fields.String(validate=_SHA256)
    method = fields.Enum(Method, by_value=True, required=True)
    choices = _Choices(required=True)
    services = _Choices(load_default=dict)
    signals = _Signals(SignalsSchema, load_default=lambda: {"gpc": False})
    token = fields.String(validate=validate.Length(1, 1024))

    @post_load
    def _decision(self, data: dict[str, Any], **_: Any) -> Decision:
        return Decision(
            id=data["decision"],
            notice=data["notice"],
            method=data["method"],
            choices=data["choices"],
            services=data["services"],
            widget=data.get("widget"),
            gpc=data["signals"]["gpc"],
            token=data.get("token"),
        )


_DECISION = DecisionSchema()


def load_decision(body: dict[str, Any]) -> Decision:
    """Return the decision in a posted body, or raise BodyInvalid with what is wrong, field by field."""
    try:
        decision: Decision = _DECISION.load(body)
    except ValidationError as error:
        raise BodyInvalid("Some fields of the decision are wrong.", flat(error.messages)) from None
    return decision


def flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten marshmallow's messages: the path of a field, with dots, to what is wrong with it."""
    if isinstance(messages, list):
        return {prefix: [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for name, inner in messages.items():
        found |= flat(inner, f"{prefix}.{name}" if prefix else str(name))
    return found
