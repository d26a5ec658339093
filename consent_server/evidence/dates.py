"""The dates of keys: those that a JWK Set gives are those that the log states, under a signature.

`nbf` is when a key came, `exp` when it went, in seconds since 1970 (RFC 7519, 4.1). A date that the log does
not state yet is not compared: the statement is made when a server next starts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from consent_server.errors import EvidenceInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class KeyDates(NamedTuple):
    """A key and when it came and went."""

    kid: str
    came: int | None
    went: int | None


def key_dates(jwk: object) -> KeyDates:
    """Return the dates of a JWK. Raises EvidenceInvalid where it has no name, or a date is none."""
    if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str):
        came, went = jwk.get("nbf"), jwk.get("exp")
        if type(came) in {int, type(None)} and type(went) in {int, type(None)}:
            return KeyDates(jwk["kid"], came, went)
    raise EvidenceInvalid("It states a key without a name, or with a date that is none.")


@dataclass(slots=True)
class StatedDates:
    """Collects what the log states of keys, and compares a JWK Set with it."""

    _came: dict[str, set[int | None]] = field(default_factory=lambda: defaultdict(set))
    _went: dict[str, set[int | None]] = field(default_factory=lambda: defaultdict(set))

    def take(self, stated: KeyDates) -> None:
        """Take a statement that a key came, or that it went."""
        self._came[stated.kid].add(stated.came)
        if stated.went is not None:
            self._went[stated.kid].add(stated.went)

    def compare(self, jwks: Mapping[str, Any]) -> None:
        """Compare the dates of a JWK Set with those stated. Raises EvidenceInvalid."""
        for jwk in jwks["keys"]:
            kid, came, went = key_dates(jwk)
            other = kid in self._came and came not in self._came[kid]
            if other or (went is not None and kid in self._went and went not in self._went[kid]):
                raise EvidenceInvalid(f"The key {kid} came or went at another time than the log states.")
