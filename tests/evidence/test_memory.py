"""Export and verification need the same memory for a long log as for a short one."""

from __future__ import annotations

import tracemalloc
from contextlib import closing
from typing import TYPE_CHECKING

from exports import DAY, MINUTE, SIGNER, START, encoded, export, leaf, receipt

from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.sealer import Sealer
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence import note
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.signing import RECEIPT_TYPE, leaf_hash
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SHORT, LONG = 1500, 6000
GROWTH = 300_000
"""Bytes: what 4500 leaves would take is twenty times that."""
KEY = note.load_private_key(note.generate_key())


def peak(running: Iterable[object]) -> int:
    """Run something to its end; return the most bytes that it held at once."""
    tracemalloc.start()
    try:
        for _ in running:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_verification_takes_no_more_memory_for_a_longer_log(tmp_path: Path) -> None:
    """Of receipts that are minutes apart only the last ones are remembered."""
    peaks = []
    for count in (SHORT, LONG):
        leaves = (leaf(receipt(chr(0x100 + n), START + n * MINUTE)) for n in range(count))
        file = tmp_path / "export.ndjson"
        file.write_text("".join(encoded(export(list(leaves)))), encoding="utf-8")
        with file.open("rb") as lines:
            peaks.append(peak(ExportCheck().verify(lines)))
    assert peaks[1] - peaks[0] < GROWTH


def test_an_export_takes_no_more_memory_for_a_longer_log(tmp_path: Path) -> None:
    """Leaves are read from the database page by page."""
    peaks = []
    for count in (SHORT, LONG):
        with closing(SqliteStore(tmp_path / f"{count}.db")) as store:
            store.prepare()
            store.open_log("shop", "consent.example/v1/shop")
            keyring = Keyring(store, SIGNER, lambda: START + 300 * DAY)
            keyring.accept()
            jws = SIGNER.sign(receipt("a"))
            with store._connected(), store._writing():  # noqa: SLF001 - no door stores many leaves at once
                for number in range(count):
                    moment = START + number * MINUTE
                    name = uuid7(moment)
                    store._insert_leaf(  # noqa: SLF001 - as above
                        Leaf("shop", name, RECEIPT_TYPE, name.bytes, moment, jws, leaf_hash(jws))
                    )
            Sealer(store, SIGNER, KEY, lambda: START + 300 * DAY).seal("shop")
            peaks.append(peak(Exporter(store, store, keyring, KEY).lines("shop")))
    assert peaks[1] - peaks[0] < GROWTH
