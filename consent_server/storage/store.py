"""What both databases share of the four stores; each adds how it connects and how it records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from peewee import InterfaceError, OperationalError, SchemaManager

from consent_server.consent.stored import KeptNotice, LogState
from consent_server.errors import SettingsError, StorageUnavailable
from consent_server.evidence.merkle import EMPTY_ROOT
from consent_server.storage import leaves, people, sealing
from consent_server.storage.tables import TABLES, VERSION, BuildRow, NoticeRow, SchemaRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from uuid import UUID

    from peewee import Database, Model, ModelInsert

    from consent_server.catalog.notice import Notice
    from consent_server.consent.ports import Sealing, StateErasures
    from consent_server.consent.stored import Access, Auditor, EraseOrder, Filter, Hold, KnownKey, Leaf, Tally
    from consent_server.evidence.tiles import Tile


class SqlStore(ABC):
    """All the stores in one SQL database."""

    _table_options = ""

    def __init__(self, database: Database) -> None:
        self._database = database

    @abstractmethod
    def record(self, leaf: Leaf) -> Leaf:
        """See LeafStore.record."""

    @abstractmethod
    def _lock_log(self, site: str) -> bool:
        """Take the lock of a site's log until the transaction ends, or return False at once."""

    @abstractmethod
    def _insert_leaf(self, leaf: Leaf) -> Leaf:
        """Insert a leaf and let it wait to be sealed, on the connection at hand."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Any]:
        """Open a write transaction."""

    @abstractmethod
    def close(self) -> None:
        """Finish what is waiting and let go of the database."""

    def prepare(self) -> None:
        """Make the tables where they are missing; refuse those of a newer version."""
        with self._connected(), self._writing():
            self._prepare()

    @abstractmethod
    def scrub(self) -> None:
        """Let what was erased vanish from the database's files too, as far as the database can."""

    def ping(self) -> None:
        """Ask the database for an answer, or raise StorageUnavailable."""
        with self._connected():
            self._database.execute_sql("SELECT 1")

    def leaf(self, site: str, leaf_id: UUID) -> Leaf | None:
        """See LeafStore.leaf."""
        with self._connected():
            return leaves.find(self._database, site, leaf_id)

    def receipts(self, site: str, start: int, limit: int, wanted: Filter) -> tuple[list[Leaf], int | None]:
        """See LeafStore.receipts."""
        with self._connected():
            if wanted.since is not None:
                start = max(start, leaves.first_since(self._database, site, wanted.since))
            return leaves.receipts(self._database, site, start, limit, wanted)

    def old(self, site: str, before: int, limit: int) -> list[UUID]:
        """See LeafStore.old."""
        with self._connected():
            return leaves.old(self._database, site, before, limit)

    def stored(self, site: str, key: bytes) -> Leaf | None:
        """See LeafStore.stored."""
        with self._connected():
            return leaves.find_key(self._database, site, key)

    def sealed(self, site: str, start: int, limit: int) -> list[Leaf]:
        """See LeafStore.sealed."""
        with self._connected():
            return leaves.sealed(self._database, site, start, limit)

    def unsealed(self, site: str, after: UUID | None, limit: int) -> list[Leaf]:
        """See LeafStore.unsealed."""
        with self._connected():
            return leaves.unsealed(self._database, site, after, limit)

    def erase(self, site: str, order: EraseOrder, state: StateErasures) -> int:
        """See LeafStore.erase."""
        with self._connected(), self._writing():
            erased = leaves.erase(self._database, site, order)
            sealing.state_erasures(self._database, site, state, self._insert_leaf)
            return erased

    def open_log(self, site: str, origin: str) -> LogState:
        """See LogStore.open_log."""
        empty = LogState(origin, 0, EMPTY_ROOT, "", 0)
        with self._connected(), self._writing():
            sealing.create_log(self._database, site, empty)
            return sealing.read_log(self._database, site) or empty

    def log(self, site: str) -> LogState | None:
        """See LogStore.log."""
        with self._connected():
            return sealing.read_log(self._database, site)

    def tiles(self, site: str, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """See LogStore.tiles."""
        with self._connected():
            return sealing.read_tiles(self._database, site, wanted)

    def tallies(self, site: str, first: int, last: int) -> dict[Tally, int]:
        """See LogStore.tallies."""
        with self._connected():
            return sealing.read_tallies(self._database, site, first, last)

    @contextmanager
    def sealing(self, site: str) -> Iterator[Sealing | None]:
        """See LogStore.sealing."""
        with self._connected(), self._writing():
            if not self._lock_log(site):
                yield None
                return
            state = sealing.read_log(self._database, site)
            if state is None:
                yield None
                return
            yield sealing.SqlSealing(self._database, site, state, self._insert_leaf)

    def keep(self, site: str, notices: Iterable[Notice], now: int) -> None:
        """See NoticeStore.keep."""
        served = list(notices)
        with self._connected(), self._writing():
            for notice in served:
                self._keep_notice(site, notice, now)
            NoticeRow.update(replaced_at=now).where(
                (NoticeRow.site == site)
                & NoticeRow.replaced_at.is_null()
                & NoticeRow.sha256.not_in([notice.sha256 for notice in served])
            ).execute(self._database)

    def notice(self, site: str, sha256: str) -> KeptNotice | None:
        """See NoticeStore.notice."""
        query = NoticeRow.select().where((NoticeRow.site == site) & (NoticeRow.sha256 == sha256))
        with self._connected():
            row = query.first(self._database)
        return None if row is None else KeptNotice(bytes(row.canonical), row.replaced_at)

    def keep_build(self, sha256: str, content: bytes, now: int) -> None:
        """See BuildStore.keep_build."""
        with self._connected(), self._writing():
            self._insert(BuildRow.insert(sha256=sha256, content=content, first_served=now))

    def build(self, sha256: str) -> bytes | None:
        """See BuildStore.build."""
        with self._connected():
            row = BuildRow.select().where(BuildRow.sha256 == sha256).first(self._database)
        return None if row is None else bytes(row.content)

    def add(self, auditor: Auditor) -> None:
        """See AuditorStore.add."""
        with self._connected(), self._writing():
            people.add_auditor(self._database, auditor)

    def auditor(self, token_hash: bytes) -> Auditor | None:
        """See AuditorStore.auditor."""
        with self._connected():
            return people.find_auditor(self._database, token_hash)

    def auditors(self, site: str | None) -> list[Auditor]:
        """See AuditorStore.auditors."""
        with self._connected():
            return people.list_auditors(self._database, site)

    def revoke(self, auditor_id: str, now: int) -> bool:
        """See AuditorStore.revoke."""
        with self._connected(), self._writing():
            return people.revoke_auditor(self._database, auditor_id, now)

    def note_access(self, access: Access) -> None:
        """See AuditorStore.note_access."""
        with self._connected(), self._writing():
            people.add_access(self._database, access)

    def accesses(self, site: str, limit: int) -> list[Access]:
        """See AuditorStore.accesses."""
        with self._connected():
            return people.list_accesses(self._database, site, limit)

    def hold(self, site: str, hold: Hold) -> bool:
        """See HoldStore.hold."""
        with self._connected(), self._writing():
            return people.add_hold(self._database, site, hold)

    def release(self, site: str, leaf_id: UUID) -> bool:
        """See HoldStore.release."""
        with self._connected(), self._writing():
            return people.end_hold(self._database, site, leaf_id)

    def holds(self, site: str) -> list[Hold]:
        """See HoldStore.holds."""
        with self._connected():
            return people.list_holds(self._database, site)

    def signing_keys(self) -> list[KnownKey]:
        """See KeyStore.signing_keys."""
        with self._connected():
            return people.list_keys(self._database)

    def key_came(self, key: KnownKey) -> None:
        """See KeyStore.key_came."""
        with self._connected(), self._writing():
            people.add_key(self._database, key)

    def key_went(self, kid: str, now: int) -> None:
        """See KeyStore.key_went."""
        with self._connected(), self._writing():
            people.end_key(self._database, kid, now)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Hold a connection for a short while; whatever the database says becomes our own refusal."""
        try:
            with self._database.connection_context():
                yield
        except (OperationalError, InterfaceError) as error:
            raise StorageUnavailable(f"The database cannot be used now: {error}") from error

    def _prepare(self) -> None:
        self._create(SchemaRow)
        version = SchemaRow.select(SchemaRow.version).scalar(self._database)
        if version is None:
            self._create(*TABLES)
            SchemaRow.insert(version=VERSION).execute(self._database)
        elif version != VERSION:
            raise SettingsError(
                f"The database has tables of version {version}; this program knows version {VERSION}. "
                "Run the release that made them, or a newer one."
            )

    def _create(self, *models: type[Model]) -> None:
        for model in models:
            schema = SchemaManager(model, self._database)
            # The only door to the statement: peewee's own option for STRICT would change the models,
            # which PostgreSQL shares.
            sql, _ = schema._create_table(safe=True).query()  # type: ignore[attr-defined] # noqa: SLF001
            self._database.execute_sql(sql + self._table_options)
            schema.create_indexes(safe=True)

    def _keep_notice(self, site: str, notice: Notice, now: int) -> None:
        self._insert(
            NoticeRow.insert(
                site=site,
                sha256=notice.sha256,
                language=notice.language,
                canonical=notice.canonical,
                first_served=now,
            )
        )
        NoticeRow.update(replaced_at=None).where(
            (NoticeRow.site == site) & (NoticeRow.sha256 == notice.sha256)
        ).execute(self._database)

    def _insert(self, query: ModelInsert) -> None:
        """Insert a row unless it is there."""
        query.on_conflict_ignore().execute(self._database)
