"""How this server fares: the database, the catalog, and how long leaves wait to be sealed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from consent_server.consent.ports import LeafStore, LogStore, StampStore
    from consent_server.consent.sites import Sites
    from consent_server.errors import Flaw

BEHIND_SECONDS = 60
"""The longest that a receipt may wait for its place in the log (DESIGN 6)."""


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """A site's log: its leaves, the age of the oldest that waits, when its newest stamp was made.

    Times are Unix seconds, ages seconds. `damage` says why nothing is added to it, empty where it is sound.
    """

    site: str
    leaves: int
    waiting_seconds: float
    stamped: float | None
    damage: str


@dataclass(frozen=True, slots=True)
class Health:
    """Looks when it is asked. `clock` returns Unix milliseconds.

    `trouble` says why the catalog is not served as it is, and `flaws` are its errors, or the warnings about
    what is served. `behind` is there with a replica: it returns how many leaves of each site that does not
    know yet, None while it is gone. `damages` says of which sites the log is not what it was, and how.
    """

    sites: Sites
    leaves: LeafStore
    logs: LogStore
    stamps: StampStore
    trouble: Callable[[], str | None]
    flaws: Callable[[], Sequence[Flaw]]
    clock: Callable[[], int]
    behind: Callable[[Iterable[str]], Mapping[str, int] | None] | None = None
    damages: Callable[[], Mapping[str, str]] = dict

    def look(self) -> list[SiteHealth]:
        """Return how each site's log is. Raises StorageUnavailable."""
        return [self._site(site.id) for site in self.sites]

    def replica(self) -> tuple[str, Mapping[str, int]]:
        """Say how the replica is in a word, and how many leaves of each site it lacks."""
        if self.behind is None:
            return "none", {}
        lacking = self.behind([site.id for site in self.sites])
        if lacking is None:
            return "gone", {}
        return "behind" if any(lacking.values()) else "level", lacking

    def _site(self, site: str) -> SiteHealth:
        oldest = self.leaves.unsealed(site, None, 1)
        log = self.logs.log(site)
        stamp = self.stamps.last_stamp(site)
        return SiteHealth(
            site,
            log.size if log else 0,
            max(0, self.clock() - oldest[0].time) / 1000 if oldest else 0.0,
            stamp.time / 1000 if stamp else None,
            self.damages().get(site, ""),
        )
