"""Proofs that a leaf is in a log, which anyone can check offline with the log's verifier key.

checkpoint = verify_proof(jws, parse_json(json.loads(answer)), [parse_verifier(key)], origin)
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import checkpoint as checkpoints
from consent_server.evidence import note
from consent_server.evidence.merkle import check_index, hash_leaf, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from consent_server.evidence.checkpoint import Checkpoint

_HEADER = "c2sp.org/tlog-proof@v1"
_HEAD = re.compile(rf"{re.escape(_HEADER)}\n(?:extra [A-Za-z0-9+/]+=*\n)?index (0|[1-9][0-9]{{0,18}})\n")


@dataclass(frozen=True, slots=True)
class Proof:
    """An inclusion proof: index, tree size, hashes from the leaf's sibling up, and the signed checkpoint."""

    index: int
    size: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object: `index`, `tree_size`, `hashes` in base64, `checkpoint`."""
        return {
            "index": self.index,
            "tree_size": self.size,
            "hashes": self._encoded(),
            "checkpoint": self.checkpoint,
        }

    def to_text(self) -> str:
        """Return the content of a `.tlog-proof` file (c2sp.org/tlog-proof)."""
        return "\n".join([_HEADER, f"index {self.index}", *self._encoded(), "", self.checkpoint])

    def _encoded(self) -> list[str]:
        return [base64.b64encode(value).decode() for value in self.hashes]


def parse_json(value: Any) -> Proof:
    """Read a proof from a JSON value; members that it does not know are ignored. Raises EvidenceInvalid."""
    if not isinstance(value, dict):
        raise EvidenceInvalid("The proof is not a JSON object.")
    hashes = value.get("hashes")
    if not isinstance(hashes, list) or not all(isinstance(encoded, str) for encoded in hashes):
        raise EvidenceInvalid("The proof's “hashes” is not a list of strings.")
    checkpoint = value.get("checkpoint")
    if not isinstance(checkpoint, str):
        raise EvidenceInvalid("The proof has no “checkpoint”.")
    return _proof(_whole_number(value, "index"), _whole_number(value, "tree_size"), hashes, checkpoint)


def parse_text(text: str) -> Proof:
    """Read a `.tlog-proof` file, which leaves the tree's size to the checkpoint. Raises EvidenceInvalid.

    Extra data in it is ignored: nothing vouches for it.
    """
    head = _HEAD.match(text)
    if not head:
        raise EvidenceInvalid(f"The proof does not begin with {_HEADER} and an index.")
    body, _, checkpoint = text[head.end() - 1 :].partition("\n\n")
    size = checkpoints.parse(note.split(checkpoint)[0]).size
    return _proof(int(head[1]), size, body.split("\n")[1:], checkpoint)


def verify_proof(jws: str, proof: Proof, verifiers: Iterable[note.Verifier], origin: str) -> Checkpoint:
    """Check that a JWS is in the log `origin`; return the checkpoint that says so. Raises EvidenceInvalid.

    The JWS's own signature is another matter: see `verify.verify_jws`.
    """
    if not jws.isascii():
        raise EvidenceInvalid("A JWS has no characters outside ASCII.")
    return verify_leaf(hash_leaf(jws.encode()), proof, verifiers, origin)


def verify_leaf(
    leaf_hash: bytes, proof: Proof, verifiers: Iterable[note.Verifier], origin: str
) -> Checkpoint:
    """Do as `verify_proof` for a leaf of which only the hash is left, an erased one."""
    checkpoint = checkpoints.open_checkpoint(proof.checkpoint, verifiers, origin)
    if checkpoint.size != proof.size:
        raise EvidenceInvalid("The proof is for another tree size than its checkpoint.")
    verify_inclusion(leaf_hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint


def _proof(index: int, size: int, hashes: list[str], checkpoint: str) -> Proof:
    check_index(index, size)
    return Proof(index, size, tuple(note.decode_base64(encoded) for encoded in hashes), checkpoint)


def _whole_number(value: dict[str, Any], name: str) -> int:
    number = value.get(name)
    if not isinstance(number, int) or isinstance(number, bool):
        raise EvidenceInvalid(f"The proof's “{name}” is not a whole number.")
    return number
