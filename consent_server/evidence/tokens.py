"""Secrets derived from the one secret key: holders' tokens, subjects, and digests of decision ids.

Each kind of statement has a salt of its own, so that none can be passed off as another.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from itsdangerous import BadData, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import SigningAlgorithm

from consent_server.errors import TokenRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

_SUBJECT_BYTES = 16
_TIME_BYTES = 6
_KEY_BYTES = 22
_PARTS = (slice(0, 16), slice(16, 32), slice(32, 64), slice(64, None))
"""Where a holder's token has the subject, the receipt's id, its SHA-256 and the site."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder's token states: this subject of this site holds this receipt, whose SHA-256 this is."""

    site: str
    subject: bytes
    receipt_id: UUID
    sha256: str


class _Mac:
    """HMAC-SHA-256 (RFC 2104) under one key, which is taken in once.

    OpenSSL takes as long to begin as for all the rest, and several times that where other work has emptied
    the processor's caches meanwhile.
    """

    def __init__(self, key: bytes) -> None:
        self._begun = hmac.new(key, digestmod="sha256")

    def digest(self, message: bytes) -> bytes:
        """Return the code of `message`, 32 bytes."""
        mac = self._begun.copy()
        mac.update(message)
        return mac.digest()


class _KeptMacs(SigningAlgorithm):
    """What itsdangerous signs with by default, each key taken in once."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._macs = {key: _Mac(key) for key in keys}

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Sign `value`."""
        return self._macs[key].digest(value)


class Tokens:
    """Signs and reads tokens with `secrets` (oldest first, the newest signs), by HMAC-SHA-256."""

    def __init__(self, secrets: list[bytes]) -> None:
        holding = Signer(
            list(secrets), salt="consent.holding", key_derivation="hmac", digest_method=hashlib.sha256
        )
        # Derived once; a signer would do so for each token.
        keys = [holding.derive_key(secret) for secret in secrets]
        self._holdings = Signer(keys, key_derivation="none", algorithm=_KeptMacs(keys))
        # The oldest: a decision repeated after a rotation must still meet its first record.
        self._derivation = _Mac(secrets[0])

    def issue(self, holding: Holding) -> str:
        """Return the token for `holding`: the same holding always gives the same token."""
        ids = holding.subject + holding.receipt_id.bytes + bytes.fromhex(holding.sha256)
        return self._holdings.sign(base64_encode(ids + holding.site.encode())).decode("ascii")

    def read(self, token: str | None, site: str) -> Holding:
        """Return what a token of `site` states, or raise TokenRefused."""
        if not token:
            raise TokenRefused("A token is needed: the one that came with the receipt.")
        try:
            stated = base64_decode(self._holdings.unsign(token))
        except (BadData, UnicodeError):
            # JSON can spell text that no encoding has: lone surrogates.
            raise TokenRefused("The token is damaged or was not made by this server.") from None
        subject, receipt_id, sha256, site_id = (stated[part] for part in _PARTS)
        holding = Holding(site_id.decode(), subject, UUID(bytes=receipt_id), sha256.hex())
        if holding.site != site:
            raise TokenRefused("The token belongs to another site.")
        return holding

    def subject(self, site: str, decision: UUID) -> bytes:
        """Derive a new visitor's pseudonym from the first decision, so that a repeat agrees: 16 bytes.

        6 bytes of the decision's time, which its receipt states too, keep the index in order; 10 are HMAC.
        """
        return self._timed("consent.subject", site, decision, _SUBJECT_BYTES)

    def decision_key(self, site: str, decision: UUID) -> bytes:
        """Return the digest under which a decision is stored: 6 bytes of its time, 16 of HMAC.

        The id itself is the browser's secret: whoever had it could ask for the receipt again.
        The time in front keeps the index in order.
        """
        return self._timed("consent.decision", site, decision, _KEY_BYTES)

    def _timed(self, salt: str, site: str, decision: UUID, size: int) -> bytes:
        digest = self._derivation.digest(f"{salt}\0{site}\0".encode() + decision.bytes)
        return (decision.bytes[:_TIME_BYTES] + digest)[:size]
