"""Packs verify, with this project and without it, and both name the first thing wrong."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from authority import found

from consent_server.catalog.notice import notices_of
from consent_server.catalog.toml import parse_catalog
from consent_server.consent.decision import Decision, Method, State
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.packing import Packer
from consent_server.consent.publisher import Shelf
from consent_server.consent.receipt import Ruling, Shown, receipt_payload
from consent_server.consent.sealer import Sealer
from consent_server.consent.statements import Statements
from consent_server.consent.stored import Build, EraseOrder, Leaf, Stamp
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import EvidenceInvalid
from consent_server.evidence import checkpoint as checkpoints
from consent_server.evidence import note, tiles
from consent_server.evidence.export import Trust
from consent_server.evidence.keys import generate_key
from consent_server.evidence.merkle import hash_leaf
from consent_server.evidence.pack import alone, is_pack, verify_pack
from consent_server.evidence.pack.proving import encode, proof_lines
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner, leaf_hash, sha256_of
from consent_server.evidence.timestamp import load_roots, stamp
from consent_server.evidence.tokens import Holding
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consent_server.catalog.notice import Notice

    Files = dict[str, bytes]

CATALOG = (
    (Path(__file__).parents[2] / "cookie_catalog.toml").read_text("utf-8").replace('"bacloud"', '"shop"')
)
ALONE = Path(str(alone.__file__)).parent
DAY = 24 * 60 * 60 * 1000
START = 1_790_000_000_000 // DAY * DAY
BUILD = b"(()=>{/* the widget */})();"
TOOLS = pytest.mark.skipif(
    not (shutil.which("jose") and shutil.which("openssl")), reason="jose or openssl is not installed"
)


class Shop:
    """A shop whose log grows by one receipt a day, on a clock of its own."""

    def __init__(self, folder: Path, notices: dict[str, Notice]) -> None:
        self.store = SqliteStore(folder / "shop.db")
        self.store.prepare()
        self.signer = ReceiptSigner([generate_key()])
        self.key = note.load_private_key(note.generate_key())
        self.time = START
        self.notice = notices["en"]
        self.optional = [entry["id"] for entry in self.notice.body["categories"] if not entry["required"]]
        self.build = hashlib.sha256(BUILD).hexdigest()
        keyring = Keyring(self.store, self.signer, self.clock)
        keyring.accept()
        self.statements = Statements(self.signer, "shop")
        self.store.open_log("shop", "consent.example/v1/shop")
        self.store.keep("shop", notices.values(), START)
        self.store.keep_build(Build(self.build, BUILD), START)
        for number, shown in enumerate(notices.values()):
            self.store.record(self.statements.notice(shown, START + number))
        self.store.record(self.statements.build(self.build, START + 9))
        self.exporter = Exporter(self.store, self.store, keyring, self.key)
        self.sealer = Sealer(self.store, self.signer, self.key, self.clock)

    def clock(self) -> int:
        """Tell the time."""
        return self.time

    def decide(self, day: int, previous: Leaf | None = None) -> Leaf:
        """Record a receipt at noon of a day."""
        self.time = START + day * DAY + DAY // 2
        withdrawn = previous is not None
        decision = Decision(
            uuid7(self.time),
            self.notice.sha256,
            Method.WITHDRAW if withdrawn else Method.SAVE,
            {name: name == "analytics" and not withdrawn for name in self.optional},
            widget=self.build,
        )
        holding = None
        if previous is not None:
            holding = Holding("shop", b"s" * 16, previous.id, sha256_of(str(previous.jws)))
        state = State.WITHDRAWN if withdrawn else State.PARTIAL
        ruling = Ruling(uuid7(self.time), self.time, state, b"s" * 16, holding)
        shown = Shown(self.notice.sha256, self.notice.revision, self.notice.body)
        jws = self.signer.sign(receipt_payload(decision, shown, ruling))
        return self.store.record(
            Leaf("shop", ruling.id, RECEIPT_TYPE, ruling.id.bytes, self.time, jws, leaf_hash(jws))
        )

    def erase(self, day: int, *leaves: Leaf) -> None:
        """Erase receipts on a day."""
        self.time = START + day * DAY
        order = EraseOrder("subject", self.time, ids=tuple(leaf.id for leaf in leaves))
        self.store.erase("shop", order, lambda erased: self.statements.erasures(erased, self.time))

    def seal(self) -> str:
        """Seal everything that waits; return the checkpoint."""
        state = self.sealer.seal("shop")
        assert state
        return state.checkpoint

    def pack(self, *range_: int, stamps: Any = ()) -> bytes:
        """Pack the log, or some days of it."""
        file = io.BytesIO()
        packer = Packer(
            self.exporter, Shelf(self.store, self.store, self.store, self.store), self.clock, lambda _: stamps
        )
        times = [START + day * DAY for day in range_]
        for _ in packer.write(packer.plan("shop", *times), file):
            pass
        return file.getvalue()


class Made(NamedTuple):
    """A shop and its packs: of a log of 14 leaves and one that waits, and of the days 3 to 5.

    The leaves 0 to 2 are statements, 3 to 12 the receipts of the days 1 to 10, 13 states the erasure of
    6 and 7. Each fifth receipt withdraws the one of five days before. The part holds the leaves 4 to 8.
    """

    shop: Shop
    whole: bytes
    part: bytes
    early: list[str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Give a shop with ten receipts, two of them erased, and its packs."""
    folder = tmp_path_factory.mktemp("shop")
    shop = Shop(folder, notices_of(parse_catalog(CATALOG.encode(), "shop.toml")))
    leaves: list[Leaf] = []
    for day in range(1, 11):
        leaves.append(shop.decide(day, leaves[day - 5] if day % 5 == 1 and day > 1 else None))
    early = [shop.seal()]
    shop.erase(11, leaves[3], leaves[4])
    early.append(shop.seal())
    shop.decide(12)
    yield Made(shop, shop.pack(), shop.pack(3, 6), early)
    shop.store.close()


def unpack(data: bytes) -> Files:
    """Return the files of a pack."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repack(files: Files) -> bytes:
    """Make a pack of files."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def relist(files: Files) -> None:
    """Make the manifest agree with the files, as whoever damages a pack with care would."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    }
    files["manifest.json"] = json.dumps(manifest).encode()


def verify_here(data: bytes, folder: Path, **more: Any) -> Any:
    """Verify a pack with this project."""
    path = folder / "pack.zip"
    path.write_bytes(data)
    assert is_pack(path)
    return verify_pack(path, **more)


def verify_alone(data: bytes, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Verify a pack with its own kind of script, outside of this project's environment."""
    path = folder / "pack.zip"
    path.write_bytes(data)
    command = [sys.executable, "-I", str(ALONE / "verify.py"), str(path), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


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
        lambda files, _: files.update({f"notices/{hashlib.sha256(b'{}').hexdigest()}.json": b"{}"}),
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
