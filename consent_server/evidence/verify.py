"""Verification of receipts, from their format alone: what an auditor runs offline."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.signing import RECEIPT_TYPE, signature_holds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_PART = re.compile(r"[A-Za-z0-9_-]+")
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Jws:
    """A JWS taken apart: header and payload parsed, nothing verified yet."""

    header: Mapping[str, Any]
    payload: Mapping[str, Any]
    signed: bytes
    signature: bytes


def parse_jws(text: str) -> Jws:
    """Take a JWS compact string apart, strictly: one encoding only, so that one receipt is one string.

    Raises EvidenceInvalid where a part has padding, spare bits or a foreign character, or is not JSON.
    """
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise EvidenceInvalid("A JWS has three parts separated by dots.")
    header, payload, signature = _header(parts[0]), _decode(parts[1]), _decode(parts[2])
    signed = text.rpartition(".")[0].encode()
    return Jws(header, json_object(payload, "payload"), signed, signature)


def verify_jws(
    text: str, keys: Mapping[str, EllipticCurvePublicKey], typ: str = RECEIPT_TYPE
) -> Mapping[str, Any]:
    """Verify a JWS under the key that its `kid` names and return its payload, or raise EvidenceInvalid."""
    jws = parse_jws(text)
    if jws.header.get("alg") != "ES256" or jws.header.get("typ") != typ:
        raise EvidenceInvalid(f"The header does not say ES256 and {typ}.")
    if set(jws.header) != {"alg", "typ", "kid"}:
        raise EvidenceInvalid("The header has members that a receipt's header does not have.")
    kid = jws.header["kid"]
    if not isinstance(kid, str) or kid not in keys:
        raise EvidenceInvalid(f"The key {kid!r} is not among the published keys.")
    if not signature_holds(keys[kid], jws.signed, jws.signature):
        raise EvidenceInvalid("The signature does not match.")
    return jws.payload


@lru_cache(maxsize=64)
def _header(part: str) -> Mapping[str, Any]:
    # All receipts of a key have the same.
    return MappingProxyType(dict(json_object(_decode(part), "header")))


def _decode(part: str) -> bytes:
    try:
        decoded = base64_decode(part)
    except BadData:
        raise EvidenceInvalid("A part is not base64url.") from None
    if not _PART.fullmatch(part) or base64_encode(decoded).decode("ascii") != part:
        raise EvidenceInvalid("A part is not base64url in its one canonical form.")
    return decoded


def json_object(data: bytes, what: str) -> Mapping[str, Any]:
    """Parse a JSON object, or raise EvidenceInvalid that says `what` is none."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise EvidenceInvalid(f"The {what} is not JSON.") from None
    if not isinstance(value, dict):
        raise EvidenceInvalid(f"The {what} is not a JSON object.")
    return value
