"""What the payload of a leaf must say, whoever signed it: checked by auditors against the format alone.

The rules of time, with the limits that DESIGN 5 sets for recording:

- `time` is the moment in the leaf's id (UUIDv7, RFC 9562), to the millisecond;
- `decided_at`, by the visitor's clock, is at most 5 minutes after `time` and at most 180 days before it;
- `valid_until` is after `decided_at`;
- `previous` names another receipt, which is older; since two nodes may have made the two, its id may be
  ahead by the 5 minutes by which clocks may differ.

Where the leaf stands in the log is checked by `order`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.dates import key_dates
from consent_server.evidence.signing import BUILD_TYPE, ERASURE_TYPE, KEY_TYPE, NOTICE_TYPE, RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MINUTE = 60_000
"""A minute in milliseconds."""
CLOCKS_APART = 5 * MINUTE
"""How far two clocks may differ, in milliseconds."""
DECIDED_BEFORE = 180 * 24 * 60 * MINUTE
"""How late a decision may have arrived, in milliseconds."""

_SCHEMAS = {
    RECEIPT_TYPE: "consent-receipt/1",
    **dict.fromkeys((NOTICE_TYPE, BUILD_TYPE, KEY_TYPE, ERASURE_TYPE), "consent-statement/1"),
}
_STATED = {NOTICE_TYPE: "notice", BUILD_TYPE: "widget", KEY_TYPE: "key", ERASURE_TYPE: "ranges"}
_METHODS = {"accept_all", "refuse_all", "save", "withdraw", "embed", "form", "api", "signal"}
_WITHDRAWING = {"withdraw", "form"}
_REFUSING = {"refuse_all", "signal", *_WITHDRAWING}
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\.[0-9]{3}Z")
_TO_THE_MINUTE = len("2026-01-01T00:00")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_BOOLEANS = {bool}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Content(NamedTuple):
    """What the check of a whole log needs of a payload.

    `time` is in Unix milliseconds; a receipt has a state, an erasure ranges of indices, first and last, the
    statement of a key its dates (`dates.KeyDates`).
    """

    id: str
    time: int
    state: str = ""
    ranges: tuple[tuple[int, int], ...] = ()
    key: tuple[str, int | None, int | None] | None = None


def check_content(typ: str, payload: Mapping[str, Any], site: object) -> Content:
    """Check the payload of a leaf of `typ` in the log of `site`. Raises EvidenceInvalid."""
    schema = payload.get("schema")
    if schema != _SCHEMAS[typ]:
        raise EvidenceInvalid(f"Its schema is {schema!r}; a {typ} has {_SCHEMAS[typ]!r}.")
    if payload.get("site") != site:
        raise EvidenceInvalid(f"It belongs to the site {payload.get('site')!r}, not to {site!r}.")
    name = payload.get("id")
    moment = milliseconds_of(name)
    if milliseconds(payload, "time") != moment:
        raise EvidenceInvalid("It is back-dated: its “time” is not the time in its id.")
    if typ == RECEIPT_TYPE:
        _check_times(payload, moment)
        return Content(str(name), moment, _check_state(payload))
    if _STATED[typ] not in payload:
        raise EvidenceInvalid(f"A {typ} states “{_STATED[typ]}”, and it does not.")
    if typ == KEY_TYPE:
        kid, came, went = key_dates(payload["key"])
        return Content(str(name), moment, key=(kid, came, went))
    return Content(str(name), moment, ranges=_ranges(payload) if typ == ERASURE_TYPE else ())


def milliseconds_of(name: object) -> int:
    """Return the Unix milliseconds in the text of a UUIDv7, or raise EvidenceInvalid."""
    if not isinstance(name, str) or not _UUID7.fullmatch(name):
        raise EvidenceInvalid(f"Its id {name!r} is not a UUIDv7.")
    return int(name[:8] + name[9:13], 16)


def milliseconds(payload: Mapping[str, Any], member: str) -> int:
    """Return a time that a payload states as Unix milliseconds, or raise EvidenceInvalid."""
    text = payload.get(member)
    if isinstance(text, str) and _TIME.fullmatch(text):
        minute = _minute(text[:_TO_THE_MINUTE])
        if minute is not None:
            return minute + int(text[17:19] + text[20:23])
    raise EvidenceInvalid(f"Its “{member}” is no time in UTC with three decimals.")


@lru_cache(maxsize=1024)
def _minute(text: str) -> int | None:
    """Return a minute as Unix milliseconds, None for a day or hour that there is not.

    Receipts of a minute share theirs, and reading a time is a good part of their check.
    """
    try:
        past = datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH
    except ValueError:
        return None
    return (past.days * 86_400 + past.seconds) * 1000


def _check_times(payload: Mapping[str, Any], moment: int) -> None:
    decided = milliseconds(payload, "decided_at")
    if decided > moment + CLOCKS_APART:
        raise EvidenceInvalid("It was signed more than 5 minutes before it says that the visitor decided.")
    if decided < moment - DECIDED_BEFORE:
        raise EvidenceInvalid("It was signed more than 180 days after it says that the visitor decided.")
    if milliseconds(payload, "valid_until") <= decided:
        raise EvidenceInvalid("Its “valid_until” is not after its “decided_at”.")
    previous = payload.get("previous")
    if previous is None:
        return
    if not isinstance(previous, dict) or not _is_sha256(previous.get("sha256")):
        raise EvidenceInvalid("Its “previous” does not name a receipt.")
    before = previous.get("id")
    if milliseconds_of(before) > moment + CLOCKS_APART or before == payload["id"]:
        raise EvidenceInvalid("It is back-dated: its “previous” names a receipt that is not older.")


def _check_state(payload: Mapping[str, Any]) -> str:
    """Return the state of a receipt once it agrees with method, choices and services."""
    notice, method, state = payload.get("notice"), payload.get("method"), payload.get("state")
    if not isinstance(notice, dict) or not _is_sha256(notice.get("sha256")):
        raise EvidenceInvalid("It does not name the notice that was shown.")
    said = [*_said(payload, "choices"), *_said(payload, "services")]
    derived = _state_of(method, said)
    if derived is None:
        raise EvidenceInvalid(f"Its choices and services contradict its method {method!r}.")
    if state != derived:
        raise EvidenceInvalid(f"Its state is {state!r}; method, choices and services make it {derived!r}.")
    return derived


def _state_of(method: object, said: list[bool]) -> str | None:
    """Return the state that a method and what was said amount to, None where they contradict."""
    if not isinstance(method, str) or method not in _METHODS:
        return None
    granted, everything = any(said), all(said)
    if (
        (method in _REFUSING and granted)
        or (method == "accept_all" and not everything)
        or (method == "embed" and not granted)
    ):
        return None
    if method in _WITHDRAWING:
        return "withdrawn"
    if not granted:
        return "refused"
    return "given" if everything else "partial"


def _said(payload: Mapping[str, Any], member: str) -> list[bool]:
    said = payload.get(member)
    if isinstance(said, dict):
        values = list(said.values())
        if not values or _BOOLEANS.issuperset(map(type, values)):
            return values
    raise EvidenceInvalid(f"Its “{member}” do not say true or false for each.")


def _ranges(payload: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    found = payload["ranges"]
    if isinstance(found, list) and all(_is_range(entry) for entry in found):
        return tuple((first, last) for first, last in found)
    raise EvidenceInvalid("An erasure names no ranges of indices.")


def _is_range(entry: object) -> bool:
    match entry:
        case [int() as first, int() as last]:
            return type(first) is type(last) is int and 0 <= first <= last
    return False


def _is_sha256(text: object) -> bool:
    return isinstance(text, str) and _SHA256.fullmatch(text) is not None
