"""Audits read from a replica, where it is as far as the primary, and never see less than before."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from consent_server.app import build_server, now
from consent_server.consent.auditing import new_auditor
from consent_server.consent.stored import Filter
from consent_server.errors import SettingsError
from consent_server.settings import read_settings
from consent_server.storage.postgresql import PostgresqlStore
from consent_server.storage.replica import LATE, REST, Replica

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cluster import Postgres

    from consent_server.consent.stored import Leaf
    from consent_server.storage.store import SqlStore

ALL = Filter()


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def replay(
    pair: tuple[Postgres, Postgres], eventually: Callable[[Callable[[], bool]], None]
) -> Callable[[], None]:
    """Give a function that waits until the standby has replayed all that was committed so far."""

    def replay() -> None:
        primary, standby = pair
        [(written,)] = primary.execute("SELECT pg_current_wal_lsn()")
        eventually(lambda: standby.execute(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") == [(True,)])

    return replay


@pytest.fixture
def replica(
    replicated: PostgresqlStore, pair: tuple[Postgres, Postgres], clock: Clock, replay: Callable[[], None]
) -> Iterator[Replica]:
    """Give reads from the standby, which replays all that the primary commits."""
    pair[0].wait_for()
    replay()
    with closing(Replica(pair[1].url, replicated, clock)) as replica:
        yield replica


@pytest.fixture
def paused(pair: tuple[Postgres, Postgres]) -> Iterator[Callable[[], None]]:
    """Give a function that stops the standby's replay, which goes on when the test ends."""

    def paused() -> None:
        pair[1].execute("SELECT pg_wal_replay_pause()")

    yield paused
    pair[1].execute("SELECT pg_wal_replay_resume()")


@pytest.fixture
def grow(
    replicated: PostgresqlStore, new_leaf: Callable[..., Leaf], seal: Callable[[SqlStore], None]
) -> Callable[[int], None]:
    """Give a function that records so many leaves more, and seals them."""

    def grow(count: int) -> None:
        for _ in range(count):
            replicated.record(new_leaf())
        seal(replicated)

    return grow


def is_level(replica: Replica) -> bool:
    """Whether the standby has replayed all that is sealed."""
    return replica.behind(["shop"]) == {"shop": 0}


def test_a_replica_that_is_level_answers(
    replica: Replica,
    replicated: PostgresqlStore,
    pair: tuple[Postgres, Postgres],
    grow: Callable[[int], None],
    paused: Callable[[], None],
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    """Pages, leaves and counts come from it, the same as the primary's, even where that has lost its own."""
    grow(10)
    eventually(lambda: is_level(replica))
    expected = (
        replicated.receipts("shop", 0, 4, ALL),
        replicated.sealed("shop", 3, 4),
        replicated.tallies("shop", 0, 99_999),
    )
    assert expected[2]
    paused()
    pair[0].execute("TRUNCATE position, tally")
    found = (
        replica.receipts("shop", 0, 4, ALL),
        replica.sealed("shop", 3, 4),
        replica.tallies("shop", 0, 99_999),
    )
    assert found == expected


def test_pages_that_come_from_both_neither_lose_nor_double_a_row(
    replica: Replica,
    grow: Callable[[int], None],
    paused: Callable[[], None],
    pair: tuple[Postgres, Postgres],
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    """A walk that begins and ends on the replica, and is on the primary between, meets each leaf once."""
    grow(10)
    eventually(lambda: is_level(replica))
    first, start = replica.receipts("shop", 0, 5, ALL)
    paused()
    grow(10)
    assert replica.behind(["shop"]) == {"shop": 10}
    assert start is not None
    second, start = replica.receipts("shop", start, 10, ALL)
    pair[1].execute("SELECT pg_wal_replay_resume()")
    eventually(lambda: is_level(replica))
    assert start is not None
    third, start = replica.receipts("shop", start, 10, ALL)
    assert start is None
    assert [leaf.index for leaf in [*first, *second, *third]] == list(range(20))


def test_what_waits_to_be_sealed_is_what_the_primary_knows(
    replica: Replica, replicated: PostgresqlStore, paused: Callable[[], None], new_leaf: Callable[..., Leaf]
) -> None:
    """No checkpoint tells whether a replica knows it, so it is never asked."""
    paused()
    leaf = replicated.record(new_leaf())
    assert replica.unsealed("shop", None, 10) == [leaf]


def test_a_replica_that_stays_behind_is_said_once(
    replica: Replica,
    grow: Callable[[int], None],
    paused: Callable[[], None],
    pair: tuple[Postgres, Postgres],
    clock: Clock,
    eventually: Callable[[Callable[[], bool]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not for a moment's lag, not again with each read, and its end is said too."""
    caplog.set_level(logging.INFO, "consent_server")
    grow(1)
    eventually(lambda: is_level(replica))
    paused()
    grow(1)
    assert len(replica.sealed("shop", 0, 10)) == 2
    assert caplog.messages == []
    for _ in range(3):
        clock.seconds += LATE
        assert len(replica.sealed("shop", 0, 10)) == 2
    pair[1].execute("SELECT pg_wal_replay_resume()")
    eventually(lambda: is_level(replica))
    assert len(replica.sealed("shop", 0, 10)) == 2
    assert caplog.messages == [
        "The replica is behind for shop: the primary answers audits meanwhile.",
        "The replica is as far as the primary again for shop.",
    ]


def test_a_replica_that_is_gone_is_left_alone_for_a_while(
    replica: Replica,
    grow: Callable[[int], None],
    pair: tuple[Postgres, Postgres],
    clock: Clock,
    eventually: Callable[[Callable[[], bool]], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The primary answers, one line says so, and when it is back it is asked again."""
    grow(3)
    eventually(lambda: is_level(replica))
    pair[1].stop()
    for _ in range(2):
        assert len(replica.sealed("shop", 0, 10)) == 3
        assert replica.behind(["shop"]) is None
    said = [one for one in caplog.records if one.name == "consent_server.storage.replica"]
    assert [one.getMessage().partition(":")[0] for one in said] == ["The replica cannot be read"]
    pair[1].start()
    assert replica.behind(["shop"]) is None

    def is_level_after_a_rest() -> bool:
        clock.seconds += REST  # a try that fails, since the pool waits between connections, begins a new rest
        return is_level(replica)

    eventually(is_level_after_a_rest)


def test_a_database_that_went_its_own_way_never_answers(
    replicated: PostgresqlStore,
    grow: Callable[[int], None],
    seal: Callable[[SqlStore], None],
    new_leaf: Callable[..., Leaf],
    postgresql_url: str,
) -> None:
    """A log of the same size with other leaves, such as a primary that was replaced left behind."""
    grow(3)
    with closing(PostgresqlStore(postgresql_url)) as other:
        other.prepare()
        for _ in range(3):
            other.record(new_leaf())
        seal(other)
        with closing(Replica(postgresql_url, replicated)) as replica:
            assert replica.behind(["shop"]) == {"shop": 0}
            assert replica.sealed("shop", 0, 10) == replicated.sealed("shop", 0, 10)


def test_a_replica_without_our_tables_never_answers(
    replicated: PostgresqlStore, grow: Callable[[int], None], postgresql_url: str
) -> None:
    """The address names some other database: audits go on."""
    grow(3)
    with closing(Replica(postgresql_url, replicated)) as replica:
        assert len(replica.sealed("shop", 0, 10)) == 3
        assert replica.behind(["shop"]) is None


def test_an_address_that_cannot_be_read_is_refused_without_its_password(replicated: PostgresqlStore) -> None:
    """By the name of the setting that it came from."""
    with pytest.raises(SettingsError, match="CONSENT_REPLICA_URL cannot be read") as refused:
        Replica("postgresql://me:100%secret@db/consent", replicated)
    assert "secret" not in str(refused.value)


def test_a_server_says_how_its_replica_is(
    replicated: PostgresqlStore,
    pair: tuple[Postgres, Postgres],
    keyed: dict[str, str],
    new_leaf: Callable[..., Leaf],
    paused: Callable[[], None],
    replay: Callable[[], None],
) -> None:
    """In the details of readiness and in metrics; and its auditors see every receipt all the same."""
    assert replicated.is_prepared()
    pair[0].wait_for()
    environ = {
        **keyed,
        "CONSENT_DATABASE_URL": pair[0].url,
        "CONSENT_REPLICA_URL": pair[1].url,
        "CONSENT_SEAL_INTERVAL": "60",
    }
    with closing(build_server(read_settings(environ))) as server:
        client = server.app.test_client()
        server.seal()
        replay()
        assert client.get("/readyz").json["replica"] == "level"
        assert "consent_replica_up 1.0" in client.get("/metrics").text
        paused()
        server.store.record(new_leaf())
        server.seal()
        assert client.get("/readyz").json["replica"] == "behind"
        assert 'consent_replica_behind_leaves{site="shop"} 1.0' in client.get("/metrics").text
        auditor, token = new_auditor("shop", "Jane", 1, now())
        server.store.add(auditor)
        bearer = {"Authorization": f"Bearer {token}"}
        found = client.get("/v1/shop/audit/receipts", headers=bearer).json["items"]
        assert len(found) == 1
        lines = client.get("/v1/shop/audit/export", headers=bearer).text.splitlines()
        assert json.loads(lines[-1])["jws"] == found[0]["receipt"]
