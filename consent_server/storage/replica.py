"""Reads for audits from a replica of the database, wherever that is as far as the primary (decision 0020)."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from peewee import ProgrammingError

from consent_server.errors import StorageUnavailable
from consent_server.storage.postgresql import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from consent_server.consent.stored import Filter, Leaf, LogState, Tally
    from consent_server.storage.store import SqlStore

log = logging.getLogger(__name__)

Read = TypeVar("Read")

REST = 30.0
"""Seconds for which a replica that did not answer is left alone."""
LATE = 10.0
"""Seconds that a replica may be behind without a word in the log."""


class Replica:
    """See AuditStore: the replica answers where it knows the very checkpoint that the primary has now.

    Else the primary does, so that whoever reads sees no older log than they saw before, and nobody waits for
    a replica that is gone. `clock` returns seconds that only grow.
    """

    def __init__(self, url: str, primary: SqlStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._primary = primary
        self._replica = PostgresqlStore(url, "CONSENT_REPLICA_URL", primary=False)
        self._standing = _Standing(clock)

    def log(self, site: str) -> LogState | None:
        """See LogStore.log."""
        return self._primary.log(site)

    def unsealed(self, site: str, after: UUID | None, limit: int) -> list[Leaf]:
        """See LeafStore.unsealed. No checkpoint tells which of these a replica knows."""
        return self._primary.unsealed(site, after, limit)

    def receipts(self, site: str, start: int, limit: int, wanted: Filter) -> tuple[list[Leaf], int | None]:
        """See LeafStore.receipts."""
        return self._read(site, lambda store: store.receipts(site, start, limit, wanted))

    def sealed(self, site: str, start: int, limit: int) -> list[Leaf]:
        """See LeafStore.sealed."""
        return self._read(site, lambda store: store.sealed(site, start, limit))

    def tallies(self, site: str, first: int, last: int) -> dict[Tally, int]:
        """See LogStore.tallies."""
        return self._read(site, lambda store: store.tallies(site, first, last))

    def behind(self, sites: Iterable[str]) -> dict[str, int] | None:
        """Return how many sealed leaves of each site the replica does not know; None if it is gone."""
        sizes = {site: _size(self._primary.log(site)) for site in sites}
        if not self._standing.is_usable():
            return None
        try:
            with self._replica.connected():
                return {site: max(0, size - _size(self._replica.log(site))) for site, size in sizes.items()}
        except (StorageUnavailable, ProgrammingError) as error:
            self._standing.unreachable(error)
            return None

    def close(self) -> None:
        """Let go of the replica; the primary is somebody else's."""
        self._replica.close()

    def _read(self, site: str, read: Callable[[SqlStore], Read]) -> Read:
        known = self._primary.log(site)
        if not self._standing.is_usable():
            return read(self._primary)
        try:
            # One connection: behind an address may be several servers, and another one be less far.
            with self._replica.connected():
                if self._replica.log(site) == known:
                    answer = read(self._replica)
                    self._standing.level(site)
                    return answer
            self._standing.behind(site)
        except (StorageUnavailable, ProgrammingError) as error:
            # Of a program's mistake: tables that a newer release has changed on the primary alone.
            self._standing.unreachable(error)
        return read(self._primary)


class _Standing:
    """What is known of a replica. Each trouble is said once, and again when it is over."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._gone_until: float | None = None
        self._behind: dict[str, float] = {}
        self._late: set[str] = set()

    def is_usable(self) -> bool:
        """Whether it is worth asking."""
        return self._gone_until is None or self._clock() >= self._gone_until

    def level(self, site: str) -> None:
        """Note that it answered, and was as far as the primary."""
        self._reached()
        self._behind.pop(site, None)
        if site in self._late:
            self._late.discard(site)
            log.info("The replica is as far as the primary again for %s.", site)

    def behind(self, site: str) -> None:
        """Note that it answered, and was not as far."""
        self._reached()
        since = self._behind.setdefault(site, self._clock())
        if self._clock() - since >= LATE and site not in self._late:
            self._late.add(site)
            log.warning("The replica is behind for %s: the primary answers audits meanwhile.", site)

    def unreachable(self, error: Exception) -> None:
        """Note that it did not answer."""
        if self._gone_until is None:
            log.warning("The replica cannot be read: the primary answers audits meanwhile. %s", error)
        self._gone_until = self._clock() + REST

    def _reached(self) -> None:
        if self._gone_until is not None:
            self._gone_until = None
            log.info("The replica answers again.")


def _size(state: LogState | None) -> int:
    return state.size if state else 0
