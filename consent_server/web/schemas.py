"""What comes in, checked field by field by marshmallow and handed on as the rules' own values."""

from __future__ import annotations

import re
from typing import Any, TypeGuard
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from consent_server.consent.decision import Decision, Method
from consent_server.consent.uuid7 import is_uuid7
from consent_server.errors import BodyInvalid

_MOST_CHOICES = 200
_ID = re.compile(r"\A[a-z0-9][a-z0-9-]{0,62}\Z")
_NAME = validate.Regexp(_ID, error="Not the id of a category or service.")
_SHA256 = re.compile(r"\A[0-9a-f]{64}\Z")
_HASH = validate.Regexp(_SHA256, error="Not a SHA-256: 64 lower-case hex digits.")
_LONGEST_TOKEN = 1024


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
            UUID(value)
        except (ValueError, TypeError, AttributeError):
            raise ValidationError("Not a UUID.") from None
        uuid = _uuid7_of(value)
        if uuid is None:
            raise ValidationError("Not a UUIDv7 in lower case with hyphens.")
        return uuid


class _Choices(fields.Dict):
    """Ids of categories or services, and whether each is granted."""

    def __init__(self, **options: Any) -> None:
        few = validate.Length(max=_MOST_CHOICES)
        super().__init__(fields.String(validate=_NAME), _StrictBoolean(), validate=few, **options)


class SignalsSchema(Schema):
    """What the visitor's browser signalled."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    gpc = _StrictBoolean(load_default=False)


class DecisionSchema(Schema):
    """A decision as posted (DESIGN 5). Unknown fields are refused."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    decision = _Uuid7(required=True)
    notice = fields.String(required=True, validate=_HASH)
    widget = fields.String(validate=_HASH)
    method = fields.Enum(Method, by_value=True, required=True)
    choices = _Choices(required=True)
    services = _Choices(load_default=dict)
    signals = fields.Nested(SignalsSchema, load_default=lambda: {"gpc": False})
    token = fields.String(validate=validate.Length(1, _LONGEST_TOKEN))

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
_FIELDS = frozenset(_DECISION.fields)
_METHODS = {method.value: method for method in Method}


def load_decision(body: dict[str, Any]) -> Decision:
    """Return the decision in a posted body, or raise BodyInvalid with what is wrong, field by field."""
    # The schema takes as long as all that is checked afterwards, and widgets send what is right.
    decision = glance(body)
    if decision is not None:
        return decision
    try:
        loaded: Decision = _DECISION.load(body)
    except ValidationError as error:
        raise BodyInvalid("Some fields of the decision are wrong.", flat(error.messages)) from None
    return loaded


def glance(body: dict[str, Any]) -> Decision | None:
    """Return what the schema would make of a body that is right in every field, None for any other."""
    uuid, gpc = _uuid7_of(body.get("decision")), _gpc_of(body)
    notice, widget = body.get("notice"), body.get("widget")
    method, token = body.get("method"), body.get("token")
    choices, services = body.get("choices"), body.get("services", {})
    if (
        uuid is None
        or gpc is None
        or not _is_sha256(notice)
        or not isinstance(method, str)
        or method not in _METHODS
        or not _are_choices(choices)
        or not _are_choices(services)
        or not (_is_sha256(widget) or "widget" not in body)
        or not (_is_token(token) or "token" not in body)
        or not body.keys() <= _FIELDS
    ):
        return None
    return Decision(uuid, notice, _METHODS[method], choices, services, widget, gpc, token)


def _uuid7_of(value: object) -> UUID | None:
    try:
        uuid = UUID(value)  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError):
        return None
    return uuid if is_uuid7(uuid) and str(uuid) == value else None


def _is_sha256(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _SHA256.match(value) is not None


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_TOKEN


def _are_choices(value: object) -> TypeGuard[dict[str, bool]]:
    return (
        isinstance(value, dict)
        and len(value) <= _MOST_CHOICES
        and all(isinstance(says, bool) and _ID.match(name) for name, says in value.items())
    )


def _gpc_of(body: dict[str, Any]) -> bool | None:
    signals = body.get("signals")
    if isinstance(signals, dict) and len(signals) == 1 and isinstance(signals.get("gpc"), bool):
        return bool(signals["gpc"])
    return None if "signals" in body else False


def flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    """Flatten marshmallow's messages: the path of a field, with dots, to what is wrong with it."""
    if isinstance(messages, list):
        return {prefix: [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for name, inner in messages.items():
        found |= flat(inner, f"{prefix}.{name}" if prefix else str(name))
    return found
