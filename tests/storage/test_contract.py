"""The contract of the stores, held by SQLite and PostgreSQL alike."""

from __future__ import annotations

import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from consent_server.catalog.notice import Notice
from consent_server.consent.ports import Auditor, Entry
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import SettingsError, StorageUnavailable
from consent_server.storage.postgresql import PostgresqlStore
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.storage.store import SqlStore

NOW = 1_790_000_000_000


def entry(time: int = NOW, subject: bytes = b"s" * 16, site: str = "shop") -> Entry:
    """Make an entry like any other."""
    jws = f"head.{secrets.token_urlsafe()}.signature"
    return Entry(
        site=site,
        id=uuid7(time),
        decision=uuid7(time).bytes + b"123456",
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


def notice(language: str, text: str) -> Notice:
    """Make a notice with any bytes."""
    canonical = f'{{"text":"{text}"}}'.encode()
    return Notice(hashlib.sha256(canonical).hexdigest(), "0" * 64, language, canonical, {"text": text})


def test_a_recorded_entry_is_read_back_exactly(store: SqlStore) -> None:
    """What was recorded comes back, each column of it."""
    one = entry()
    assert store.record(one) == one
    assert store.receipt("shop", one.id) == one


def test_an_entry_belongs_to_its_site(store: SqlStore) -> None:
    """Another site does not see it, by id or by page."""
    one = entry()
    store.record(one)
    assert store.receipt("other", one.id) is None
    assert store.page("other", None, 10) == []


def test_a_repeated_decision_keeps_the_first_entry(store: SqlStore) -> None:
    """The second record of a decision returns the first entry and stores nothing."""
    first = store.record(entry())
    again = store.record(replace(entry(), decision=first.decision))
    assert again == first
    assert store.page("shop", None, 10) == [first]


def test_one_decision_sent_by_many_threads_at_once_becomes_one_entry(store: SqlStore) -> None:
    """All of sixteen callers get the one entry that was stored."""
    rivals = [replace(entry(), decision=b"t" * 22) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(store.record, rivals))
    assert len(set(answers)) == 1
    assert store.page("shop", None, 100) == answers[:1]


def test_many_entries_at_once_are_all_stored(store: SqlStore) -> None:
    """Nothing is lost between threads."""
    entries = [entry(NOW + number) for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(store.record, entries))
    assert store.page("shop", None, 1000) == entries


def test_a_second_store_on_the_same_database_sees_and_repeats(
    store: SqlStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Two processes share one truth: the other store finds the entry and answers a repeat with it."""
    first = store.record(entry())
    if isinstance(store, SqliteStore):
        other: SqlStore = SqliteStore(tmp_path / "store.db")
    else:
        other = PostgresqlStore(request.getfixturevalue("postgresql"))
    other.prepare()
    assert other.record(replace(entry(), decision=first.decision)) == first
    other.close()


def test_pages_follow_the_order_of_ids_without_gap_or_repeat(store: SqlStore) -> None:
    """Walking by cursor meets every entry once, the oldest first."""
    entries = [store.record(entry(NOW + number)) for number in range(7)]
    walked: list[Entry] = []
    while page := store.page("shop", walked[-1].id if walked else None, 3):
        walked += page
    assert walked == entries


def test_erasing_one_receipt_keeps_its_place_and_hash(store: SqlStore) -> None:
    """Content and subject are gone, the id, the leaf hash and the decision's digests stay."""
    one, two = store.record(entry()), store.record(entry(NOW + 1))
    assert store.erase("shop", one.subject, one.id, NOW) == 1
    assert store.receipt("shop", one.id) == one.erased()
    assert store.receipt("shop", two.id) == two
    assert store.record(replace(entry(), decision=one.decision)) == one.erased()


def test_erasing_a_subject_takes_all_of_theirs_and_nobody_elses(store: SqlStore) -> None:
    """Every receipt of the subject is erased, once; others keep theirs."""
    mine = [store.record(entry(NOW + number)) for number in range(3)]
    other = store.record(entry(subject=b"o" * 16))
    assert store.erase("shop", mine[0].subject, None, NOW) == 3
    assert store.erase("shop", mine[0].subject, None, NOW) == 0
    assert store.receipt("shop", other.id) == other


def test_a_subject_cannot_erase_what_is_not_theirs(store: SqlStore) -> None:
    """An id alone erases nothing."""
    one = store.record(entry())
    assert store.erase("shop", b"o" * 16, one.id, NOW) == 0
    assert store.receipt("shop", one.id) == one


def test_a_notice_is_kept_and_marked_when_replaced(store: SqlStore) -> None:
    """A notice stays for good; what is no longer served is dated, and undated when it is served again."""
    old, new = notice("en", "old"), notice("en", "new")
    store.keep("shop", [old], NOW)
    store.keep("shop", [new], NOW + 5)
    kept = store.notice("shop", old.sha256)
    assert kept is not None
    assert (kept.canonical, kept.replaced_at) == (old.canonical, NOW + 5)
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
    store.keep_build("cd" * 32, b"(()=>{})()", NOW)
    store.keep_build("cd" * 32, b"(()=>{})()", NOW + 1)
    assert store.build("cd" * 32) == b"(()=>{})()"
    assert store.build("ef" * 32) is None


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
    one = store.record(entry())
    store.prepare()
    assert store.receipt("shop", one.id) == one


def test_tables_of_another_version_are_refused(store: SqlStore) -> None:
    """A program that does not know the tables leaves them alone."""
    with store._connected():  # noqa: SLF001 - a future release, as the database would show it
        store._database.execute_sql("UPDATE schema_version SET version = 99")  # noqa: SLF001
    with pytest.raises(SettingsError, match="version 99"):
        store.prepare()


def test_a_database_that_is_gone_is_a_refusal_and_not_a_crash(tmp_path: Path) -> None:
    """Nobody listening means StorageUnavailable, soon."""
    with pytest.raises(StorageUnavailable):
        PostgresqlStore("postgresql://nobody@127.0.0.1:9/none?connect_timeout=1").ping()
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is no database" * 100)
    store = SqliteStore(broken)
    with pytest.raises(StorageUnavailable):
        store.record(entry())
    store.close()
