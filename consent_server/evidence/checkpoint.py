"""Checkpoints (c2sp.org/tlog-checkpoint): the size and root of a log, as the text of a signed note."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import note
from consent_server.evidence.merkle import check_hashes, check_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: its origin, its size in leaves, its root (32 bytes), and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the note's text, each line ended by a newline."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))


def parse(text: str) -> Checkpoint:
    """Parse a checkpoint's text; the same checkpoint is always the same text. Raises EvidenceInvalid."""
    lines = text.split("\n")
    if lines.pop() or len(lines) < _LINES or not all(lines):
        raise EvidenceInvalid("A checkpoint has three lines or more, none empty: origin, tree size, root.")
    origin, size, root, *extensions = lines
    if not _SIZE.fullmatch(size):
        raise EvidenceInvalid("The checkpoint's tree size is not a decimal number without leading zeros.")
    parsed = Checkpoint(origin, int(size), note.decode_base64(root), tuple(extensions))
    check_size(parsed.size)
    check_hashes(parsed.root)
    return parsed


def sign(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> str:
    """Sign a checkpoint as its origin; return the note. Raises EvidenceInvalid for what nobody could parse.

    The caller must never sign two checkpoints of one log of which neither is the beginning of the other.
    """
    text = checkpoint.text()
    if parse(text) != checkpoint:
        raise EvidenceInvalid("The checkpoint has a line break inside a line.")
    return note.sign(text, checkpoint.origin, private_key)


def open_checkpoint(signed: str, verifiers: Iterable[note.Verifier], origin: str) -> Checkpoint:
    """Return the checkpoint in a note that `origin` itself signed, or raise EvidenceInvalid.

    Of `verifiers` only those named as the origin count: a witness cannot speak for the log.
    """
    own = [verifier for verifier in verifiers if verifier.name == origin]
    if not own:
        raise EvidenceInvalid(f"Among the trusted keys is none of the log {origin}.")
    checkpoint = parse(note.verify(signed, own))
    if checkpoint.origin != origin:
        raise EvidenceInvalid(f"The checkpoint is of the log {checkpoint.origin!r}, not of {origin!r}.")
    return checkpoint
