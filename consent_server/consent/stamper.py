"""Stamping: a third party signs, now and then, that a log's checkpoint existed (RFC 3161)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from consent_server.consent.stored import Stamp
from consent_server.errors import ConsentError
from consent_server.evidence import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from consent_server.consent.ports import LogStore, StampStore
    from consent_server.consent.sites import LiveSite
    from consent_server.consent.stored import LogState

log = logging.getLogger(__name__)

LOOK = 60
"""Seconds after which to look again whether a stamp is due."""
EVERY = 60 * 60 * 1000
"""Milliseconds between two stamps of a log that grows: authorities that ask for no money bear no more."""


class Stamper:
    """Has checkpoints stamped and keeps the answers. `clock` returns Unix milliseconds.

    `post` sends a request to the authority and returns its answer; what it raises goes through.
    """

    def __init__(
        self, logs: LogStore, stamps: StampStore, post: Callable[[bytes], bytes], clock: Callable[[], int]
    ) -> None:
        self._logs = logs
        self._stamps = stamps
        self._post = post
        self._clock = clock

    def stamp_all(self, sites: Iterable[LiveSite]) -> None:
        """Stamp each log that is due. What keeps one from its stamp is logged and keeps no other."""
        for site in sites:
            try:
                self.stamp(site.id)
            except ConsentError as error:
                log.warning("The log of %s has no new time stamp: %s", site.id, error.detail)

    def stamp(self, site: str, every: int = EVERY) -> Stamp | None:
        """Stamp a log that grew since its last stamp, which is `every` milliseconds old or more.

        Return the new stamp, or None where there was nothing to do. Raises EvidenceInvalid for an answer
        that is no stamp of this checkpoint.
        """
        state, now = self._logs.log(site), self._clock()
        last = self._stamps.last_stamp(site)
        if state is None or not state.size or (last and not _due(last, state, now - every)):
            return None
        response = timestamp.stamp(state.checkpoint, self._post)
        stamp = Stamp(state.size, state.checkpoint, response, now)
        self._stamps.keep_stamp(site, stamp)
        return stamp


def _due(last: Stamp, state: LogState, before: int) -> bool:
    return last.size < state.size and last.time <= before
