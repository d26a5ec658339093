# ruff: noqa: INP001, T201 - a script, which talks
"""Measure the log: sealing, the first proof, the export and its verification.

    python bench/log.py --leaves 1000000

Works in a temporary directory that it deletes; a million leaves need 5 GB of disk and some minutes.
Every receipt is really signed and is recorded in SQLite by the store's own insert, many to a transaction:
how fast receipts are recorded one by one is not measured here. Times of receipts are 20 ms apart.
Each measurement but sealing runs in a new process, which knows nothing of the ones before.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from consent_server.app import now
from consent_server.consent.decision import Decision, Method, State
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.logs import Logs
from consent_server.consent.receipt import Ruling, Shown, receipt_payload
from consent_server.consent.sealer import Sealer
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence import note
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.keys import generate_key, public_keys
from consent_server.evidence.parallel import cores
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner, leaf_hash, signature_holds
from consent_server.evidence.verify import parse_jws
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SITE, ORIGIN = "shop", "consent.example/v1/shop"
APART = 20
"""Milliseconds from one receipt to the next."""
GROUP = 1000
PROOFS = 15
BODY = {
    "site": SITE,
    "language": "en",
    "ask_again_after": 15_768_000,
    "controller": {"name": "Shop UAB"},
    "jurisdiction": "EU",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one run."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "log.db"

    @property
    def export(self) -> Path:
        """The export, NDJSON."""
        return self.path / "export.ndjson"

    def signer(self) -> ReceiptSigner:
        """Return the signer, its key made on the first call."""
        return ReceiptSigner([self._kept("receipts.pem", generate_key())])

    def log_key(self) -> Any:
        """Return the log's key, made on the first call."""
        return note.load_private_key(self._kept("log.pem", note.generate_key()))

    def _kept(self, name: str, fresh: bytes) -> bytes:
        file = self.path / name
        if not file.exists():
            file.write_bytes(fresh)
        return file.read_bytes()


def say(text: str) -> None:
    """Report progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def leaf(signer: ReceiptSigner, number: int, start: int) -> Leaf:
    """Make a receipt as the recorder does."""
    moment = start + APART * number
    decision = Decision(
        uuid7(moment - 300), "ab" * 32, Method.SAVE, {"analytics": True, "marketing": False}, widget="cd" * 32
    )
    subject = sha256(number.to_bytes(8)).digest()[:16]
    ruling = Ruling(uuid7(moment), moment, State.PARTIAL, subject, None)
    jws = signer.sign(receipt_payload(decision, Shown("ab" * 32, "ef" * 32, BODY), ruling))
    return Leaf(
        site=SITE, id=ruling.id, type=RECEIPT_TYPE, key=decision.id.bytes, time=moment, jws=jws,
        leaf_hash=leaf_hash(jws), body=subject, subject=subject, state="partial", method="save",
        language="en", notice="ab" * 32, granted=" analytics ",
    )  # fmt: skip


def record(store: SqliteStore, place: Place, leaves: int) -> None:
    """Record receipts, a thousand to a transaction."""
    signer, start = place.signer(), now() - APART * leaves
    for first in range(0, leaves, GROUP):
        # No public door stores many leaves at once: a server records one at a time.
        with store._connected(), store._writing():  # noqa: SLF001
            for number in range(first, min(first + GROUP, leaves)):
                store._insert_leaf(leaf(signer, number, start))  # noqa: SLF001
        if first % 100_000 == 0:
            say(f"recorded {first}")


def seal(store: SqliteStore, place: Place, leaves: int) -> float:
    """Seal everything; return leaves a second."""
    Keyring(store, place.signer(), now).accept()
    store.open_log(SITE, ORIGIN)
    sealer = Sealer(store, place.signer(), place.log_key(), now)
    start = time.perf_counter()
    state = sealer.seal(SITE)
    taken = time.perf_counter() - start
    assert state is not None
    assert state.size == leaves
    return leaves / taken


def prove(place: Place, name: str) -> dict[str, float]:
    """Open the store and prove one leaf: milliseconds for both together and for the proof."""
    start = time.perf_counter()
    store = SqliteStore(place.database)
    opened = time.perf_counter()
    Logs(store, store).proof(SITE, UUID(name))
    end = time.perf_counter()
    store.close()
    return {"cold": (end - start) * 1000, "first": (end - opened) * 1000}


def export(place: Place) -> dict[str, float]:
    """Write the export: lines a second, and megabytes by which the process grew."""
    with closing(SqliteStore(place.database)) as store:
        lines = Exporter(store, store, Keyring(store, place.signer(), now), place.log_key()).lines(SITE)
        before, start, count = peak(), time.perf_counter(), 0
        with place.export.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(line + "\n")
                count += 1
        return {"rate": count / (time.perf_counter() - start), "grown": peak() - before}


def verify(place: Place, workers: int, *, log_only: bool) -> dict[str, float]:
    """Verify the export: leaves a second, and megabytes by which this process grew."""
    check = ExportCheck(log_only=log_only)
    before, start = peak(), time.perf_counter()
    with place.export.open("rb") as file:
        for _ in check.verify(file, workers):
            pass
    return {"rate": check.receipts / (time.perf_counter() - start), "grown": peak() - before}


def limit(place: Place) -> dict[str, float]:
    """Measure what nothing here can beat: the check of a signature and nothing else, a second, one core."""
    with place.export.open("rb") as file:
        jwks = json.loads(next(file))["keys"]
        parsed = [parse_jws(json.loads(line)["jws"]) for line, _ in zip(file, range(20_000), strict=False)]
    key = next(iter(public_keys(jwks).values()))
    start = time.perf_counter()
    held = [signature_holds(key, jws.signed, jws.signature) for jws in parsed]
    assert all(held)
    return {"rate": len(held) / (time.perf_counter() - start)}


def peak() -> float:
    """Return the most memory that this process ever had, in MB (Linux)."""
    # getrusage would say at least what the parent had.
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


STEPS: dict[str, Callable[..., dict[str, float]]] = {
    "prove": prove,
    "export": export,
    "alone": lambda place: verify(place, 1, log_only=False),
    "together": lambda place: verify(place, cores(), log_only=False),
    "log": lambda place: verify(place, 1, log_only=True),
    "limit": limit,
}


def apart(place: Place, step: str, *words: str) -> dict[str, float]:
    """Take a step in a new process."""
    command = [sys.executable, __file__, "--step", step, str(place.path), *words]
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this very file
    answer: dict[str, float] = json.loads(result.stdout)
    say(f"{step}: {answer}")
    return answer


def rows(place: Place, leaves: int) -> Iterator[tuple[str, float, str, float]]:
    """Measure everything: what, how much, its unit, the target."""
    store = SqliteStore(place.database)
    store.prepare()
    record(store, place, leaves)
    yield "sealing", seal(store, place, leaves), "leaves/s", 10_000
    names = [str(store.sealed(SITE, leaves * n // PROOFS, 1)[0].id) for n in range(PROOFS)]
    store.close()
    proofs = [apart(place, "prove", name) for name in names]
    yield "first proof, opening the store included", statistics.median(p["cold"] for p in proofs), "ms", 5
    yield "first proof in an open store", statistics.median(p["first"] for p in proofs), "ms", 5
    exported = apart(place, "export")
    yield "export", exported["rate"], "lines/s", 0
    yield "export, growth of memory", exported["grown"], "MB", 50
    alone, together, log = (apart(place, step) for step in ("alone", "together", "log"))
    yield "limit: signatures alone, one core", apart(place, "limit")["rate"], "signatures/s", 0
    with ThreadPoolExecutor(cores()) as pool:
        limits = [answer["rate"] for answer in pool.map(partial(apart, place), ["limit"] * cores())]
    yield "limit: signatures alone, every core, a core", statistics.mean(limits), "signatures/s", 0
    yield "full verification, one process", alone["rate"], "signatures/s", 12_000
    yield f"full verification, {cores()} cores, a core", together["rate"] / cores(), "signatures/s", 12_000
    yield "the log alone", log["rate"], "leaves/s", 150_000
    yield "verification, growth of memory", together["grown"], "MB", 50


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--leaves", type=int, default=1_000_000)
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.step:
        step, path, *rest = words.step
        print(json.dumps(STEPS[step](Place(Path(path)), *rest)))
        return
    machine = f"{cores()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{words.leaves:,} leaves; {machine}; load before {os.getloadavg()[0]:.1f}\n")
    print("| what | measured | target | ratio |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as directory:
        for what, value, unit, target in rows(Place(Path(directory)), words.leaves):
            ratio = f"{target:,} | {value / target:.2f}" if target else " | "
            print(f"| {what} | {value:,.1f} {unit} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
