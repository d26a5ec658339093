"""What was changed in a pack is named, by this project and without it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from packs import (
    DAY,
    START,
    TOOLS,
    Files,
    Made,
    Shop,
    relist,
    repack,
    unpack,
    verify_alone,
    verify_here,
)

from consent_server.consent.uuid7 import uuid7
from consent_server.errors import EvidenceInvalid
from consent_server.evidence import checkpoint as checkpoints
from consent_server.evidence import note
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def line_of(number: int, change: Callable[[dict[str, Any]], Any], name: str = "leaves.ndjson") -> Any:
    """Return a damage that changes one line, counted from 1, or removes it where `change` gives None."""

    def damage(files: Files, _: Shop) -> None:
        lines = files[name].splitlines()
        changed = change(json.loads(lines[number - 1]))
        lines[number - 1 : number] = [] if changed is None else [json.dumps(changed).encode()]
        files[name] = b"\n".join(lines) + b"\n"

    return damage


def altered(jws: str) -> str:
    """Change one character in the payload of a JWS."""
    head, payload, signature = jws.split(".")
    place = len(payload) // 2
    return ".".join(
        [head, payload[:place] + ("B" if payload[place] == "A" else "A") + payload[place + 1 :], signature]
    )


def in_manifest(**members: Any) -> Any:
    """Return a damage that changes members of the manifest."""

    def damage(files: Files, _: Shop) -> None:
        files["manifest.json"] = json.dumps({**json.loads(files["manifest.json"]), **members}).encode()

    return damage


def swapped(first: int, second: int, name: str = "leaves.ndjson") -> Any:
    """Return a damage that swaps two lines."""

    def damage(files: Files, _: Shop) -> None:
        lines = files[name].splitlines(keepends=True)
        lines[first - 1], lines[second - 1] = lines[second - 1], lines[first - 1]
        files[name] = b"".join(lines)

    return damage


def twice(files: Files, _: Shop) -> None:
    """Repeat a line."""
    lines = files["leaves.ndjson"].splitlines(keepends=True)
    files["leaves.ndjson"] = b"".join([*lines[:5], lines[4], *lines[5:]])


def erase_quietly(number: int) -> Any:
    """Return a damage that makes a receipt look erased."""

    def change(line: dict[str, Any]) -> dict[str, Any]:
        hashed = base64.b64encode(leaf_hash(line["jws"])).decode()
        return {"index": line["index"], "erased": True, "leaf_hash": hashed}

    return line_of(number, change)


def replaced(prefix: str, content: bytes | None) -> Any:
    """Return a damage that replaces or removes the file that the receipts name."""

    def damage(files: Files, shop: Shop) -> None:
        name = f"notices/{shop.notice.sha256}.json" if prefix == "notices/" else f"builds/{shop.build}.js"
        if content is None:
            del files[name]
        else:
            files[name] = content

    return damage


def resign(files: Files, shop: Shop, key: Any, root: bytes | None) -> None:
    """Sign another checkpoint, and put it wherever the old one stands."""
    old = checkpoints.parse(note.split(files["checkpoint.txt"].decode())[0])
    signed = checkpoints.sign(checkpoints.Checkpoint(old.origin, old.size, root or old.root), key or shop.key)
    files["checkpoint.txt"] = signed.encode()
    line_of(1, lambda head: {**head, "checkpoint": signed})(files, shop)


def notice_of(files: Files, shop: Shop, **members: Any) -> bytes:
    """Return the notice that the receipts name, some members changed."""
    body = json.loads(files[f"notices/{shop.notice.sha256}.json"])
    return rfc8785.dumps({**body, **members})


def add_notice(files: Files, content: bytes) -> dict[str, str]:
    """Put a notice into a pack under its own name, and return what a receipt calls it."""
    sha256 = hashlib.sha256(content).hexdigest()
    files[f"notices/{sha256}.json"] = content
    return {"sha256": sha256, "revision": "0" * 64, "lang": "en"}


def other_link(files: Files, shop: Shop) -> None:
    """Append a receipt that waits, signed by the shop, whose link to the one before is wrong."""
    before = next(payload for payload in receipts(files) if payload["previous"] is None)
    forge(files, shop, {"id": before["id"], "sha256": "0" * 64})


def lost_link(files: Files, shop: Shop) -> None:
    """Append receipts that wait, signed by the shop, which follow more lost ones than were erased."""
    for day in range(3):
        forge(files, shop, {"id": str(uuid7(START + day)), "sha256": "0" * 64})


def receipts(files: Files) -> Iterator[Any]:
    """Yield the payloads of receipts."""
    for line in files["leaves.ndjson"].splitlines()[1:]:
        item = json.loads(line)
        if item.get("type") == RECEIPT_TYPE:
            payload = item["jws"].split(".")[1]
            yield json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def forge(files: Files, shop: Shop, previous: dict[str, str]) -> None:
    """Append a receipt that waits."""
    last = list(receipts(files))[-1]
    jws = shop.signer.sign({**last, "id": str(uuid7(START + 12 * DAY + DAY // 2)), "previous": previous})
    files["leaves.ndjson"] += json.dumps({"type": RECEIPT_TYPE, "jws": jws}).encode() + b"\n"


def proof_hash(line: dict[str, Any]) -> dict[str, Any]:
    """Change the first hash of a proof."""
    return {**line, "hashes": [base64.b64encode(b"x" * 32).decode(), *line["hashes"][1:]]}


WHOLE: dict[str, tuple[Any, str]] = {
    "leaf altered": (line_of(5, lambda line: {**line, "jws": altered(line["jws"])}), "leaves.ndjson, line 5"),
    "leaf left out": (line_of(5, lambda _: None), "leaves.ndjson, line 5"),
    "last leaf left out": (line_of(15, lambda _: None), "leaves.ndjson, line (14|15)"),
    "leaves reordered": (swapped(5, 6), "leaves.ndjson, line 5"),
    "leaf duplicated": (twice, "leaves.ndjson, line 6"),
    "waiting leaf given a place": (line_of(16, lambda line: {"index": 14, **line}), "leaves.ndjson, line 16"),
    "erased without statement": (erase_quietly(5), "leaves.ndjson, line 5: [Tt]he leaf 3 was erased"),
    "erased hash altered": (
        line_of(8, lambda line: {**line, "leaf_hash": base64.b64encode(b"x" * 32).decode()}),
        "leaves.ndjson, line 1[56].*: [Tt]he leaves do not have the root",
    ),
    "statement of erasure altered": (
        line_of(15, lambda line: {**line, "jws": altered(line["jws"])}),
        "leaves.ndjson, line 15",
    ),
    "retyped": (line_of(5, lambda line: {**line, "type": "consent-key+jws"}), "leaves.ndjson, line 5"),
    "notice replaced": (replaced("notices/", b"{}"), "notices/[0-9a-f]{64}.json: [Ii]t was changed"),
    "notice missing": (
        replaced("notices/", None),
        "notices/[0-9a-f]{64}.json: [Ii]t is missing, and leaves.*1?",
    ),
    "build replaced": (replaced("builds/", b"x"), "builds/[0-9a-f]{64}.js: [Ii]t was changed"),
    "build missing": (
        replaced("builds/", None),
        "builds/[0-9a-f]{64}.js: [Ii]t is missing, and leaves.ndjson",
    ),
    "checkpoint of another key": (
        lambda files, shop: resign(files, shop, note.load_private_key(note.generate_key()), None),
        "checkpoint.txt: ",
    ),
    "checkpoint replaced alone": (
        lambda files, _: files.update({"checkpoint.txt": b"x\n"}),
        "checkpoint.txt: [Ii]t is not the one in the first line",
    ),
    "root wrong": (
        lambda files, shop: resign(files, shop, None, b"x" * 32),
        "leaves.ndjson, line 1[56].*: [Tt]he leaves do not have the root",
    ),
    "key replaced": (
        lambda files, _: files.update(
            {"keys/jwks.json": json.dumps(ReceiptSigner([generate_key()]).jwks()).encode()}
        ),
        "keys/jwks.json: ",
    ),
    "log key replaced": (lambda files, _: files.update({"keys/log-key.txt": b"x"}), "keys/log-key.txt: "),
    "site altered": (in_manifest(site="elsewhere"), "manifest.json: "),
    "no manifest": (in_manifest(schema="consent-pack/2"), "manifest.json: "),
    "made a part": (
        in_manifest(range={"first": 0, "end": 14, "from": None, "to": None}),
        "proofs.ndjson: ",
    ),
    "foreign notice": (
        lambda files, shop: add_notice(files, notice_of(files, shop, revision_number=99)),
        "notices/[0-9a-f]{64}.json: [Nn]o leaf",
    ),
    "foreign file": (
        lambda files, _: files.update({"read me.txt": b""}),
        ".*read me.txt.*no file of this name",
    ),
    "file that leads out": (lambda files, _: files.update({"../x": b""}), ".*[.][.]/x.*no file of this name"),
    "link altered": (other_link, "leaves.ndjson, line 17: [Tt]he receipt before"),
    "links lost": (lost_link, "leaves.ndjson, line 17: .*before"),
    "no leaves": (lambda files, _: files.pop("leaves.ndjson"), "leaves.ndjson: "),
}
PART: dict[str, tuple[Any, str]] = {
    "leaf altered": (line_of(3, lambda line: {**line, "jws": altered(line["jws"])}), "leaves.ndjson, line 3"),
    "leaf left out": (line_of(3, lambda _: None), "leaves.ndjson, line 3"),
    "leaf and proof left out": (
        lambda files, shop: (
            line_of(3, lambda _: None)(files, shop),
            line_of(2, lambda _: None, "proofs.ndjson")(files, shop),
        ),
        "leaves.ndjson, line 3",
    ),
    "leaves reordered": (swapped(3, 6), "leaves.ndjson, line 3"),
    "leaf duplicated": (twice, "leaves.ndjson, line 6"),
    "proof altered": (line_of(2, proof_hash, "proofs.ndjson"), "proofs.ndjson, line 2"),
    "proof left out": (line_of(2, lambda _: None, "proofs.ndjson"), "proofs.ndjson, line 2"),
    "proof too many": (
        lambda files, _: files.update({"proofs.ndjson": files["proofs.ndjson"] + b"{}\n"}),
        "proofs.ndjson",
    ),
    "erased hash altered": (
        line_of(4, lambda line: {**line, "leaf_hash": base64.b64encode(b"x" * 32).decode()}),
        "proofs.ndjson, line 3",
    ),
    "statement of erasure left out": (
        lambda files, shop: (
            line_of(7, lambda _: None)(files, shop),
            line_of(6, lambda _: None, "proofs.ndjson")(files, shop),
        ),
        "leaves.ndjson, line 4: [Tt]he leaf 6 was erased",
    ),
    "erased without statement": (erase_quietly(3), "leaves.ndjson, line 3: [Tt]he leaf 5 was erased"),
    "range begins too late": (
        in_manifest(range={"first": 4, "end": 9, "from": "2026-01-01T00:00:00.000Z", "to": None}),
        "leaves.ndjson, line 2.*: [Tt]he range begins too late",
    ),
    "range ends too early": (
        lambda files, shop: (
            line_of(6, lambda _: None)(files, shop),
            line_of(5, lambda _: None, "proofs.ndjson")(files, shop),
            (part := json.loads(files["manifest.json"])["range"]),
            in_manifest(range={**part, "end": 8, "to": "2999-01-01T00:00:00.000Z"})(files, shop),
        ),
        "leaves.ndjson, line 5.*: [Tt]he range ends too early",
    ),
    "range beyond the log": (
        in_manifest(range={"first": 4, "end": 15, "from": None, "to": None}),
        "leaves.ndjson",
    ),
    "range that is none": (
        in_manifest(range={"first": 4, "end": 4, "from": None, "to": None}),
        "manifest.json: ",
    ),
    "made whole": (in_manifest(range=None), "proofs.ndjson: "),
    "notice replaced": (replaced("notices/", b"{}"), "notices/[0-9a-f]{64}.json: [Ii]t was changed"),
    "build missing": (replaced("builds/", None), "builds/[0-9a-f]{64}.js: [Ii]t is missing"),
    "root wrong": (lambda files, shop: resign(files, shop, None, b"x" * 32), "proofs.ndjson, line 1"),
}
CASES = [("whole", name) for name in WHOLE] + [("part", name) for name in PART]


def damaged(made: Made, kind: str, name: str) -> tuple[bytes, str]:
    """Return a damaged pack whose manifest was made to agree, and the words that name the damage."""
    damage, words = (WHOLE if kind == "whole" else PART)[name]
    files = unpack(getattr(made, kind))
    damage(files, made.shop)
    relist(files)
    return repack(files), words


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_damage_is_named_here(made: Made, tmp_path: Path, kind: str, name: str) -> None:
    """File and line, also where whoever did it corrected the manifest."""
    data, words = damaged(made, kind, name)
    with pytest.raises(EvidenceInvalid, match=f"^{words}"):
        verify_here(data, tmp_path)


@TOOLS
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_damage_is_named_without_this_project(made: Made, tmp_path: Path, kind: str, name: str) -> None:
    """The script in the pack finds the same in the same place."""
    data, words = damaged(made, kind, name)
    done = verify_alone(data, tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.match(f"This pack does not hold. {words}", done.stderr), done.stderr


@TOOLS
@pytest.mark.parametrize(
    "name", ["VERIFY.md", "verify.sh", "verify.py", "leaves.ndjson", "proofs.ndjson", "checkpoint.txt"]
)
def test_a_file_that_is_not_what_the_manifest_lists_is_named(made: Made, tmp_path: Path, name: str) -> None:
    """One byte more in the file, or a hash altered in the manifest, by both verifiers."""
    longer = unpack(made.part)
    longer[name] += b"\n"
    other = unpack(made.part)
    manifest = json.loads(other["manifest.json"])
    manifest["files"][name]["sha256"] = "0" * 64
    other["manifest.json"] = json.dumps(manifest).encode()
    for files in (longer, other):
        with pytest.raises(EvidenceInvalid, match=f"^{name}: It was changed"):
            verify_here(repack(files), tmp_path)
        assert f"hold. {name}: it was changed" in verify_alone(repack(files), tmp_path).stderr


def bomb() -> bytes:
    """Make a pack whose leaves are 200 megabytes of nothing."""
    data = io.BytesIO()
    with (
        zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("leaves.ndjson", "w") as leaves,
    ):
        for _ in range(200):
            leaves.write(bytes(1 << 20))
    return data.getvalue()


def doubled(data: bytes) -> bytes:
    """Append a second file of one name to a pack."""
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("checkpoint.txt", b"x")
    return file.getvalue()


def flipped(data: bytes, name: str) -> bytes:
    """Change a byte in the middle of a file inside the archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(name)
        place = info.header_offset + 30 + len(name) + info.compress_size // 2
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def overlapping(data: bytes) -> bytes:
    """Make the directory of an archive say that its first file takes up all of it."""
    place = data.index(b"PK\1\2") + 20
    return data[:place] + len(data).to_bytes(4, "little") + data[place + 4 :]


ARCHIVES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "truncated": (lambda data: data[: len(data) // 2], ".*no whole archive"),
    "without its last byte": (lambda data: data[:-1], ".*no whole archive"),
    "nothing but a beginning": (lambda _: b"PK", ".*no whole archive"),
    "a byte of the leaves": (lambda data: flipped(data, "leaves.ndjson"), "leaves.ndjson: [Ii]t "),
    "a byte of the manifest": (lambda data: flipped(data, "manifest.json"), "manifest.json: [Ii]t "),
    "a file twice": (doubled, "checkpoint.txt: [Ii]t stands in the archive twice"),
    "files that overlap": (overlapping, ".*[Ff]iles of the archive overlap"),
    "a bomb": (lambda _: bomb(), "leaves.ndjson: [Ii]t would unpack to"),
    "a huge file": (
        lambda data: repack({**unpack(data), "keys/jwks.json": os.urandom(17 << 20)}),
        "keys/jwks.json: [Ii]t has 17825792 bytes",
    ),
    "not in the manifest": (
        lambda data: repack({**unpack(data), f"builds/{'0' * 64}.js": b""}),
        "builds/0{64}.js: [Tt]he manifest does not list it",
    ),
    "missing though listed": (
        lambda data: repack({name: file for name, file in unpack(data).items() if name != "VERIFY.md"}),
        "VERIFY.md: [Ii]t is missing",
    ),
    "without manifest": (
        lambda data: repack({name: file for name, file in unpack(data).items() if name != "manifest.json"}),
        "manifest.json: [Ii]t is missing",
    ),
    "manifest cut": (
        lambda data: repack({**unpack(data), "manifest.json": unpack(data)["manifest.json"][:-9]}),
        "manifest.json: [TtIi]",
    ),
    "a folder": (lambda data: repack({**unpack(data), "notices/": b""}), ".*notices/.*no file of this name"),
}


@pytest.mark.parametrize("name", list(ARCHIVES))
def test_an_archive_that_is_damaged_or_hostile_is_refused_here(made: Made, tmp_path: Path, name: str) -> None:
    """In plain words, before anything is unpacked."""
    damage, words = ARCHIVES[name]
    with pytest.raises(EvidenceInvalid, match=f"^{words}"):
        verify_here(damage(made.whole), tmp_path)


@TOOLS
@pytest.mark.parametrize("name", list(ARCHIVES))
def test_an_archive_that_is_damaged_or_hostile_is_refused_without_this_project(
    made: Made, tmp_path: Path, name: str
) -> None:
    """In the same words."""
    damage, words = ARCHIVES[name]
    done = verify_alone(damage(made.whole), tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.match(f"This pack does not hold. {words}", done.stderr), done.stderr
