"""The contract of the stores, held by SQLite and PostgreSQL alike."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.catalog.notice import Notice
from consent_server.consent.stored import (
    Access,
    Auditor,
    Build,
    EraseOrder,
    Erasure,
    Filter,
    Hold,
    KeptNotice,
    Leaf,
    LogState,
    Stamp,
    Tally,
)
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import LegalHold, SettingsError, StorageUnavailable
from consent_server.evidence.signing import ERASURE_TYPE, NOTICE_TYPE, RECEIPT_TYPE
from consent_server.evidence.tiles import Tile
from consent_server.storage import leaves as leaves_module
from consent_server.storage.postgresql import PostgresqlStore
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from uuid import UUID

    from consent_server.storage.store import SqlStore

NOW = 1_790_000_000_000


def leaf(time: int = NOW, subject: bytes = b"s" * 16, site: str = "shop") -> Leaf:
    """Make an leaf like any other."""
    jws = f"head.{secrets.token_urlsafe()}.signature"
    return Leaf(
        site=site,
        id=uuid7(time),
        type=RECEIPT_TYPE,
        key=uuid7(time).bytes + b"123456",
        body=secrets.token_bytes(32),
        subject=subject,
        time=time,
        state="partial",
        method="save",
        language="en",
        notice="ab" * 32,
        jws=jws,
        leaf_hash=hashlib.sha256(b"\0" + jws.encode()).digest(),
    )


def order(one: Leaf, *, every: bool = False, subject: bytes | None = None) -> EraseOrder:
    """Order the erasure of a leaf, or of every leaf of its subject."""
    return EraseOrder("subject", NOW, subject or one.subject, None if every else (one.id,))


def state(erased: Sequence[tuple[Erasure, int]]) -> list[Leaf]:
    """Make the statement of erasures."""
    return [replace(leaf(NOW + 99), type=ERASURE_TYPE, jws=f"erased {[index for _, index in erased]}")]


def seal(store: SqlStore, site: str = "shop", limit: int = 1000) -> list[Leaf]:
    """Seal what waits, with tiles that only look like some, and return the log."""
    before = store.open_log(site, "host/v1/shop")
    with store.sealing(site) as sealing:
        assert sealing is not None
        waiting = sealing.waiting(limit)
        hashes = b"".join(one.leaf_hash for one in waiting)
        grown = LogState(before.origin, before.size + len(waiting), hashes[-32:], "note", NOW)
        sealing.append([one.id for one in waiting], {Tile(0, 0): hashes}, grown)
        sealing.state_erasures(state)
    return store.sealed(site, 0, 1000)


def notice(language: str, text: str) -> Notice:
    """Make a notice with any bytes."""
    canonical = f'{{"text":"{text}"}}'.encode()
    return Notice(hashlib.sha256(canonical).hexdigest(), "0" * 64, language, canonical, {"text": text})


def test_a_recorded_entry_is_read_back_exactly(store: SqlStore) -> None:
    """What was recorded comes back, each column of it."""
    one = leaf()
    assert store.record(one) == one
    assert store.leaf("shop", one.id) == one


def test_an_entry_belongs_to_its_site(store: SqlStore) -> None:
    """Another site does not see it, by id or by page."""
    one = leaf()
    store.record(one)
    assert store.leaf("other", one.id) is None
    assert store.unsealed("other", None, 10) == []


def test_a_repeated_decision_keeps_the_first_entry(store: SqlStore) -> None:
    """The second record of a decision returns the first leaf and stores nothing."""
    first = store.record(leaf())
    again = store.record(replace(leaf(), key=first.key))
    assert again == first
    assert store.unsealed("shop", None, 10) == [first]


def test_one_decision_sent_by_many_threads_at_once_becomes_one_entry(store: SqlStore) -> None:
    """All of sixteen callers get the one leaf that was stored."""
    rivals = [replace(leaf(), key=b"t" * 22) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(store.record, rivals))
    assert len(set(answers)) == 1
    assert store.unsealed("shop", None, 100) == answers[:1]


def test_many_entries_at_once_are_all_stored(store: SqlStore) -> None:
    """Nothing is lost between threads."""
    leaves = [leaf(NOW + number) for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(store.record, leaves))
    assert store.unsealed("shop", None, 1000) == leaves


def test_a_second_store_on_the_same_database_sees_and_repeats(
    store: SqlStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Two processes share one truth: the other store finds the leaf and answers a repeat with it."""
    first = store.record(leaf())
    if isinstance(store, SqliteStore):
        other: SqlStore = SqliteStore(tmp_path / "store.db")
    else:
        other = PostgresqlStore(request.getfixturevalue("postgresql"))
    other.prepare()
    assert other.record(replace(leaf(), key=first.key)) == first
    other.close()


def test_pages_follow_the_order_of_ids_without_gap_or_repeat(store: SqlStore) -> None:
    """Walking by cursor meets every leaf once, the oldest first."""
    leaves = [store.record(leaf(NOW + number)) for number in range(7)]
    walked: list[Leaf] = []
    while page := store.unsealed("shop", walked[-1].id if walked else None, 3):
        walked += page
    assert walked == leaves


def test_erasing_one_receipt_keeps_its_place_and_hash(store: SqlStore) -> None:
    """Content and subject are gone, the id, the leaf hash and the decision's digests stay."""
    one, two = store.record(leaf()), store.record(leaf(NOW + 1))
    assert len(store.erase("shop", order(one), state)) == 1
    assert store.leaf("shop", one.id) == one.erased()
    assert store.leaf("shop", two.id) == two
    assert store.record(replace(leaf(), key=one.key)) == one.erased()


def test_erasing_a_subject_takes_all_of_theirs_and_nobody_elses(store: SqlStore) -> None:
    """Every receipt of the subject is erased, once; others keep theirs."""
    mine = [store.record(leaf(NOW + number)) for number in range(3)]
    other = store.record(leaf(subject=b"o" * 16))
    assert len(store.erase("shop", order(mine[0], every=True), state)) == 3
    assert len(store.erase("shop", order(mine[0], every=True), state)) == 0
    assert store.leaf("shop", other.id) == other


def test_a_subject_cannot_erase_what_is_not_theirs(store: SqlStore) -> None:
    """An id alone erases nothing."""
    one = store.record(leaf())
    assert len(store.erase("shop", order(one, subject=b"o" * 16), state)) == 0
    assert store.leaf("shop", one.id) == one


def test_sealing_gives_waiting_leaves_the_next_indices_in_the_order_of_their_ids(store: SqlStore) -> None:
    """Each gets its index once; what comes later comes after."""
    early, late = store.record(leaf(NOW)), store.record(leaf(NOW + 1))
    assert [one.index for one in seal(store)] == [0, 1]
    later = store.record(leaf(NOW - 5))
    assert store.unsealed("shop", None, 10) == [later]
    assert [(one.id, one.index) for one in seal(store)] == [(early.id, 0), (late.id, 1), (later.id, 2)]
    assert store.unsealed("shop", None, 10) == []
    assert store.leaf("shop", later.id) == replace(later, index=2)


def test_sealing_keeps_state_and_tiles(store: SqlStore) -> None:
    """The size, the checkpoint and the hashes of the last sealing are what is read afterwards."""
    one = store.record(leaf())
    seal(store)
    log = store.log("shop")
    assert log is not None
    assert (log.origin, log.size, log.root, log.checkpoint) == ("host/v1/shop", 1, one.leaf_hash, "note")
    assert store.tiles("shop", [Tile(0, 0), Tile(1, 0)]) == {Tile(0, 0): one.leaf_hash}
    assert store.open_log("shop", "other origin").origin == "host/v1/shop"


def test_a_sealing_that_fails_leaves_nothing_behind(store: SqlStore) -> None:
    """Indices, tiles and state are stored together or not at all."""
    one = store.record(leaf())
    before = store.open_log("shop", "host/v1/shop")

    def fail() -> None:
        with store.sealing("shop") as sealing:
            assert sealing is not None
            grown = LogState(before.origin, 1, one.leaf_hash, "note", NOW)
            sealing.append([one.id], {Tile(0, 0): one.leaf_hash}, grown)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.log("shop") == before
    assert store.tiles("shop", [Tile(0, 0)]) == {}
    assert store.unsealed("shop", None, 10) == [one]


def test_a_site_without_a_log_cannot_be_sealed(store: SqlStore) -> None:
    """The log is created on purpose, under its origin."""
    with store.sealing("shop") as sealing:
        assert sealing is None


def test_an_erasure_of_a_sealed_leaf_is_stated_at_once(store: SqlStore) -> None:
    """With the index, in the same transaction, as a leaf that waits itself."""
    one = store.record(leaf())
    seal(store)
    store.erase("shop", order(one), state)
    (statement,) = store.unsealed("shop", None, 10)
    assert (statement.type, statement.jws) == (ERASURE_TYPE, "erased [0]")


def test_an_erasure_of_a_waiting_leaf_is_stated_when_it_is_sealed(store: SqlStore) -> None:
    """Until then nothing can name its index; it is stated once."""
    one = store.record(leaf())
    store.erase("shop", order(one), state)
    assert [waiting.type for waiting in store.unsealed("shop", None, 10)] == [RECEIPT_TYPE]
    seal(store)
    (statement,) = store.unsealed("shop", None, 10)
    assert (statement.type, statement.jws) == (ERASURE_TYPE, "erased [0]")
    seal(store)
    assert store.unsealed("shop", None, 10) == []


def test_statements_are_no_receipts(store: SqlStore) -> None:
    """Pages of receipts leave them out, the log does not."""
    statement = store.record(replace(leaf(), type=NOTICE_TYPE))
    receipt = store.record(leaf(NOW + 1))
    assert [one.id for one in seal(store)] == [statement.id, receipt.id]
    assert store.receipts("shop", 0, 10, Filter()) == ([replace(receipt, index=1)], None)
    assert store.receipts("shop", 2, 10, Filter()) == ([], None)


def test_a_filter_finds_what_agrees_with_it(store: SqlStore) -> None:
    """By time, state, what was granted, subject and id; several narrow each other down."""
    one = store.record(replace(leaf(NOW), state="given", granted=" analytics marketing "))
    two = store.record(replace(leaf(NOW + 1000), state="refused"))
    three = store.record(
        replace(leaf(NOW + 2000, subject=b"o" * 16), state="given", granted=" analytics-two ")
    )
    seal(store)

    def found(**wanted: Any) -> list[UUID]:
        leaves, following = store.receipts("shop", 0, 10, Filter(**wanted))
        assert following is None
        return [leaf.id for leaf in leaves]

    assert found() == [one.id, two.id, three.id]
    assert found(since=NOW + 1000) == [two.id, three.id]
    assert found(until=NOW + 1000) == [one.id]
    assert found(state="given") == [one.id, three.id]
    assert found(granted="analytics") == [one.id]
    assert found(subject=b"o" * 16) == [three.id]
    assert found(id=two.id) == [two.id]
    assert found(id=two.id, state="given") == []
    assert found(since=NOW + 1, state="given", granted="analytics") == []


def test_a_page_goes_on_where_the_last_one_ended(store: SqlStore) -> None:
    """Limits and windows leave no gap: the index that comes with a page leads to the rest."""
    leaves = [store.record(replace(leaf(NOW + number), state="ab"[number % 2])) for number in range(25)]
    seal(store)
    walked: list[UUID] = []
    start: int | None = 0
    while start is not None:
        page, start = store.receipts("shop", start, 4, Filter(state="b"))
        walked += [one.id for one in page]
    assert walked == [one.id for one in leaves if one.state == "b"]


def test_a_filter_that_little_agrees_with_looks_at_a_window_only(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty page says where to go on; following it finds the one."""
    monkeypatch.setattr(leaves_module, "WINDOW", 10)
    for number in range(25):
        store.record(leaf(NOW + number))
    rare = store.record(replace(leaf(NOW + 99), state="rare"))
    seal(store)
    assert store.receipts("shop", 0, 4, Filter(state="rare")) == ([], 10)
    assert store.receipts("shop", 10, 4, Filter(state="rare")) == ([], 20)
    assert store.receipts("shop", 20, 4, Filter(state="rare")) == ([replace(rare, index=25)], None)


def test_the_receipts_of_one_subject_are_found_wherever_they_are(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far apart in the log, without empty pages, those that wait to be sealed not yet."""
    monkeypatch.setattr(leaves_module, "WINDOW", 10)
    own = b"o" * 16
    for number in range(60):
        store.record(leaf(NOW + number, subject=own if number % 20 == 0 else b"s" * 16))
    seal(store)
    store.record(leaf(NOW + 60, subject=own))
    first, following = store.receipts("shop", 0, 2, Filter(subject=own))
    rest, end = store.receipts("shop", following or 0, 2, Filter(subject=own))
    assert [one.index for one in (*first, *rest)] == [0, 20, 40]
    assert (following, end) == (40, None)
    assert store.receipts("shop", 0, 2, Filter(subject=b"n" * 16)) == ([], None)
    assert store.receipts("shop", 0, 2, Filter(id=rest[0].id)) == (rest, None)


def test_one_more_sealing_costs_the_same_in_a_long_log_as_in_a_short_one(tmp_path: Path) -> None:
    """Counted in steps of SQLite's own machine: nothing walks over what is sealed."""
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.prepare()

        def steps_of_one_more() -> int:
            store.record(leaf(NOW))
            steps = count()
            with store.connected():
                store._database.connection().set_progress_handler(lambda: next(steps) and None, 1)  # noqa: SLF001
                try:
                    with store.sealing("shop") as sealing:
                        assert sealing is not None
                        [one] = sealing.waiting(10)
                        size = sealing.state.size
                        grown = replace(sealing.state, size=size + 1)
                        sealing.append([one.id], {}, grown)
                        sealing.state_erasures(state)
                finally:
                    store._database.connection().set_progress_handler(None, 0)  # noqa: SLF001
            return next(steps)

        seal(store)
        short = steps_of_one_more()
        for number in range(900):
            store.record(leaf(NOW + number))
        seal(store)
        assert steps_of_one_more() < short + 200


def test_counts_are_kept_and_added_to(store: SqlStore) -> None:
    """Within the transaction that seals, by site and day."""
    store.open_log("shop", "host/v1/shop")
    one, two = Tally(5, "state", "given"), Tally(6, "state", "refused")
    for _ in range(2):
        with store.sealing("shop") as sealing:
            assert sealing is not None
            sealing.count({one: 2, two: 1})
    assert store.tallies("shop", 0, 10) == {one: 4, two: 2}
    assert store.tallies("shop", 6, 6) == {two: 2}
    assert store.tallies("other", 0, 10) == {}


def test_a_held_receipt_is_not_erased_until_the_hold_ends(store: SqlStore) -> None:
    """Neither alone nor with the others of its subject, of which then none is erased; released it is."""
    one, two = store.record(leaf()), store.record(leaf(NOW + 1))
    held = Hold(one.id, "claim 7", "Jane Doe", NOW + 10)
    assert store.hold("shop", held)
    assert store.holds("shop") == [held]
    for order_ in (order(one), order(two, every=True)):
        with pytest.raises(LegalHold):
            store.erase("shop", order_, state)
    assert store.leaf("shop", two.id) == two
    late = EraseOrder("retention", NOW + 11, ids=(one.id,))
    assert len(store.erase("shop", late, state)) == 1
    assert not store.hold("shop", replace(held, until=NOW + 99))
    assert store.release("shop", one.id)
    assert not store.release("shop", one.id)
    assert store.holds("shop") == []


def test_old_receipts_are_found_without_held_erased_and_young_ones(store: SqlStore) -> None:
    """What a retention run may take, oldest first."""
    old = [store.record(leaf(NOW + number)) for number in range(4)]
    store.record(leaf(NOW + 1000))
    store.record(replace(leaf(NOW), type=NOTICE_TYPE))
    store.hold("shop", Hold(old[1].id, "claim", "Jane", NOW + 9999))
    store.erase("shop", order(old[2]), state)
    assert store.old("shop", NOW + 500, 10) == [old[0].id, old[3].id]
    assert store.old("shop", NOW + 500, 1) == [old[0].id]


def test_uses_of_tokens_are_kept_newest_first(store: SqlStore) -> None:
    """Who looked at what, and when."""
    first, second = Access("j1", "shop", "receipts", NOW), Access("j1", "shop", "export", NOW + 1)
    for access in (first, second, Access("j2", "other", "stats", NOW)):
        store.note_access(access)
    assert store.accesses("shop", 10) == [second, first]
    assert store.accesses("shop", 1) == [second]


def test_an_erased_receipt_is_gone_from_the_files_too(tmp_path: Path) -> None:
    """Of SQLite: no file beside the database holds a piece of it once it was scrubbed."""
    store = SqliteStore(tmp_path / "store.db")
    store.prepare()
    one = store.record(leaf())
    other = store.record(leaf(NOW + 1))
    assert one.jws is not None
    assert other.jws is not None
    store.erase("shop", order(one), state)
    store.scrub()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert one.jws.encode() not in content
    assert other.jws.encode() in content
    store.close()


def test_a_notice_is_kept_and_marked_when_replaced(store: SqlStore) -> None:
    """A notice stays for good; what is no longer served is dated, and undated when it is served again."""
    old, new = notice("en", "old"), notice("en", "new")
    store.keep("shop", [old], NOW)
    store.keep("shop", [new], NOW + 5)
    kept = store.notice("shop", old.sha256)
    assert kept == KeptNotice(old.canonical, NOW, NOW + 5)
    store.keep("shop", [old], NOW + 9)
    kept = store.notice("shop", old.sha256)
    assert kept is not None
    assert kept.replaced_at is None
    replaced = store.notice("shop", new.sha256)
    assert replaced is not None
    assert replaced.replaced_at == NOW + 9


def test_a_notice_belongs_to_its_site(store: SqlStore) -> None:
    """Keeping one site's notices neither shows nor dates another's."""
    store.keep("shop", [notice("en", "a")], NOW)
    store.keep("other", [notice("en", "b")], NOW + 1)
    assert store.notice("other", notice("en", "a").sha256) is None
    kept = store.notice("shop", notice("en", "a").sha256)
    assert kept is not None
    assert kept.replaced_at is None


def test_a_build_is_kept_once(store: SqlStore) -> None:
    """The same build may be kept at every start."""
    store.keep_build(Build("cd" * 32, b"(()=>{})()"), NOW)
    store.keep_build(Build("cd" * 32, b"(()=>{})()"), NOW + 1)
    assert store.build("cd" * 32) == b"(()=>{})()"
    assert store.build("ef" * 32) is None


def test_the_main_build_of_a_time_is_found(store: SqlStore) -> None:
    """It is the newest that was served by then, and no chunk."""
    for number, build in enumerate(
        [Build("a1", b"1", main=True), Build("c1", b"c"), Build("a2", b"2", main=True)]
    ):
        store.keep_build(build, NOW + number)
    assert [store.main_build_at(NOW + later) for later in (-1, 0, 1, 2)] == [None, "a1", "a1", "a2"]


def test_stamps_are_kept_by_site_in_the_order_of_the_log(store: SqlStore) -> None:
    """Of two on one checkpoint the first one stays."""
    small, large = Stamp(3, "small", b"1", NOW), Stamp(9, "large", b"2", NOW + 1)
    for stamp in (large, small, replace(large, response=b"3")):
        store.keep_stamp("shop", stamp)
    assert store.stamps("shop") == [small, large]
    assert store.last_stamp("shop") == large
    assert store.stamps("other") == []
    assert store.last_stamp("other") is None


def test_auditors_are_found_by_the_hash_of_their_token_and_revoked_by_id(store: SqlStore) -> None:
    """A revoked auditor stays on the list, with the time; revoking twice says that there is nothing to do."""
    jane = Auditor("shop", "j1", "Jane", b"h" * 32, NOW, NOW + 10)
    john = Auditor("other", "j2", "John", b"i" * 32, NOW + 1, NOW + 10)
    store.add(jane)
    store.add(john)
    assert store.auditor(b"h" * 32) == jane
    assert store.auditor(b"x" * 32) is None
    assert list(store.auditors(None)) == [jane, john]
    assert list(store.auditors("other")) == [john]
    assert store.revoke("j1", NOW + 5)
    assert not store.revoke("j1", NOW + 6)
    assert store.auditor(b"h" * 32) == replace(jane, revoked=NOW + 5)


def test_preparing_again_keeps_everything(store: SqlStore) -> None:
    """A restart finds what was there."""
    one = store.record(leaf())
    store.prepare()
    assert store.leaf("shop", one.id) == one


def test_one_leaf_that_cannot_be_stored_leaves_the_others_of_its_group_alone(tmp_path: Path) -> None:
    """Whoever sends it is refused; the rest is stored."""
    store = SqliteStore(tmp_path / "store.db")
    store.prepare()
    bad = replace(leaf(), language=b"bytes")  # type: ignore[arg-type]
    leaves = [leaf(NOW + number) for number in range(40)]

    def record(one: Leaf) -> object:
        try:
            return store.record(one)
        except StorageUnavailable:
            return None

    with ThreadPoolExecutor(41) as pool:
        answers = list(pool.map(record, [*leaves[:20], bad, *leaves[20:]]))
    assert answers == [*leaves[:20], None, *leaves[20:]]
    store.close()


def test_a_leaf_that_cannot_be_made_leaves_the_others_of_its_group_alone(store: SqlStore) -> None:
    """Whoever wanted it hears what was wrong; each of the others is stored as it was made."""
    leaves = [leaf(NOW + number) for number in range(40)]

    def make(one: Leaf) -> Leaf:
        if one.time % 4 == 0:
            raise ValueError(str(one.time))
        return one

    def record(one: Leaf) -> object:
        try:
            return store.record_made(lambda: make(one))
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(record, leaves))
    assert answers == [one if one.time % 4 else str(one.time) for one in leaves]
    assert store.unsealed("shop", None, 100) == [one for one in leaves if one.time % 4]


def test_what_waits_while_the_store_is_closed_is_stored(store: SqlStore) -> None:
    """Closing waits for all who were there before it, and each gets what was stored."""
    leaves = [leaf(NOW + number) for number in range(20)]
    may_go = threading.Event()

    def make(one: Leaf) -> Leaf:
        may_go.wait()
        return one

    with ThreadPoolExecutor(21) as pool:
        answers = [pool.submit(store.record_made, partial(make, one)) for one in leaves]
        while store._writer._maker.waiting() < len(leaves) - 1:  # noqa: SLF001 - one is being made
            time.sleep(0.01)
        closed = pool.submit(store.close)
        may_go.set()
        assert [answer.result() for answer in answers] == leaves
        closed.result()


def test_somebody_elses_lock_gives_the_thread_back(postgresql_url: str) -> None:
    """A table that is locked for long is a refusal within seconds, not a thread that hangs."""
    store, other = PostgresqlStore(postgresql_url), PostgresqlStore(postgresql_url)
    store.prepare()
    with other._connected(), other._writing():  # noqa: SLF001 - somebody else's session
        other._database.execute_sql("LOCK TABLE leaf")  # noqa: SLF001
        with pytest.raises(StorageUnavailable):
            store.record(leaf())
    one = leaf()
    assert store.record(one) == one
    store.close()
    other.close()


def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    """With its companions, and the directory that was made for it."""
    store = SqliteStore(tmp_path / "new" / "store.db")
    store.prepare()
    store.record(leaf())
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    store.close()


def test_a_password_is_not_repeated_when_the_address_cannot_be_read() -> None:
    """What is printed at start may end in a log."""
    with pytest.raises(SettingsError) as refused:
        PostgresqlStore("postgresql://me:100%secret@db/consent")
    assert "secret" not in refused.value.detail


def test_a_database_that_is_gone_is_a_refusal_and_not_a_crash(tmp_path: Path) -> None:
    """Nobody listening means StorageUnavailable, soon."""
    with pytest.raises(StorageUnavailable):
        PostgresqlStore("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1").ping()
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 100)
    store = SqliteStore(broken)
    with pytest.raises(StorageUnavailable):
        store.record(leaf())
    store.close()
