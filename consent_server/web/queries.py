"""What an auditor asks for, checked parameter by parameter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from consent_server.consent.decision import State
from consent_server.consent.statistics import DAY, LAST_DAY
from consent_server.consent.stored import Filter
from consent_server.errors import QueryInvalid, ReceiptUnknown
from consent_server.web.receipts import receipt_id_of
from consent_server.web.schemas import flat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from werkzeug.datastructures import MultiDict

PAGE_LIMIT = 1000
"""The most receipts of a page."""

_MOST_LEAVES = 2**62
_SUBJECT_BYTES = 16
_MOST_DAYS = 400
_DIGITS = re.compile("0|[1-9][0-9]{0,18}")
_NAME = validate.Regexp(r"\A[a-z0-9][a-z0-9-]{0,62}\Z", error="Not the id of a category or service.")

_MOMENT = {"type": "string", "description": "A date, or a time with its offset (RFC 3339)."}


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of which receipts."""

    start: int
    limit: int
    wanted: Filter


class _Moment(fields.Field[int]):
    """A date or a time with its offset (RFC 3339), as Unix milliseconds; a date begins at midnight UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            return int(moment.timestamp() * 1000)
        except (ValueError, TypeError, OverflowError):
            raise ValidationError(
                "Not a date such as 2026-11-23 or a time such as 2026-11-23T08:00:00Z."
            ) from None


class _Subject(fields.Field[bytes]):
    """A subject as receipts spell it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:  # noqa: ARG002
        try:
            subject = base64_decode(value)
        except BadData:
            subject = b""
        if len(subject) != _SUBJECT_BYTES:
            raise ValidationError("Not a subject as receipts spell it: 22 characters.")
        return subject


class _Id(fields.UUID):
    """The id of a receipt in its one spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:  # noqa: ARG002
        try:
            return receipt_id_of(value)
        except ReceiptUnknown:
            raise ValidationError("Not the id of a receipt.") from None


class _Number(fields.Integer):
    """A number as JSON writes one: Python would take other digits, signs, spaces and underscores too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not _DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class PageSchema(Schema):
    """The query of a page of receipts."""

    class Meta:
        """Unknown parameters are refused: a filter with a typo would show too much."""

        unknown = RAISE

    cursor = _Number(load_default=0, validate=validate.Range(0, _MOST_LEAVES))
    limit = _Number(load_default=100, validate=validate.Range(1, PAGE_LIMIT))
    since = _Moment(data_key="from", metadata=_MOMENT)
    until = _Moment(data_key="to", metadata=_MOMENT)
    state = fields.String(validate=validate.OneOf([state.value for state in State]))
    granted = fields.String(data_key="category", validate=_NAME)
    subject = _Subject(metadata={"type": "string", "description": "A subject as receipts spell it."})
    id = _Id(metadata={"description": "The id of a receipt (UUIDv7)."})


class DaysSchema(Schema):
    """The query of statistics."""

    class Meta:
        """Unknown parameters are refused."""

        unknown = RAISE

    since = _Moment(data_key="from", metadata=_MOMENT)
    until = _Moment(data_key="to", metadata=_MOMENT)


_PAGE, _DAYS = PageSchema(), DaysSchema()


def asked_once(query: MultiDict[str, str]) -> dict[str, str]:
    """Return a query's parameters, or raise QueryInvalid where one stands twice and none can count."""
    for name, values in query.lists():
        if len(values) > 1:
            raise QueryInvalid(f"The query has “{name}” twice.")
    return query.to_dict()


def load_page(query: Mapping[str, str]) -> Page:
    """Return the page that a query asks for, or raise QueryInvalid."""
    found = _load(_PAGE, query)
    start, limit = found.pop("cursor"), found.pop("limit")
    return Page(start, limit, Filter(**found))


def load_days(query: Mapping[str, str], now: int) -> tuple[int, int]:
    """Return the first and last day (days since 1970) of statistics, or raise QueryInvalid.

    `from` is inside and `to` is not; without them it is the last 30 days. `now` in Unix milliseconds.
    """
    found = _load(_DAYS, query)
    last = (found["until"] - 1) // DAY if "until" in found else now // DAY
    first = found["since"] // DAY if "since" in found else last - 29
    if first < 0 or last > LAST_DAY:
        raise QueryInvalid("Days lie between 1970-01-01 and 9999-12-31.")
    if not 0 <= last - first < _MOST_DAYS:
        raise QueryInvalid(f"Ask for 1 to {_MOST_DAYS} days: “from” comes before “to”.")
    return first, last


def _load(schema: Schema, query: Mapping[str, str]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = schema.load(dict(query))
    except ValidationError as error:
        wrong = "; ".join(f"{name}: {' '.join(why)}" for name, why in flat(error.messages).items())
        raise QueryInvalid(f"The query cannot be used. {wrong}") from None
    return found
