"""Signed notes (c2sp.org/signed-note) with Ed25519: a text, a blank line, and lines that sign it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent_server.errors import EvidenceInvalid, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SIZE_LIMIT = 128 * 1024
"""Bytes that a note may have: sixteen signatures of five kilobytes fit, as the format demands."""

_ED25519 = b"\x01"
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NAME = re.compile(r"[^\s+]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_VERIFIER = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)")


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and its Ed25519 public key (32 bytes): what a reader must hold to trust a note."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or not _is_clean(self.name):
            raise EvidenceInvalid(f"The key name {self.name!r} is empty, or has a space or a plus in it.")
        if len(self.public_key) != _KEY_BYTES:
            raise EvidenceInvalid(f"An Ed25519 public key has {_KEY_BYTES} bytes.")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart; they prove nothing."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public_key
        return hashlib.sha256(named).digest()[:_KEY_ID_BYTES]

    def encode(self) -> str:
        """Return the verifier key, one line: `name+key id in hex+base64`."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public_key).decode()}"

    def holds(self, text: str, signature: bytes) -> bool:
        """Tell whether `signature` (64 bytes) is this key's signature of `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def parse_verifier(text: str) -> Verifier:
    """Parse a verifier key, as `Verifier.encode` writes it. Raises EvidenceInvalid."""
    found = _VERIFIER.fullmatch(text)
    if not found:
        raise EvidenceInvalid("A verifier key is written name+key id+base64.")
    name, key_id, encoded = found.groups()
    key = decode_base64(encoded)
    if key[:1] != _ED25519:
        raise EvidenceInvalid("The verifier key is not an Ed25519 key.")
    verifier = Verifier(name, key[1:])
    if verifier.key_id.hex() != key_id:
        raise EvidenceInvalid("The verifier key's id does not fit its name and key: one of them is damaged.")
    return verifier


def verifier_of(name: str, private_key: Ed25519PrivateKey) -> Verifier:
    """Return the public side of a key that signs as `name`. Raises EvidenceInvalid for a bad name."""
    return Verifier(name, private_key.public_key().public_bytes_raw())


def sign(text: str, name: str, private_key: Ed25519PrivateKey) -> str:
    """Sign a text that ends in a newline; return the note. Raises EvidenceInvalid for other texts."""
    verifier = verifier_of(name, private_key)
    stamp = base64.b64encode(verifier.key_id + private_key.sign(_checked(text).encode())).decode()
    signed = f"{text}\n— {name} {stamp}\n"
    verify(signed, [verifier])  # nothing leaves here that a reader would refuse
    return signed


def verify(signed: str, verifiers: Iterable[Verifier]) -> str:
    """Return a note's text if at least one known key signed it, or raise EvidenceInvalid.

    Signatures of unknown keys are ignored; one wrong signature of a known key spoils the note.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    text, lines = split(signed)
    signed_by = 0
    for name, key_id, signature in _signatures(lines):
        verifier = known.get((name, key_id))
        if verifier is None:
            continue
        if not verifier.holds(text, signature):
            raise EvidenceInvalid(f"The signature by {name} does not match.")
        signed_by += 1
    if not signed_by:
        raise EvidenceInvalid("No known key has signed the note.")
    return text


def split(signed: str) -> tuple[str, list[str]]:
    """Take a note apart, unverified: its text and its signature lines. Raises EvidenceInvalid."""
    end = _checked(signed).rfind("\n\n")
    if end < 0:
        raise EvidenceInvalid("The note has no blank line before its signatures.")
    lines = signed[end + 2 :].split("\n")[:-1]
    if not lines:
        raise EvidenceInvalid("The note has no signatures.")
    return signed[: end + 1], lines


def decode_base64(text: str) -> bytes:
    """Decode standard base64 in its one canonical form (RFC 4648, section 4). Raises EvidenceInvalid."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except ValueError:
        raise EvidenceInvalid("This is not base64.") from None
    if base64.b64encode(decoded).decode() != text:
        raise EvidenceInvalid("This is not base64 in its one canonical form.")
    return decoded


def generate_key() -> bytes:
    """Make a new Ed25519 private key: unencrypted PKCS #8 PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private_key(pem: bytes) -> Ed25519PrivateKey:
    """Parse a PEM private key. Raises SettingsError where it is not an unencrypted Ed25519 key."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"The log key cannot be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError("The log key must be an Ed25519 key.")
    return key


def _signatures(lines: list[str]) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield name, key id and signature of each line."""
    for line in lines:
        found = _SIGNATURE_LINE.fullmatch(line)
        if not found:
            raise EvidenceInvalid("A signature line is not written “— name base64”.")
        stamp = decode_base64(found[2])
        if len(stamp) <= _KEY_ID_BYTES:
            raise EvidenceInvalid("A signature is too short.")
        yield found[1], stamp[:_KEY_ID_BYTES], stamp[_KEY_ID_BYTES:]


def _checked(text: str) -> str:
    if not _is_clean(text):
        raise EvidenceInvalid("The note has a control character in it, or is not Unicode text.")
    if len(text.encode()) > SIZE_LIMIT:
        raise EvidenceInvalid(f"The note is larger than {SIZE_LIMIT} bytes.")
    if not text.endswith("\n"):
        raise EvidenceInvalid("The note does not end in a newline.")
    return text


def _is_clean(text: str) -> bool:
    """Tell whether a text is UTF-8 without control characters other than newline."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not _CONTROL.search(text)
