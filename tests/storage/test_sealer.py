"""Sealing while decisions go on, and several sealers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.app import now
from consent_server.consent.sealer import Sealer
from consent_server.errors import LogDamaged
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import ReceiptSigner
from consent_server.storage.postgresql import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.consent.stored import Leaf
    from consent_server.storage.store import SqlStore


def sealer(store: SqlStore, clock: Callable[[], int] = now) -> Sealer:
    """Make a sealer with keys of its own."""
    store.open_log("shop", "host/v1/shop")
    return Sealer(store, ReceiptSigner([generate_key()]), Ed25519PrivateKey.generate(), clock)


def test_sealing_ends_while_decisions_go_on(postgresql_url: str, new_leaf: Callable[..., Leaf]) -> None:
    """One more leaf during each batch does not keep the sealer from other sites."""
    with closing(PostgresqlStore(postgresql_url)) as store:
        store.prepare()

        batches = []

        def looked_at() -> int:
            """Record a leaf whenever the sealer looks at the clock: once a batch."""
            batches.append(1)
            assert len(batches) < 10
            store.record(new_leaf())
            return now()

        store.record(new_leaf())
        state = sealer(store, looked_at).seal("shop")
        assert state is not None
        assert state.size >= 1
        assert len(store.unsealed("shop", None, 100)) == 1


def test_sealers_at_once_give_each_leaf_one_place(store: SqlStore, new_leaf: Callable[..., Leaf]) -> None:
    """One at a time seals, whoever it is; no leaf is left out or has two places."""
    sealers = [sealer(store) for _ in range(4)]
    recorded = set()
    with ThreadPoolExecutor(5) as pool:
        for _ in range(20):
            leaf = new_leaf()
            store.record(leaf)
            recorded.add(leaf.id)
            list(pool.map(lambda one: one.seal("shop"), sealers))
    sealers[0].seal("shop")
    sealed = store.sealed("shop", 0, 100)
    assert [leaf.index for leaf in sealed] == list(range(20))
    assert {leaf.id for leaf in sealed} == recorded


def test_a_log_is_looked_at_once_a_sealing(store: SqlStore, new_leaf: Callable[..., Leaf]) -> None:
    """Not once a batch: what this sealer just left needs none. What a look raises leaves all waiting."""
    with store._connected(), store._writing():  # noqa: SLF001 - no door stores many leaves at once
        for _ in range(600):
            store._insert_leaf(new_leaf())  # noqa: SLF001 - as above
    looks: list[int] = []

    def refuse(_state: object, _read: object) -> None:
        raise LogDamaged("cut")

    one = sealer(store)
    with pytest.raises(LogDamaged):
        one.seal("shop", refuse)
    assert len(store.unsealed("shop", None, 1000)) == 600
    one.seal("shop", lambda state, _read: looks.append(state.size))
    assert looks == [0]
    assert store.unsealed("shop", None, 1) == []
