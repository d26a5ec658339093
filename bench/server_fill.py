# ruff: noqa: INP001 - scripts beside each other
"""Filling a store with a year of receipts: signed, of a real notice, and sealed as by the program.

Receipts are made in several processes and inserted a thousand to a transaction, since recording them one by
one is not what is measured here. Of ten visitors five accept, three refuse, two choose; the last three in ten
are of visitors who come again.
"""

from __future__ import annotations

import itertools
import os
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from server_load import ask_json, say
from server_running import SITE, running

from consent_server.app import now, open_store
from consent_server.consent.decision import Decision, Method, State
from consent_server.consent.receipt import Ruling, Shown, receipt_payload
from consent_server.consent.recorder import granted_text
from consent_server.consent.sealer import Sealer
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner, leaf_hash
from consent_server.evidence.tokens import Tokens
from consent_server.keys import log_key, signing_pems, token_secrets
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from server_running import Place

YEAR = 365 * 24 * 60 * 60 * 1000
GROUP, TOGETHER = 1000, 50
"""Receipts of a transaction, and of a statement."""
AHEAD = 8
"""Groups that are made before they are inserted, for each process."""
RARE = 100_000
"""One receipt of so many is a withdrawal: what a filter finds seldom."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How fast a store was filled, receipts a second, and its bytes of disk for each."""

    inserted: float
    sealed: float
    bytes_each: float


@dataclass(frozen=True, slots=True)
class _Task:
    """A part of the year's receipts: their numbers of all `rows`, and what is needed to make them."""

    numbers: range
    rows: int
    end: int
    envelope: dict[str, Any]
    environ: dict[str, str]


def subject_of(number: int, rows: int) -> bytes:
    """Return whose the receipt of this number is."""
    return sha256((number % max(1, rows * 7 // 10)).to_bytes(8)).digest()[:16]


def fill(place: Place, rows: int) -> Filled:
    """Fill a place that no server uses, and seal everything."""
    with running(place) as server:  # publishes the notice, makes the keys, opens the log
        envelope = ask_json(f"{server.site}/notice.json")
    start, end = time.perf_counter(), now() - 60_000
    parts = [range(first, min(first + GROUP, rows)) for first in range(0, rows, GROUP)]
    settings = read_settings(place.environ)
    # Not forked: the store's threads hold locks that a copy of this process would wait for.
    workers = ProcessPoolExecutor(mp_context=get_context("spawn"))
    with closing(open_store(settings)) as store, workers as pool:
        tasks = (_Task(part, rows, end, envelope, place.environ) for part in parts)
        for number, leaves in enumerate(_ahead(pool, tasks)):
            # No public door stores many leaves at once: a server records one at a time.
            with store._connected(), store._writing():  # noqa: SLF001
                for first in range(0, len(leaves), TOGETHER):
                    store._insert_leaves(leaves[first : first + TOGETHER])  # noqa: SLF001
            if number % 200 == 0:
                say(f"inserted {number * GROUP:,}")
        inserted = time.perf_counter()
        say(f"inserted {rows:,}; sealing")
        sealer = Sealer(store, ReceiptSigner(signing_pems(settings)), log_key(settings), now)
        while sealer.seal(SITE):
            pass
    sealed = time.perf_counter()
    os.sync()  # or the disk would still be writing while something else is measured
    return Filled(rows / (inserted - start), rows / (sealed - inserted), place.size() / rows)


def _ahead(pool: ProcessPoolExecutor, tasks: Iterable[_Task]) -> Iterator[list[Leaf]]:
    """Give the receipts of each task in order, a few tasks ahead of whoever takes them."""
    left = iter(tasks)
    waiting = [pool.submit(_make, task) for task in itertools.islice(left, AHEAD * (os.cpu_count() or 1))]
    while waiting:
        yield waiting.pop(0).result()
        waiting += [pool.submit(_make, task) for task in itertools.islice(left, 1)]


def _make(task: _Task) -> list[Leaf]:
    settings = read_settings(task.environ)
    signer, tokens = ReceiptSigner(signing_pems(settings)), Tokens(token_secrets(settings))
    return [_leaf(task, number, signer, tokens) for number in task.numbers]


def _leaf(task: _Task, number: int, signer: ReceiptSigner, tokens: Tokens) -> Leaf:
    """Make a receipt as the recorder does."""
    envelope, body = task.envelope, task.envelope["notice"]
    moment = task.end - YEAR + YEAR * number // task.rows
    optional = [entry["id"] for entry in body["categories"] if not entry["required"]]
    method, state, granted = _said(number, optional)
    decision = Decision(
        uuid7(moment - 300),
        envelope["sha256"],
        method,
        {name: name in granted for name in optional},
        widget=envelope["widget"],
    )
    ruling = Ruling(uuid7(moment), moment, state, subject_of(number, task.rows), None)
    shown = Shown(envelope["sha256"], envelope["revision"], {"site": SITE, **body})
    jws = signer.sign(receipt_payload(decision, shown, ruling))
    return Leaf(
        site=SITE,
        id=ruling.id,
        type=RECEIPT_TYPE,
        key=tokens.decision_key(SITE, decision.id),
        time=moment,
        jws=jws,
        leaf_hash=leaf_hash(jws),
        body=sha256(decision.id.bytes).digest(),
        subject=ruling.subject,
        state=state.value,
        method=method.value,
        language=body["language"],
        notice=envelope["sha256"],
        granted=granted_text(decision),
    )


def _said(number: int, optional: list[str]) -> tuple[Method, State, set[str]]:
    if number % RARE == RARE // 2:
        return Method.WITHDRAW, State.WITHDRAWN, set()
    if number % 10 < 5:  # noqa: PLR2004 - five of ten
        return Method.ACCEPT_ALL, State.GIVEN, set(optional)
    if number % 10 < 8:  # noqa: PLR2004 - three of ten
        return Method.REFUSE_ALL, State.REFUSED, set()
    return Method.SAVE, State.PARTIAL, set(optional[1:])
