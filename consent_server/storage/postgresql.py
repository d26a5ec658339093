"""PostgreSQL, for many processes and nodes: peewee over psycopg's own pool."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from peewee import OperationalError
from playhouse.postgres_ext import Psycopg3Database
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from consent_server.errors import SettingsError
from consent_server.storage import leaves
from consent_server.storage.store import SqlStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from consent_server.consent.stored import Leaf

_POOL = 8
_WAIT_SECONDS = 5.0
# A statement that waits for somebody else's lock gives its thread back; a commit is durable whatever the
# cluster's default is.
_CONNECTING = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "options": "-c statement_timeout=5000 -c synchronous_commit=on",
}
_PREPARE_LOCK = 0x636F6E73
_SEAL_LOCK = 0x7365616C


class _PooledPostgresql(Psycopg3Database):  # type: ignore[misc]
    """Borrows each connection from psycopg's pool, which checks it before and replaces broken ones."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        # The pool does its own locking; peewee's lock, held while waiting for a connection, would keep
        # the other threads from giving theirs back.
        self._lock = nullcontext()
        self.pool = ConnectionPool(
            url,
            min_size=1,
            max_size=_POOL,
            timeout=_WAIT_SECONDS,
            # The pool would wait twice as long after each failure; a request that comes tries at once.
            reconnect_timeout=_WAIT_SECONDS,
            kwargs={"autocommit": True, **_CONNECTING},
            check=ConnectionPool.check_connection,
            open=True,
        )

    def _connect(self) -> Any:
        try:
            return self.pool.getconn()
        except PoolTimeout as error:
            raise OperationalError(str(error)) from error

    def _close(self, conn: Any) -> None:
        self.pool.putconn(conn)


class PostgresqlStore(SqlStore):
    """The stores in a PostgreSQL database that any number of processes share."""

    _depends_on = ("fsync", "full_page_writes", "synchronous_commit")

    def __init__(self, url: str) -> None:
        try:
            conninfo_to_dict(url)
        except ProgrammingError:
            # What the driver says repeats the password.
            raise SettingsError(
                "CONSENT_DATABASE_URL cannot be read: write special characters of the password as %XX."
            ) from None
        self._pooled = _PooledPostgresql(url)
        super().__init__(self._pooled)

    def record(self, leaf: Leaf) -> Leaf:
        """See LeafStore.record. One statement is one transaction, durable when it returns."""
        with self._connected():
            return self._insert_leaf(leaf)

    def scrub(self) -> None:
        """See SqlStore.scrub. Copies in the server's own log files and backups follow their retention."""
        with self._connected():
            self._database.execute_sql("VACUUM leaf")

    def close(self) -> None:
        """Close the pool."""
        self._pooled.pool.close()

    def _lock_log(self, site: str) -> bool:
        query = "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))"
        return bool(self._database.execute_sql(query, (_SEAL_LOCK, site)).fetchone()[0])

    def _insert_leaf(self, leaf: Leaf) -> Leaf:
        cursor = self._database.execute_sql(_INSERT, leaves.values_of(leaf))
        if cursor.rowcount == 1:
            return leaf
        return leaves.find_key(self._database, leaf.site, leaf.key) or leaf

    def _writing(self) -> AbstractContextManager[Any]:
        return cast("AbstractContextManager[Any]", self._database.atomic())

    def _prepare(self) -> None:
        # Two nodes that start at once would both create the tables, and one of them fail.
        self._database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_PREPARE_LOCK,))
        super()._prepare()


_INSERT = (
    f"WITH stored AS ({leaves.insert_sql('%s')} RETURNING site, id) "  # noqa: S608 - only our own names
    "INSERT INTO unsealed (site, id) SELECT site, id FROM stored"
)
