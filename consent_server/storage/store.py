"""What both databases share of the four stores; each adds how it connects and how it records."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

from consent_server.consent.stored import LogState
from consent_server.evidence.merkle import EMPTY_ROOT
from consent_server.storage import leaves, sealing
from consent_server.storage.migrations import has_tables, is_prepared, prepare
from consent_server.storage.people_store import PeopleStore
from consent_server.storage.shown import ShownStore
from consent_server.storage.tables import LogRow
from consent_server.storage.writer import GroupWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager
    from uuid import UUID

    from peewee import Database

    from consent_server.consent.ports import KeepErased, Sealing, StateErasures
    from consent_server.consent.stored import EraseOrder, Filter, Leaf, Tally
    from consent_server.evidence.tiles import Tile


class SqlStore(PeopleStore, ShownStore):
    """All the stores in one SQL database."""

    _table_options = ""
    _ask = "SHOW"
    _depends_on: tuple[str, ...] = ()

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._writer = GroupWriter(self._commit, self._begin_writing, self._end_writing)

    def record(self, leaf: Leaf) -> Leaf:
        """See LeafStore.record."""
        return self._writer.write(lambda: leaf)

    def record_made(self, make: Callable[[], Leaf]) -> Leaf:
        """See LeafStore.record_made. All that wait are made in one thread and committed by another."""
        return self._writer.write(make)

    @abstractmethod
    def _commit(self, group: list[Leaf]) -> list[Leaf]:
        """Store leaves in one transaction, durable when it returns; return what is stored for each."""

    def _begin_writing(self) -> None:
        """Prepare the writer's thread."""

    def _end_writing(self) -> None:
        """Let go of what the writer's thread holds."""

    @abstractmethod
    def _lock_log(self, site: str) -> bool:
        """Take the lock of a site's log until the transaction ends, or return False at once."""

    @abstractmethod
    def _insert_leaves(self, group: list[Leaf]) -> list[Leaf]:
        """Insert leaves and let them wait to be sealed, on the connection at hand.

        Return what is stored under the key of each: itself, or an earlier one.
        """

    def _insert_leaf(self, leaf: Leaf) -> Leaf:
        return self._insert_leaves([leaf])[0]

    def close(self) -> None:
        """Write what is waiting and let go of the database."""
        self._writer.close()

    def prepare(self) -> None:
        """Make the tables that are missing, bring older ones up to date, refuse those of a newer release."""
        with self._connected(), self._writing():
            self._prepare()

    def connected(self) -> AbstractContextManager[None]:
        """Hold one connection for several calls. Raises StorageUnavailable."""
        return self._connected()

    def is_prepared(self) -> bool:
        """Whether the tables are there, as this release makes them."""
        with self._connected():
            return is_prepared(self._database)

    def has_tables(self) -> bool:
        """Whether any release has made its tables."""
        with self._connected():
            return has_tables(self._database)

    @abstractmethod
    def scrub(self) -> None:
        """Let what was erased vanish from the database's files too, as far as the database can."""

    def commits(self) -> Mapping[int, int]:
        """Return how many commits of receipts held how many leaves."""
        return dict(self._writer.sizes)

    def durability(self) -> Mapping[str, str]:
        """Return the database's settings that a durable commit depends on: name -> value."""
        with self._connected():
            return {
                name: str(self._database.execute_sql(f"{self._ask} {name}").fetchone()[0])
                for name in self._depends_on
            }

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

    def erase(
        self, site: str, order: EraseOrder, state: StateErasures, keep: KeepErased = lambda _: None
    ) -> list[UUID]:
        """See LeafStore.erase."""
        with self._connected(), self._writing():
            erased = leaves.erase(self._database, site, order)
            sealing.state_erasures(self._database, site, state, self._insert_leaf)
            if erased:
                keep(erased)
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

    def sites(self) -> list[str]:
        """Return the ids of all sites that have a log, sorted."""
        query = LogRow.select(LogRow.site).order_by(LogRow.site)
        with self._connected():
            return [row.site for row in query.execute(self._database)]

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

    def _prepare(self) -> None:
        prepare(self._database, self._table_options)
