"""Receipts as JWS Compact Serialization (RFC 7515) with ES256 (RFC 7518, 3.4), made by itsdangerous."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from itsdangerous import Signer
from itsdangerous.encoding import base64_encode
from itsdangerous.signer import SigningAlgorithm

from consent_server.evidence.keys import COORDINATE_BYTES, load_private_key, public_jwk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

RECEIPT_TYPE = "consent-receipt+jws"
NOTICE_TYPE = "consent-notice+jws"
BUILD_TYPE = "consent-build+jws"
KEY_TYPE = "consent-key+jws"
ERASURE_TYPE = "consent-erasure+jws"
LEAF_TYPES = frozenset({RECEIPT_TYPE, NOTICE_TYPE, BUILD_TYPE, KEY_TYPE, ERASURE_TYPE})
"""The `typ` of every leaf that a log may hold (DESIGN 6)."""
# json.dumps would make an encoder for each receipt.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_cached_private_key = lru_cache(maxsize=64)(load_private_key)
_ECDSA = ec.ECDSA(hashes.SHA256())
# The order of P-256 (SEC 2, section 2.4.2). For each signature (r, s) the pair (r, n - s) holds too; we
# sign and accept the lower one alone, so that one receipt is one string.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_ORDER = _ORDER // 2


class Es256(SigningAlgorithm):
    """ECDSA on P-256 with SHA-256; a signature is r ‖ s, 64 bytes. Its keys are PEM private keys."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Sign `value`."""
        r, s = decode_dss_signature(_cached_private_key(key).sign(value, _ECDSA))
        s = min(s, _ORDER - s)
        return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)

    def verify_signature(self, key: bytes, value: bytes, sig: bytes) -> bool:
        """Tell whether `sig` is a signature of `value` under the public side of `key`."""
        return signature_holds(_cached_private_key(key).public_key(), value, sig)


def signature_holds(key: ec.EllipticCurvePublicKey, value: bytes, signature: bytes) -> bool:
    """Check a raw r ‖ s signature; of the two forms of s that ECDSA allows only the lower one counts."""
    if len(signature) != 2 * COORDINATE_BYTES:
        return False
    r, s = int.from_bytes(signature[:COORDINATE_BYTES]), int.from_bytes(signature[COORDINATE_BYTES:])
    if s > _HALF_ORDER:
        return False
    try:
        key.verify(encode_dss_signature(r, s), value, _ECDSA)
    except InvalidSignature:
        return False
    return True


class ReceiptSigner:
    """Signs statements with the newest of `pems` (oldest first) and publishes the public side of all."""

    def __init__(self, pems: Sequence[bytes]) -> None:
        self._signer = Signer(list(pems), sep=".", key_derivation="none", algorithm=Es256())
        self._jwks = [public_jwk(load_private_key(pem).public_key()) for pem in pems]
        self._headers: dict[str, bytes] = {}

    def sign(self, payload: Mapping[str, Any], typ: str = RECEIPT_TYPE) -> str:
        """Sign a JSON payload; return the JWS compact string."""
        body = _encode(payload).encode()
        return self._signer.sign(self._header(typ) + b"." + base64_encode(body)).decode("ascii")

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the JWK Set of every key, the newest first."""
        return {"keys": self._jwks[::-1]}

    def _header(self, typ: str) -> bytes:
        if typ not in self._headers:
            header = {"alg": "ES256", "typ": typ, "kid": self._jwks[-1]["kid"]}
            self._headers[typ] = base64_encode(json.dumps(header, separators=(",", ":")))
        return self._headers[typ]


def sha256_of(jws: str) -> str:
    """Return the SHA-256 of a JWS string as `sha256sum` would, 64 hex digits: what `previous` names."""
    return hashlib.sha256(jws.encode("ascii")).hexdigest()


def leaf_hash(jws: str) -> bytes:
    """Return the Merkle leaf hash of a JWS: SHA-256(0x00 ‖ JWS bytes) (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + jws.encode("ascii")).digest()
