"""Watching the catalog: a changed file is served within two seconds, a broken one is reported."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from consent_server.catalog.files import fingerprint, read_catalogs
from consent_server.consent.sites import live_sites
from consent_server.errors import CatalogError, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent_server.consent.ports import NoticeStore
    from consent_server.consent.sites import LiveSite, Sites

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks at the catalog."""


def publish(live: dict[str, LiveSite], notices: NoticeStore, now: int) -> None:
    """Store every notice of the live sites: a notice is in the database before it is served."""
    for site in live.values():
        notices.keep(site.id, site.notices.values(), now)


class Watch:
    """Looks at the catalog again and again, and lets `sites` serve what it finds.

    `clock` returns Unix milliseconds. `trouble` says why the last change is not served, if it is not.
    """

    def __init__(self, path: Path, sites: Sites, notices: NoticeStore, clock: Callable[[], int]) -> None:
        self._path = path
        self._sites = sites
        self._notices = notices
        self._clock = clock
        self._seen = fingerprint(path)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="consent-watch", daemon=True)
        self.trouble: str | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Look once: serve a catalog that changed, or say why it cannot be served."""
        found = fingerprint(self._path)
        if found == self._seen:
            return
        try:
            live = live_sites(read_catalogs(self._path))
            publish(live, self._notices, self._clock())
        except CatalogError as error:
            self._report(error.detail)
        except StorageUnavailable as error:
            # Not marked as seen: the next look tries again.
            self._report(error.detail)
            return
        else:
            self._sites.swap(live)
            self.trouble = None
            log.info("The catalog changed and is served.")
        self._seen = found

    def _report(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("The catalog changed and cannot be served; the last good one stays.\n%s", trouble)
        self.trouble = trouble

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL):
            try:
                self.look()
            except Exception:  # the watch must outlive whatever it meets
                log.exception("The catalog could not be looked at.")
