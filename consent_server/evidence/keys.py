"""The P-256 keys that sign receipts, and their public side as a JWK Set (RFC 7517)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from itsdangerous import BadData
from itsdangerous.encoding import base64_decode, base64_encode

from consent_server.errors import EvidenceInvalid, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

COORDINATE_BYTES = 32
"""Size of one P-256 coordinate, and of each half of an ES256 signature (RFC 7518, 3.4 and 6.2.1.2)."""


def generate_key() -> bytes:
    """Make a new P-256 private key: unencrypted PKCS #8 PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def split_pem(pem: bytes) -> list[bytes]:
    """Split a file of one or more PEM private keys, oldest first, and check that each is on P-256."""
    begin, end = b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----"
    *parts, rest = pem.split(end)
    keys = [part.strip() + b"\n" + end + b"\n" for part in parts]
    if not keys or rest.strip() or not all(key.startswith(begin) for key in keys):
        raise SettingsError(
            "The signing key must be PEM private keys (PKCS #8) and nothing else: each begins "
            "“-----BEGIN PRIVATE KEY-----”. `openssl pkcs8 -topk8 -nocrypt` writes one."
        )
    for key in keys:
        load_private_key(key)
    return keys


def load_private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Parse one PEM private key. Raises SettingsError where it is not an unencrypted key on P-256."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"The signing key cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SettingsError("The signing key must be an EC key on P-256 (ES256).")
    return key


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return the JWK of a public key, its `kid` the RFC 7638 thumbprint."""
    numbers = key.public_numbers()
    members = {
        "crv": "P-256",
        "kty": "EC",
        "x": _encode(numbers.x.to_bytes(COORDINATE_BYTES)),
        "y": _encode(numbers.y.to_bytes(COORDINATE_BYTES)),
    }
    return {**members, "kid": thumbprint(members), "alg": "ES256", "use": "sig"}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the SHA-256 thumbprint of an EC JWK in base64url (RFC 7638, section 3)."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return _encode(hashlib.sha256(canonical.encode()).digest())


def public_keys(jwks: Any) -> dict[str, ec.EllipticCurvePublicKey]:
    """Parse a JWK Set: kid -> public key. Raises EvidenceInvalid where a key is damaged or misnamed."""
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not keys:
        raise EvidenceInvalid("The JWK Set holds no keys.")
    return dict(_public_key(jwk) for jwk in keys)


def _public_key(jwk: Any) -> tuple[str, ec.EllipticCurvePublicKey]:
    try:
        if jwk["kty"] != "EC" or jwk["crv"] != "P-256" or jwk["kid"] != thumbprint(jwk):
            raise EvidenceInvalid("A key of the JWK Set is not on P-256, or its kid is not its thumbprint.")
        x, y = (int.from_bytes(base64_decode(jwk[name])) for name in ("x", "y"))
        return jwk["kid"], ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError, BadData) as error:
        raise EvidenceInvalid("A key of the JWK Set is damaged.") from error


def _encode(data: bytes) -> str:
    return base64_encode(data).decode("ascii")
