"""Packs verify, with this project and without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from authority import found
from packs import (
    START,
    TOOLS,
    Made,
    relist,
    repack,
    unpack,
    verify_alone,
    verify_here,
)

from consent_server.consent.stored import Stamp
from consent_server.errors import EvidenceInvalid
from consent_server.evidence import note, tiles
from consent_server.evidence.export import Trust
from consent_server.evidence.keys import generate_key
from consent_server.evidence.merkle import hash_leaf
from consent_server.evidence.pack.proving import encode, proof_lines
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.timestamp import load_roots, stamp

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pack_holds_what_it_promises(made: Made) -> None:
    """Leaves, what they name, keys, checkpoint, how to verify them; proofs in a part alone."""
    fixed = {"VERIFY.md", "checkpoint.txt", "keys/jwks.json", "keys/log-key.txt", "leaves.ndjson"}
    fixed |= {"manifest.json", "verify.py", "verify.sh"}
    whole, part = unpack(made.whole), unpack(made.part)
    assert fixed <= whole.keys()
    assert len([name for name in whole if name.startswith("notices/")]) == 2
    assert part.keys() - fixed == {
        "proofs.ndjson",
        f"notices/{made.shop.notice.sha256}.json",
        f"builds/{made.shop.build}.js",
    }
    assert len(whole["leaves.ndjson"].splitlines()) == 1 + 14 + 1
    indices = [json.loads(line)["index"] for line in part["leaves.ndjson"].splitlines()[1:]]
    assert indices == [4, 5, 6, 7, 8, 13]


def test_a_whole_pack_verifies_here(made: Made, tmp_path: Path) -> None:
    """The report counts what it holds."""
    report = verify_here(made.whole, tmp_path)
    assert report.states == {"partial": 8, "withdrawn": 1}
    assert (report.receipts, report.part, report.checkpoint.size) == (9, None, 14)
    assert report.files == len(unpack(made.whole))


def test_a_part_verifies_here(made: Made, tmp_path: Path) -> None:
    """With its range, its erasures stated from later in the log, and progress up to the end."""
    shares: list[float] = []
    report = verify_here(made.part, tmp_path, progress=shares.append)
    assert report.states == {"partial": 2, "withdrawn": 1}
    assert (report.part.first, report.part.end, report.checkpoint.size) == (4, 9, 14)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("days", "indices"),
    [
        ((6, 7), [*range(5, 10), 13]),
        ((-9, -8), [0]),
        ((0, 1), [0, 1, 2, 3]),
        ((99,), [13]),
        ((10, 99), [11, 12, 13]),
        ((-9, 99), range(14)),
    ],
)
def test_a_part_reaches_beyond_the_days_asked_for(
    made: Made, tmp_path: Path, days: tuple[int, ...], indices: Any
) -> None:
    """A leaf at each end, not an erased one, shows that nothing of these days is outside."""
    data = made.shop.pack(*days)
    lines = [json.loads(line) for line in unpack(data)["leaves.ndjson"].splitlines()[1:]]
    assert [line["index"] for line in lines] == list(indices)
    assert verify_here(data, tmp_path).part.first == indices[0]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_many_proofs_are_those_that_are_made_one_by_one(size: int) -> None:
    """Sharing the work changes no hash of them, at the edges of tiles neither."""
    hashes = [hash_leaf(b"%d" % number) for number in range(size)]
    changed = tiles.append(lambda _: {}, 0, hashes).changed
    for index, line in enumerate(proof_lines(lambda _: changed, range(size), size)):
        path = tiles.inclusion(lambda _: changed, index, size)
        assert json.loads(line) == {"index": index, "hashes": encode(path)}


def test_a_pack_is_held_against_the_keys_of_the_auditor(made: Made, tmp_path: Path) -> None:
    """Whoever makes up a whole pack with keys of his own is found."""
    head = json.loads(unpack(made.whole)["leaves.ndjson"].splitlines()[0])
    stranger = ReceiptSigner([generate_key()]).jwks()
    other = note.verifier_of("consent.example/v1/shop", note.load_private_key(note.generate_key())).encode()
    verify_here(made.whole, tmp_path, trust=Trust(head["keys"], head["log_key"], head["checkpoint"]))
    for data in (made.whole, made.part):
        with pytest.raises(EvidenceInvalid, match="not among the published keys"):
            verify_here(data, tmp_path, trust=Trust(jwks=stranger))
        with pytest.raises(EvidenceInvalid, match=r"^checkpoint\.txt: No known key"):
            verify_here(data, tmp_path, trust=Trust(log_key=other))


@TOOLS
@pytest.mark.parametrize("days", [(), (3, 6)])
def test_time_stamps_are_packed_and_verified(made: Made, tmp_path: Path, days: tuple[int, ...]) -> None:
    """A stamp on an earlier checkpoint, with the proof that the log grew from there, by both verifiers."""
    (post, root), (_, other) = found(tmp_path / "tsa"), found(tmp_path / "other")
    (tmp_path / "root.pem").write_bytes(root)
    (tmp_path / "other.pem").write_bytes(other)
    sizes = [13, 14]
    stamped = [
        Stamp(size, early, stamp(early, post), START) for size, early in zip(sizes, made.early, strict=True)
    ]
    data = made.shop.pack(*days, stamps=stamped)
    assert [(one.size, one.verified) for one in verify_here(data, tmp_path).stamps] == [
        (n, False) for n in sizes
    ]
    report = verify_here(data, tmp_path, roots=load_roots(root))
    assert [(one.size, one.verified) for one in report.stamps] == [(n, True) for n in sizes]
    good = verify_alone(data, tmp_path, "--tsa-roots", "root.pem")
    assert (good.returncode, good.stderr) == (0, "")
    assert "The first 13 leaves are stamped" in good.stdout
    with pytest.raises(EvidenceInvalid, match=r"^timestamps/13\.tsr: The time stamp does not hold"):
        verify_here(data, tmp_path, roots=load_roots(other))
    assert "timestamps/13.tsr" in verify_alone(data, tmp_path, "--tsa-roots", "other.pem").stderr
    for name, content in (
        ("13.tsr", stamped[1].response),
        ("13.json", b'{"hashes": []}'),
        ("13.txt", b"x"),
        ("13.tsr", b""),
    ):
        files = {**unpack(data), f"timestamps/{name}": content}
        relist(files)
        with pytest.raises(EvidenceInvalid, match=f"^timestamps/{name}: "):
            verify_here(repack(files), tmp_path)
        done = verify_alone(repack(files), tmp_path)
        assert (done.returncode, f"hold. timestamps/{name}: " in done.stderr) == (1, True), done.stderr


@TOOLS
def test_a_pack_is_held_against_the_keys_of_the_auditor_without_this_project_too(
    made: Made, tmp_path: Path
) -> None:
    """By two options."""
    (tmp_path / "own.json").write_text(json.dumps(made.shop.signer.jwks()))
    (tmp_path / "other.json").write_text(json.dumps(ReceiptSigner([generate_key()]).jwks()))
    (tmp_path / "log-key.txt").write_bytes(unpack(made.whole)["keys/log-key.txt"])
    good = verify_alone(made.whole, tmp_path, "--keys", "own.json", "--log-key", "log-key.txt")
    assert (good.returncode, good.stderr) == (0, "")
    bad = verify_alone(made.whole, tmp_path, "--keys", "other.json")
    assert bad.returncode == 1
    assert "not among the published keys" in bad.stderr


@TOOLS
@pytest.mark.parametrize("kind", ["whole", "part"])
def test_a_pack_verifies_in_an_environment_without_this_project(
    made: Made, tmp_path: Path, kind: str
) -> None:
    """Unpacked, from elsewhere, with openssl, jose and Python alone on the path."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("openssl", "jose"):
        (tools / name).symlink_to(str(shutil.which(name)))
    (tools / "python3").symlink_to(os.path.realpath(sys.executable))
    (tmp_path / "pack.zip").write_bytes(getattr(made, kind))
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        archive.extractall(tmp_path / "pack")
    command = [str(shutil.which("env")), "-i", f"PATH={tools}", str(shutil.which("sh")), "pack/verify.sh"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    receipts = {"whole": "9 receipts verified: 8 partial, 1 withdrawn.", "part": "3 receipts verified"}[kind]
    assert receipts in done.stdout
    leaf = tmp_path / "pack" / "leaves.ndjson"
    leaf.write_bytes(leaf.read_bytes().replace(b'"index":8', b'"index":9'))
    again = subprocess.run([*command, "pack.zip"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.returncode == 0
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "leaves.ndjson: it was changed" in found.stderr
    (tools / "jose").unlink()
    lacking = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (lacking.returncode, lacking.stderr) == (2, "verify.sh needs jose and does not find it.\n")


Damage = "Callable[[Files, Shop], object]"
