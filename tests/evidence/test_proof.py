"""Proofs and checkpoints: made, read and verified, with golden files named after their fault."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import checkpoint as checkpoints
from consent_server.evidence import note, proof, tiles
from consent_server.evidence.checkpoint import Checkpoint
from consent_server.evidence.merkle import EMPTY_ROOT, hash_leaf
from consent_server.evidence.signing import leaf_hash

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "proofs").glob("*.json"))
GOOD = [path for path in VECTORS if path.stem.startswith("good")]
ORIGIN = "consent.example/v1/shop"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = note.verifier_of(ORIGIN, KEY)
TREE = tiles.append(lambda _: {}, 0, [hash_leaf(b"%d" % number) for number in range(13)])


def load(path: Path) -> dict[str, Any]:
    """Read a golden file."""
    value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return value


def made(index: int) -> proof.Proof:
    """Make a proof for a leaf of the tree."""
    signed = checkpoints.sign(Checkpoint(ORIGIN, TREE.size, TREE.root), KEY)
    path = tiles.inclusion(lambda _: TREE.changed, index, TREE.size)
    return proof.Proof(index, TREE.size, tuple(path), signed)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_golden_proofs_verify_or_are_refused_for_their_fault(path: Path) -> None:
    """Each good proof holds; each damaged one is refused in the words that fit its fault."""
    vector = load(path)
    verifiers = [note.parse_verifier(vector["verifier"])]
    assert (vector["refusal"] is None) == path.stem.startswith("good")
    if vector["refusal"] is None:
        held = proof.verify_proof(
            vector["jws"], proof.parse_json(vector["proof"]), verifiers, vector["origin"]
        )
        assert (held.origin, held.size) == (vector["origin"], vector["proof"]["tree_size"])
    else:
        with pytest.raises(EvidenceInvalid, match=vector["refusal"]):
            proof.verify_proof(vector["jws"], proof.parse_json(vector["proof"]), verifiers, vector["origin"])


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_proof_comes_back_from_both_its_forms(path: Path) -> None:
    """JSON and .tlog-proof file say the same, and are written as they were read."""
    vector = load(path)
    value = proof.parse_json(vector["proof"])
    assert value.to_json() == vector["proof"]
    assert value.to_text() == vector["tlog_proof"]
    assert proof.parse_text(vector["tlog_proof"]) == value


def test_extra_data_in_a_proof_file_is_not_read() -> None:
    """The optional line of unauthenticated data changes nothing."""
    text = made(5).to_text()
    assert proof.parse_text(text.replace("\nindex", "\nextra YWJj\nindex", 1)) == made(5)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("index 5", "index 05"),
        ("index 5", "index -5"),
        ("index 5", "index 13"),
        ("index 5", "index \u0665"),
        ("index 5\n", ""),
        ("\n\n", "\n"),
        ("=\n", "\n"),
        ("\n", "\r\n"),
        ("\n13\n", "\n013\n"),
        (f"{ORIGIN}\n", ""),
    ],
)
def test_a_damaged_proof_file_is_refused(old: str, new: str) -> None:
    """One proof has one text: other spellings and missing parts are refused."""
    text = made(5).to_text()
    assert old in text
    with pytest.raises(EvidenceInvalid):
        proof.parse_text(text.replace(old, new))


@given(st.text() | st.just(made(5).to_text()).map(lambda text: text[: len(text) // 2]))
def test_nonsense_is_no_proof_and_no_checkpoint(text: str) -> None:
    """Whatever text arrives, it is refused without a crash."""
    for parse in (proof.parse_text, checkpoints.parse):
        with pytest.raises(EvidenceInvalid):
            parse(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(["index", "tree_size", "hashes", "checkpoint"]), json_values)
def test_no_json_value_crashes_the_reader(member: str, value: Any) -> None:
    """Another value for any member is refused, by the reader or by the verifier."""
    whole = {**made(5).to_json(), member: value}
    if whole == made(5).to_json():
        return
    with pytest.raises(EvidenceInvalid):
        proof.verify_leaf(hash_leaf(b"5"), proof.parse_json(whole), [VERIFIER], ORIGIN)


def test_an_erased_leaf_is_still_proven_by_its_hash() -> None:
    """Where the receipt is gone its leaf hash, which the log keeps, verifies in its place."""
    held = proof.verify_leaf(hash_leaf(b"7"), made(7), [VERIFIER], ORIGIN)
    assert held == Checkpoint(ORIGIN, 13, TREE.root)
    assert proof.verify_proof("7", made(7), [VERIFIER], ORIGIN) == held
    assert leaf_hash("7") == hash_leaf(b"7")


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint(ORIGIN, 0, EMPTY_ROOT),
        Checkpoint(ORIGIN, 2**63 - 1, TREE.root),
        Checkpoint(ORIGIN, 13, TREE.root, ("an extension line", "žalia")),
    ],
)
def test_a_checkpoint_comes_back_from_its_text_and_its_note(checkpoint: Checkpoint) -> None:
    """Text, note and value are one and the same, extension lines kept."""
    assert checkpoints.parse(checkpoint.text()) == checkpoint
    with pytest.raises(EvidenceInvalid):
        checkpoints.parse(checkpoint.text()[:-1])
    signed = checkpoints.sign(checkpoint, KEY)
    assert checkpoints.open_checkpoint(signed, [VERIFIER], ORIGIN) == checkpoint


def test_a_checkpoint_is_written_as_the_specification_says() -> None:
    """Origin, decimal size and base64 root, a line each."""
    root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    checkpoint = Checkpoint("example.com/behind-the-sofa", 20852163, base64.b64decode(root))
    assert checkpoint.text() == f"example.com/behind-the-sofa\n20852163\n{root}\n"


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 1, TREE.root),
        Checkpoint("a b", 1, TREE.root),
        Checkpoint("a\n5", 1, TREE.root),
        Checkpoint(ORIGIN, -1, TREE.root),
        Checkpoint(ORIGIN, 2**63, TREE.root),
        Checkpoint(ORIGIN, 1, TREE.root[:31]),
        Checkpoint(ORIGIN, 1, TREE.root, ("",)),
        Checkpoint(ORIGIN, 1, TREE.root, ("a\nb",)),
    ],
)
def test_a_checkpoint_that_nobody_could_read_is_not_signed(checkpoint: Checkpoint) -> None:
    """The log never signs what does not read back as the same checkpoint."""
    with pytest.raises(EvidenceInvalid):
        checkpoints.sign(checkpoint, KEY)


def test_only_the_log_itself_speaks_for_the_log() -> None:
    """A trusted witness's signature alone, or no key of the log, is not enough."""
    witness = Ed25519PrivateKey.generate()
    text = Checkpoint(ORIGIN, TREE.size, TREE.root).text()
    signed = note.sign(text, "witness.example", witness)
    verifier = note.verifier_of("witness.example", witness)
    with pytest.raises(EvidenceInvalid, match="No known key"):
        checkpoints.open_checkpoint(signed, [verifier, VERIFIER], ORIGIN)
    with pytest.raises(EvidenceInvalid, match="none of the log"):
        checkpoints.open_checkpoint(signed, [verifier], ORIGIN)
    both = signed + made(5).checkpoint.rpartition("\n— ")[2].join(("— ", ""))
    assert checkpoints.open_checkpoint(both, [verifier, VERIFIER], ORIGIN).size == TREE.size


def test_a_rotated_key_of_the_log_still_opens_its_old_checkpoints() -> None:
    """Every key that signs as the origin counts, old or new."""
    new = note.verifier_of(ORIGIN, Ed25519PrivateKey.generate())
    assert checkpoints.open_checkpoint(made(5).checkpoint, [new, VERIFIER], ORIGIN).size == 13
