"""Receipts as signatures: what stock tools accept, and what our verifier refuses."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from consent_server.errors import EvidenceInvalid, SettingsError
from consent_server.evidence.keys import generate_key, public_keys, split_pem, thumbprint
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.verify import parse_jws, verify_jws

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = {"schema": "consent-receipt/1", "id": "x", "site": "shop", "text": "žalia “tea”"}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(scope="module")
def signer() -> ReceiptSigner:
    """Give a signer with an old and a new key."""
    return ReceiptSigner([generate_key(), generate_key()])


@pytest.fixture(scope="module")
def jws(signer: ReceiptSigner) -> str:
    """Give a receipt."""
    return signer.sign(PAYLOAD)


def encode(data: bytes) -> str:
    """Encode as a JWS part."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_pyjwt_accepts_a_receipt(signer: ReceiptSigner, jws: str) -> None:
    """A stock JOSE library verifies a receipt with nothing but the published key."""
    jwk = signer.jwks()["keys"][0]
    decoded = jwt.decode(jws, jwt.PyJWK(jwk).key, algorithms=["ES256"])
    assert decoded == PAYLOAD
    assert jwt.get_unverified_header(jws) == {
        "alg": "ES256",
        "typ": "consent-receipt+jws",
        "kid": jwk["kid"],
    }


@pytest.mark.needs("jose")
def test_the_jose_command_accepts_a_receipt_and_refuses_an_altered_one(
    signer: ReceiptSigner, jws: str, tmp_path: Path
) -> None:
    """Debian's jose verifies a receipt and fails on another payload."""
    (tmp_path / "keys.json").write_text(json.dumps(signer.jwks()))

    def jose(text: str) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "receipt.jws").write_text(text)
        command = ["jose", "jws", "ver", "-i", "receipt.jws", "-k", "keys.json", "-O", "-"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)

    good = jose(jws)
    assert (good.returncode, json.loads(good.stdout)) == (0, PAYLOAD)
    head, _, signature = jws.split(".")
    assert jose(f"{head}.{encode(b'{}')}.{signature}").returncode != 0


def test_our_verifier_accepts_every_published_key(signer: ReceiptSigner) -> None:
    """A receipt of a former key still verifies after a rotation."""
    pems = [generate_key(), generate_key()]
    old = ReceiptSigner(pems[:1]).sign(PAYLOAD)
    keys = public_keys(ReceiptSigner(pems).jwks())
    assert verify_jws(old, keys) == PAYLOAD
    with pytest.raises(EvidenceInvalid, match="not among the published keys"):
        verify_jws(old, public_keys(signer.jwks()))


def test_the_newest_key_signs_and_comes_first_in_the_set() -> None:
    """Keys are given oldest first; the last one signs."""
    pems = [generate_key(), generate_key()]
    signer = ReceiptSigner(pems)
    assert parse_jws(signer.sign({})).header["kid"] == signer.jwks()["keys"][0]["kid"]
    assert signer.jwks()["keys"][1] == ReceiptSigner(pems[:1]).jwks()["keys"][0]


def test_a_thumbprint_is_that_of_rfc_7638() -> None:
    """The kid agrees with a value computed by another program (jose jwk thp) for this key."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    assert thumbprint(jwk) == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"


def test_each_altered_character_is_refused(signer: ReceiptSigner, jws: str) -> None:
    """No other string verifies: each place is changed once, to its neighbour in the alphabet."""
    keys = public_keys(signer.jwks())
    for place, character in enumerate(jws):
        other = "-" if character == "." else ALPHABET[(ALPHABET.index(character) + 1) % 64]
        with pytest.raises(EvidenceInvalid):
            verify_jws(jws[:place] + other + jws[place + 1 :], keys)


def test_the_other_form_of_a_signature_is_refused(signer: ReceiptSigner) -> None:
    """ECDSA lets anyone turn a signature (r, s) into (r, n - s); one receipt is one string all the same."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for _ in range(8):
        text = signer.sign(PAYLOAD)
        head, _, signature = text.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        other = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
        keys = public_keys(signer.jwks())
        assert verify_jws(text, keys) == PAYLOAD
        with pytest.raises(EvidenceInvalid, match="signature"):
            verify_jws(f"{head}.{encode(other)}", keys)


def damaged(jws: str) -> dict[str, str]:
    """Damage a receipt in each way that a lenient reader would let pass."""
    head, payload, signature = jws.split(".")
    return {
        "padding": jws + "=",
        "line break": jws + "\n",
        "standard alphabet": jws.replace("-", "+").replace("_", "/") + "+",
        "two parts": f"{head}.{payload}",
        "empty signature": f"{head}.{payload}.",
        "short signature": f"{head}.{payload}.{signature[:40]}",
        "payload no object": f"{head}.{encode(b'[]')}.{signature}",
        "header no JSON": f"{encode(b'{')}.{payload}.{signature}",
        "header nested too deep": f"{encode(b'[' * 100000)}.{payload}.{signature}",
        "not ASCII": f"{head}.{payload}.é",
    }


@pytest.mark.parametrize("name", list(damaged("a.b.c")))
def test_a_damaged_receipt_is_refused(signer: ReceiptSigner, jws: str, name: str) -> None:
    """One receipt is one string: whatever a lenient reader would let pass is refused, never a crash."""
    with pytest.raises(EvidenceInvalid):
        verify_jws(damaged(jws)[name], public_keys(signer.jwks()))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "consent-receipt+jws"},
        {"alg": "HS256", "typ": "consent-receipt+jws"},
        {"alg": "ES256", "typ": "JWT"},
        {"alg": "ES256", "typ": "consent-receipt+jws", "crit": ["exp"]},
        {"alg": "ES256", "typ": "consent-receipt+jws", "jwk": {}},
    ],
)
def test_a_receipt_under_another_header_is_refused(
    signer: ReceiptSigner, jws: str, header: dict[str, Any]
) -> None:
    """The algorithm, the type and the members of the header are fixed."""
    full = {**header, "kid": signer.jwks()["keys"][0]["kid"]}
    _, payload, signature = jws.split(".")
    with pytest.raises(EvidenceInvalid, match="header"):
        verify_jws(f"{encode(json.dumps(full).encode())}.{payload}.{signature}", public_keys(signer.jwks()))


@pytest.mark.parametrize(
    "pem", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_signing_key_that_is_none_is_refused_in_plain_words(pem: bytes) -> None:
    """The operator reads what is wrong with the key."""
    with pytest.raises(SettingsError, match="signing key"):
        split_pem(pem)


def test_a_key_that_would_be_passed_over_is_refused() -> None:
    """An old key must not go on signing because the new one is in another form."""
    other = b"-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n"
    for pem in (generate_key() + other, other + generate_key(), generate_key() + b"more"):
        with pytest.raises(SettingsError, match="signing key"):
            split_pem(pem)


def test_keys_that_are_damaged_or_misnamed_are_refused(signer: ReceiptSigner) -> None:
    """A key set must hold what it says."""
    jwk = signer.jwks()["keys"][0]
    for keys in (
        [],
        [None],
        [{**jwk, "kid": "other"}],
        [{**jwk, "x": "!"}],
        [{**jwk, "kty": "RSA"}],
        [1],
        "no",
    ):
        with pytest.raises(EvidenceInvalid):
            public_keys({"keys": keys})
    with pytest.raises(EvidenceInvalid):
        public_keys("no")
