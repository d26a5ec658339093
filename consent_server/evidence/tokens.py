"""Secrets derived from the one secret key: holders' tokens, subjects, and digests of decision ids.

Each kind of statement has a salt of its own, so that none can be passed off as another.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from itsdangerous import BadData, URLSafeSerializer

from consent_server.errors import TokenRefused

_SUBJECT_BYTES = 16
_TIME_BYTES = 6


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder's token states: this subject of this site holds this receipt, whose SHA-256 this is."""

    site: str
    subject: bytes
    receipt_id: UUID
    sha256: str


class Tokens:
    """Signs and reads tokens with `secrets` (oldest first, the newest signs), by HMAC-SHA-256."""

    def __init__(self, secrets: list[bytes]) -> None:
        self._holdings = URLSafeSerializer(
            list(secrets),
            salt="consent.holding",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        # The oldest: a decision repeated after a rotation must still meet its first record.
        self._derivation = secrets[0]

    def issue(self, holding: Holding) -> str:
        """Return the token for `holding`: the same holding always gives the same token."""
        stated = [holding.site, holding.subject.hex(), holding.receipt_id.hex, holding.sha256]
        return str(self._holdings.dumps(stated))

    def read(self, token: str | None, site: str) -> Holding:
        """Return what a token of `site` states, or raise TokenRefused."""
        if not token:
            raise TokenRefused("A token is needed: the one that came with the receipt.")
        try:
            stated, subject, receipt_id, sha256 = self._holdings.loads(token)
            holding = Holding(stated, bytes.fromhex(subject), UUID(hex=receipt_id), sha256)
        except (BadData, ValueError, TypeError, AttributeError):
            raise TokenRefused("The token is damaged or was not made by this server.") from None
        if holding.site != site:
            raise TokenRefused("The token belongs to another site.")
        return holding

    def subject(self, site: str, decision: UUID) -> bytes:
        """Derive a new visitor's pseudonym from the first decision, so that a repeat agrees: 16 bytes."""
        return self._digest("consent.subject", site, decision.bytes)[:_SUBJECT_BYTES]

    def decision_key(self, site: str, decision: UUID) -> bytes:
        """Return the digest under which a decision is stored: 6 bytes of its time, 16 of HMAC.

        The id itself is the browser's secret: whoever had it could ask for the receipt again.
        The time in front keeps the index in order.
        """
        return decision.bytes[:_TIME_BYTES] + self._digest("consent.decision", site, decision.bytes)[:16]

    def _digest(self, salt: str, site: str, value: bytes) -> bytes:
        return hmac.digest(self._derivation, f"{salt}\0{site}\0".encode() + value, "sha256")
