"""PostgreSQL, for many processes and nodes: peewee over psycopg's own pool."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

from peewee import OperationalError
from playhouse.postgres_ext import Psycopg3Database
from psycopg_pool import ConnectionPool, PoolTimeout

from consent_server.storage import receipts
from consent_server.storage.store import SqlStore

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from consent_server.consent.ports import Entry

_POOL = 8
_WAIT_SECONDS = 5.0
_PREPARE_LOCK = 0x636F6E73


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
            kwargs={"autocommit": True},
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

    def __init__(self, url: str) -> None:
        self._pooled = _PooledPostgresql(url)
        super().__init__(self._pooled)

    def record(self, entry: Entry) -> Entry:
        """See ReceiptStore.record. One statement is one transaction, durable when it returns."""
        with self._connected():
            cursor = self._database.execute_sql(_INSERT, receipts.values_of(entry))
            if cursor.rowcount == 1:
                return entry
            return receipts.find_decision(self._database, entry.site, entry.decision)

    def close(self) -> None:
        """Close the pool."""
        self._pooled.pool.close()

    def _writing(self) -> AbstractContextManager[Any]:
        return cast("AbstractContextManager[Any]", self._database.atomic())

    def _prepare(self) -> None:
        # Two nodes that start at once would both create the tables, and one of them fail.
        self._database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_PREPARE_LOCK,))
        super()._prepare()


_INSERT = receipts.insert_sql("%s")
