"""Watching the catalog: a changed file is served within two seconds, a broken one is reported."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from consent_server.catalog.files import fingerprint, read_catalogs
from consent_server.consent.sites import live_sites
from consent_server.errors import CatalogError, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from consent_server.catalog.files import Fingerprint
    from consent_server.consent.sites import LiveSite, Sites
    from consent_server.errors import Flaw

log = logging.getLogger(__name__)

INTERVAL = 0.5
"""Seconds between two looks at the catalog."""


class Watch:
    """Looks at the catalog and lets `sites` serve what it finds.

    `served` is the fingerprint that the catalog had before it was read for `sites`; `publish` stores what
    is about to be served. `trouble` says why the last change is not served, if so.
    """

    def __init__(
        self,
        path: Path,
        served: Fingerprint,
        sites: Sites,
        publish: Callable[[Mapping[str, LiveSite]], None],
    ) -> None:
        self._path = path
        self._sites = sites
        self._publish = publish
        self._served = self._last = served
        self.trouble: str | None = None
        self._flaws: tuple[Flaw, ...] = ()

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What is wrong with the file as it is now: its errors, else the warnings about what is served."""
        served = tuple(flaw for site in self._sites for flaw in site.catalog.warnings)
        return self._flaws or served

    def look(self) -> None:
        """Look once: serve a catalog that changed, or say why it cannot be served.

        A change is served when two looks in a row find the same: an editor may still be writing.
        """
        found = fingerprint(self._path)
        settled, self._last = found == self._last, found
        if found == self._served or not settled:
            return
        try:
            live = live_sites(read_catalogs(self._path))
            self._publish(live)
        except CatalogError as error:
            self._flaws = tuple(error.flaws)
            self._report(error.detail)
        except StorageUnavailable as error:
            # Not marked as served: the next look tries again.
            self._report(error.detail)
            return
        else:
            self._sites.swap(live)
            self.trouble, self._flaws = None, ()
            log.info("The catalog changed and is served.")
        self._served = found

    def _report(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.error("The catalog changed and cannot be served; the last good one stays.\n%s", trouble)
        self.trouble = trouble
