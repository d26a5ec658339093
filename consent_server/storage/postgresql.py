"""PostgreSQL, for many processes and nodes: peewee over psycopg's own pool."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from consent_server.storage import leaves
from consent_server.storage.pool import PooledPostgresql
from consent_server.storage.store import SqlStore
from consent_server.storage.worker import GROUP

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from consent_server.consent.stored import Leaf

_PREPARE_LOCK = 0x636F6E73
_SEAL_LOCK = 0x7365616C


class PostgresqlStore(SqlStore):
    """The stores in a PostgreSQL database that any number of processes share."""

    _depends_on = ("fsync", "full_page_writes", "synchronous_commit")

    def __init__(self, url: str, setting: str = "CONSENT_DATABASE_URL", *, primary: bool = True) -> None:
        self._pooled = PooledPostgresql(url, setting, primary=primary)
        super().__init__(self._pooled)

    def stored(self, site: str, key: bytes) -> Leaf | None:
        """See LeafStore.stored."""
        with self._connected():
            return self._find_durable(site, key)

    def scrub(self) -> None:
        """See SqlStore.scrub. Copies in the server's own log files and backups follow their retention."""
        with self._connected():
            self._pooled.run_long("VACUUM leaf")

    def close(self) -> None:
        """See SqlStore.close."""
        super().close()
        self._pooled.pool.close()

    def _commit(self, group: list[Leaf]) -> list[Leaf]:
        self._pooled.refuse_more_commits()
        # In the order of the keys, lest two nodes that are sent the same decisions wait for each other.
        in_order = sorted(group, key=lambda leaf: (leaf.site, leaf.key))
        with self._connected():
            stored = self._insert_leaves(in_order)
        kept = {leaf.id: there for leaf, there in zip(in_order, stored, strict=True)}
        return [kept[leaf.id] for leaf in group]

    def _lock_log(self, site: str) -> bool:
        query = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
        return bool(self._database.execute_sql(query, (_SEAL_LOCK, site)).fetchone()[0])

    def _insert_leaves(self, group: list[Leaf]) -> list[Leaf]:
        # One statement, and so one transaction.
        values = tuple(chain.from_iterable(map(leaves.values_of, group)))
        cursor = self._pooled.run_numbered(_insert_sql(len(group)), values)
        if cursor.rowcount == len(group):
            return group
        with self._writing():
            return [self._find_durable(leaf.site, leaf.key) or leaf for leaf in group]

    def _find_durable(self, site: str, key: bytes) -> Leaf | None:
        # What is there may be on one machine alone, its commit cut short by a crash or by hand. A lock is
        # written to the server's log too: its commit waits until the standby has all that came before.
        return leaves.find_key(self._database, site, key, lock=True)

    def _writing(self) -> AbstractContextManager[Any]:
        return cast("AbstractContextManager[Any]", self._database.atomic())

    def _prepare(self) -> None:
        # Two nodes that start at once would both create the tables, and one of them fail.
        self._database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_PREPARE_LOCK,))
        super()._prepare()


@lru_cache(maxsize=GROUP)
def _insert_sql(rows: int) -> str:
    return (
        f"WITH stored AS ({leaves.insert_sql('${}', rows)} RETURNING site, id) "  # noqa: S608 - only our own names
        "INSERT INTO unsealed (site, id) SELECT site, id FROM stored"
    )
