"""The payload of a receipt: a checked decision, bound by hash to all that it depends on (DESIGN 6)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from itsdangerous.encoding import base64_encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from consent_server.consent.decision import Decision, State
    from consent_server.evidence.tokens import Holding

SCHEMA = "consent-receipt/1"
_NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """The notice that a decision answers. `body` is its parsed JSON."""

    sha256: str
    revision: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the server adds to a decision: its own id, time (Unix milliseconds), state and subject."""

    id: UUID
    time: int
    state: State
    subject: bytes
    previous: Holding | None


def receipt_payload(decision: Decision, shown: Shown, ruling: Ruling) -> dict[str, Any]:
    """Return the payload of the receipt, its members in the order of DESIGN 6."""
    previous = ruling.previous
    return {
        "schema": SCHEMA,
        "id": str(ruling.id),
        "site": shown.body["site"],
        "subject": subject_text(ruling.subject),
        "time": timestamp(ruling.time),
        "decided_at": timestamp(decision.decided_at),
        "state": ruling.state.value,
        "method": decision.method.value,
        "choices": dict(sorted(decision.choices.items())),
        "services": dict(sorted(decision.services.items())),
        "notice": {
            "sha256": shown.sha256,
            "revision": shown.revision,
            "lang": shown.body["language"],
        },
        "widget": {"sha256": decision.widget} if decision.widget else None,
        "signals": {"gpc": decision.gpc},
        "valid_until": timestamp(valid_until(decision, shown)),
        "previous": {"id": str(previous.receipt_id), "sha256": previous.sha256} if previous else None,
        "controller": {"name": shown.body["controller"]["name"]},
        "jurisdiction": shown.body["jurisdiction"],
        "nonce": base64_encode(secrets.token_bytes(_NONCE_BYTES)).decode("ascii"),
    }


def valid_until(decision: Decision, shown: Shown) -> int:
    """Return when the visitor may be asked again: Unix milliseconds."""
    return decision.decided_at + int(shown.body["ask_again_after"]) * 1000


def timestamp(milliseconds: int) -> str:
    """Return Unix milliseconds as RFC 3339 in UTC with three decimals."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_to_the_second(seconds)}.{rest:03}Z"


@lru_cache(maxsize=256)
def _to_the_second(seconds: int) -> str:
    # Kept, since the receipts of one second have their four times in three or so.
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def subject_text(subject: bytes) -> str:
    """Return a subject as receipts spell it: base64url, 22 characters."""
    return base64_encode(subject).decode("ascii")
