"""A table for an auditor needs the same memory for a long log as for a short one."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

from consent_server.app import build_server, now
from consent_server.consent.auditing import new_auditor
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.signing import RECEIPT_TYPE, leaf_hash

if TYPE_CHECKING:
    from consent_server.settings import Settings

SHORT, LONG = 2000, 10_000
GROWTH = 1_000_000
"""Bytes: what 8000 receipts would take is ten times that."""


def test_a_csv_takes_no_more_memory_for_a_longer_log(settings: Settings) -> None:
    """It is read from the database page by page and sent row by row."""
    server = build_server(settings)
    auditor, token = new_auditor("shop", "Jane", 30, now())
    server.store.add(auditor)
    peaks, stored = [], 0
    for count in (SHORT, LONG):
        with server.store._connected(), server.store._writing():  # noqa: SLF001 - no door stores many leaves at once
            for number in range(stored, count):
                name, jws = uuid7(now()), f"head.{number}.{'x' * 900}"
                row = Leaf("shop", name, RECEIPT_TYPE, name.bytes, now(), jws, leaf_hash(jws), state="given")
                server.store._insert_leaf(row)  # noqa: SLF001 - as above
        stored = count
        server.seal()
        tracemalloc.start()
        answer = server.app.test_client().get(
            "/v1/shop/audit/receipts.csv", headers={"Authorization": f"Bearer {token}"}, buffered=False
        )
        rows = sum(1 for _ in answer.response)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        answer.close()
        assert rows == count + 1
    server.close()
    assert peaks[1] - peaks[0] < GROWTH
