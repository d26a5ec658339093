"""A shop whose log grows by one receipt a day, its packs, and both ways to verify them."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from consent_server.consent.decision import Decision, Method, State
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.packing import Packer
from consent_server.consent.publisher import Shelf
from consent_server.consent.receipt import Ruling, Shown, receipt_payload
from consent_server.consent.sealer import Sealer
from consent_server.consent.statements import Statements
from consent_server.consent.stored import Build, EraseOrder, Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence import note
from consent_server.evidence.keys import generate_key
from consent_server.evidence.pack import alone, is_pack, verify_pack
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner, leaf_hash, sha256_of
from consent_server.evidence.tokens import Holding
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from consent_server.catalog.notice import Notice


Files = dict[str, bytes]
CATALOG = (
    (Path(__file__).parents[1] / "cookie_catalog.toml").read_text("utf-8").replace('"bacloud"', '"shop"')
)
ALONE = Path(str(alone.__file__)).parent
DAY = 24 * 60 * 60 * 1000
START = 1_790_000_000_000 // DAY * DAY
BUILD = b"(()=>{/* the widget */})();"
TOOLS = pytest.mark.needs("jose", "openssl")


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
