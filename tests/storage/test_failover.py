"""A 201 of a cluster is on two machines: what is promised while one of them is gone."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cluster import Postgres, replicating, url_of

from consent_server.errors import StorageUnavailable
from consent_server.storage import pool
from consent_server.storage.postgresql import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.consent.stored import Leaf

_WAITING = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


def recorded(store: PostgresqlStore, leaf: Leaf) -> bool:
    """Whether a leaf is recorded at last, as itself."""
    try:
        return store.record(leaf) == leaf
    except StorageUnavailable:
        return False


def answers(store: PostgresqlStore) -> bool:
    """Whether the database answers, as a server's threads ask again and again."""
    try:
        store.ping()
    except StorageUnavailable:
        return False
    return True


def refusal(store: PostgresqlStore, leaf: Leaf) -> str:
    """Return the words with which a leaf is not recorded."""
    with pytest.raises(StorageUnavailable) as refused:
        store.record(leaf)
    return str(refused.value)


def test_a_commit_that_waits_for_a_standby_is_a_refusal(
    replicated: PostgresqlStore,
    pair: tuple[Postgres, Postgres],
    new_leaf: Callable[..., Leaf],
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    """While the standby is gone nothing is recorded, repeats included; it is back, and all is there once."""
    leaf = new_leaf()
    pair[1].freeze()
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            replicated.record(leaf)
    assert replicated.unsealed("shop", None, 10) == []
    pair[1].thaw()
    eventually(lambda: recorded(replicated, leaf))
    assert replicated.unsealed("shop", None, 10) == [leaf]


def test_a_commit_whose_waiting_was_cut_short_is_a_refusal(
    replicated: PostgresqlStore,
    pair: tuple[Postgres, Postgres],
    new_leaf: Callable[..., Leaf],
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    """Somebody cancels it, so that it is on the primary alone: neither it nor a repeat is a success yet."""
    primary, standby = pair
    leaf = new_leaf()
    standby.freeze()
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(replicated.record, leaf)
        eventually(lambda: bool(primary.execute(f"SELECT pg_cancel_backend(pid) {_WAITING}")))
        with pytest.raises(StorageUnavailable):
            answer.result()
    assert replicated.unsealed("shop", None, 10) == [leaf]
    with pytest.raises(StorageUnavailable):
        replicated.record(leaf)
    with pytest.raises(StorageUnavailable):
        replicated.stored("shop", leaf.key)
    standby.thaw()
    eventually(lambda: recorded(replicated, leaf))
    assert replicated.unsealed("shop", None, 10) == [leaf]


def test_few_commits_wait_however_many_decisions_come(
    replicated: PostgresqlStore,
    pair: tuple[Postgres, Postgres],
    new_leaf: Callable[..., Leaf],
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    """With the standby gone the rest is refused at once, and readers are served; then all is recorded."""
    primary, standby = pair
    leaves = [new_leaf()]
    standby.freeze()
    while "is the standby gone" not in refusal(replicated, leaves[-1]):
        leaves.append(new_leaf())
    assert primary.execute(f"SELECT count(*) {_WAITING}") == [(pool.WAITING,)]
    assert replicated.unsealed("shop", None, 100) == []
    standby.thaw()
    for leaf in leaves:
        eventually(lambda leaf=leaf: recorded(replicated, leaf))  # type: ignore[misc]
    assert replicated.unsealed("shop", None, 100) == sorted(leaves, key=lambda leaf: leaf.id)


def test_a_standby_alone_takes_nothing(
    replicated: PostgresqlStore, pair: tuple[Postgres, Postgres], new_leaf: Callable[..., Leaf]
) -> None:
    """Neither where it was looked for a server that takes writes, nor where that was not asked for."""
    assert replicated.is_prepared()
    for url in (pair[1].url, f"{pair[1].url}?target_session_attrs=any"):
        with closing(PostgresqlStore(url)) as store, pytest.raises(StorageUnavailable):
            store.record(new_leaf())


@pytest.mark.parametrize("fate", ["kill", "freeze"])
def test_a_store_follows_the_primary_to_another_server(
    new_leaf: Callable[..., Leaf], eventually: Callable[[Callable[[], bool]], None], fate: str
) -> None:
    """Commits wait, the primary dies or answers no more, the standby is promoted: all goes on there."""
    with (
        tempfile.TemporaryDirectory(prefix="consent-pair-") as directory,
        replicating(Path(directory)) as (primary, standby),
        closing(PostgresqlStore(url_of((primary, standby)))) as store,
    ):
        store.prepare()
        primary.wait_for("standby")
        eventually(lambda: primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])
        leaves = [new_leaf() for _ in range(20)]
        early, late = leaves[: -pool.WAITING], leaves[-pool.WAITING :]
        assert all(recorded(store, leaf) for leaf in early)
        standby.freeze()
        assert not any(recorded(store, leaf) for leaf in late)
        getattr(primary, fate)()
        standby.thaw()
        standby.promote()
        eventually(lambda: answers(store))
        for leaf in late:
            eventually(lambda leaf=leaf: recorded(store, leaf))  # type: ignore[misc]
        assert store.unsealed("shop", None, 100) == sorted(leaves, key=lambda leaf: leaf.id)
