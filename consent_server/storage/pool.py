"""Connections to PostgreSQL: borrowed from psycopg's pool, bounded in time, and kept aside while they hang.

Two things of synchronous replication are dealt with here. A commit whose standby is gone waits for ever,
outside of every timeout of the server; and one whose waiting somebody cancels succeeds, with a warning,
though it is on one machine alone. Neither may look like success.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from peewee import OperationalError
from peewee import __exception_wrapper__ as _peewees_own_errors  # type: ignore[attr-defined]
from playhouse.postgres_ext import Psycopg3Database
from psycopg import Connection, ProgrammingError, RawCursor
from psycopg import OperationalError as ConnectionBroken
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.abc import PQGen
    from psycopg.errors import Diagnostic

RV = TypeVar("RV")

POOL = 8
"""The most connections of one process."""
WAITING = 2
"""The most commits of receipts that wait for a standby; the other connections are left to those who read."""

_WAIT_SECONDS = 5.0
_ANSWER_SECONDS = 6.0
"""The server gives up a statement after five, but a commit never."""
_BELIEVED_SECONDS = 0.5
"""How long a connection that answered is believed to be there: asking it first is one round trip more."""
_WARNING = "01000"
# A statement that waits for somebody else's lock gives its thread back; the transaction of a machine that
# lost its power gives back the right to seal; a commit is durable whatever the cluster's default is.
_OPTIONS = {
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    "synchronous_commit": "on",
}
_CONNECTING = {
    "connect_timeout": 5,
    # A machine that vanished is noticed within fifteen seconds, not two hours.
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "options": " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()),
}


class _Bounded(Connection[Any]):
    """A connection that waits for an answer so long and no longer, and takes a warning for a failure."""

    warned: str | None = None
    answered: float = 0.0
    """When it was seen to answer, on the clock of `time.monotonic`."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """See Connection.wait."""
        answer = super().wait(gen, interval, _ANSWER_SECONDS if timeout is None else timeout)
        if self.warned is not None:
            warning, self.warned = self.warned, None
            raise ConnectionBroken(f"not certain to be durable: {warning}")
        return answer

    def hear(self, said: Diagnostic) -> None:
        """Note a warning, such as that the commit at hand is on this machine alone."""
        if said.sqlstate == _WARNING:
            self.warned = said.message_primary


class PooledPostgresql(Psycopg3Database):  # type: ignore[misc]
    """Borrows each connection from psycopg's pool, which checks it before and replaces broken ones.

    `url` may name several hosts: where `primary` it is the one that takes writes, else any, a standby first.
    `setting` names the variable that it came from. Raises SettingsError.
    """

    def __init__(self, url: str, setting: str = "CONSENT_DATABASE_URL", *, primary: bool = True) -> None:
        super().__init__(url)
        # The pool does its own locking; peewee's lock, held while waiting for a connection, would keep
        # the other threads from giving theirs back.
        self._lock = nullcontext()
        session = _session(url, setting, primary=primary)
        self._unbounded = make_conninfo(url, **session)
        self._hanging: list[_Bounded] = []
        self._looking = Lock()
        self.pool: ConnectionPool[_Bounded] = ConnectionPool(
            url,
            connection_class=_Bounded,
            min_size=1 if primary else 0,
            max_size=POOL,
            timeout=_WAIT_SECONDS if primary else 1.0,
            # The pool would wait twice as long after each failure; a request that comes tries at once.
            reconnect_timeout=_WAIT_SECONDS,
            kwargs={"autocommit": True, **_CONNECTING, **session},
            configure=lambda connection: connection.add_notice_handler(connection.hear),
            check=_check_primary if primary else ConnectionPool.check_connection,
            open=True,
        )

    def run_long(self, statement: str) -> None:
        """Run a statement that may take minutes, on a connection of its own and outside of transactions."""
        try:
            with Connection.connect(self._unbounded, autocommit=True) as connection:
                connection.execute(statement)
        except ConnectionBroken as error:
            raise OperationalError(str(error)) from error

    def run_numbered(self, statement: str, values: Sequence[Any]) -> RawCursor[Any]:
        """Run a statement with PostgreSQL's own marks ($1, $2 …) on the connection at hand.

        The driver looks through the text of a long one for marks of its own, each time anew: that took longer
        than all else that it does.
        """
        with _peewees_own_errors:
            return RawCursor(self.connection()).execute(statement.encode(), values)

    def refuse_more_commits(self) -> None:
        """Raise OperationalError while commits wait that the next one could only join."""
        self._look_after_hanging(WAITING)

    def _connect(self) -> _Bounded:
        self._look_after_hanging(POOL)
        try:
            conn = self.pool.getconn()
        except PoolTimeout as error:
            raise OperationalError(str(error)) from error
        self._leave_others(conn)
        return conn

    def _close(self, conn: _Bounded) -> None:
        if conn.pgconn.transaction_status == TransactionStatus.ACTIVE:
            # Closed, it would leave a process of the server waiting, and the next request make another one.
            self._hanging.append(conn)
        else:
            self.pool.putconn(conn)

    def _look_after_hanging(self, most: int) -> None:
        """Give back to the pool what has its answer by now, or has broken. Refuse where `most` still hang."""
        if not self._hanging:
            return
        with self._looking:
            for conn in [conn for conn in self._hanging if _is_over(conn)]:
                self._hanging.remove(conn)
                self.pool.putconn(conn)
            if len(self._hanging) >= most:
                raise OperationalError(f"{len(self._hanging)} commits wait: is the standby gone?")

    def _leave_others(self, conn: _Bounded) -> None:
        """Give up what hangs on another server than `conn`: that one is the primary now."""
        if not self._hanging:
            return
        with self._looking:
            for other in [other for other in self._hanging if _server(other) != _server(conn)]:
                self._hanging.remove(other)
                self.pool.putconn(other)


def _session(url: str, setting: str, *, primary: bool) -> dict[str, str]:
    try:
        asked = conninfo_to_dict(url)
    except ProgrammingError:
        # What the driver says repeats the password.
        raise SettingsError(
            f"{setting} cannot be read: write special characters of the password as %XX."
        ) from None
    wanted = str(asked.get("target_session_attrs") or ("read-write" if primary else "prefer-standby"))
    return {"target_session_attrs": wanted}


def _check_primary(conn: _Bounded) -> None:
    now = time.monotonic()
    if now - conn.answered > _BELIEVED_SECONDS:
        ConnectionPool.check_connection(conn)
        conn.answered = now
    # The server says so by itself, from version 14 on.
    if conn.info.parameter_status("in_hot_standby") == "on":
        conn.close()
        raise ConnectionBroken("this server is a standby now")


def _server(conn: _Bounded) -> tuple[bytes, bytes]:
    return conn.pgconn.hostaddr or conn.pgconn.host, conn.pgconn.port


def _is_over(conn: _Bounded) -> bool:
    try:
        conn.pgconn.consume_input()
    except ConnectionBroken:
        return True
    return not conn.pgconn.is_busy()
