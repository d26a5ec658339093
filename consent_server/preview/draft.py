"""The catalog that is being edited: looked at again and again, its last good version kept."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.catalog.diff import diff
from consent_server.catalog.files import fingerprint
from consent_server.catalog.toml import LARGEST, parse_catalog
from consent_server.errors import CatalogError, Flaw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent_server.catalog.change import Change
    from consent_server.catalog.model import Catalog

INTERVAL = 0.25
"""Seconds between two looks at the file."""


@dataclass(frozen=True, slots=True)
class State:
    """What the file was found to be.

    `version` counts what was found since the start, `shown` is the version of the last good catalog (0 while
    there was none), `shown_at` when that was read, in Unix seconds. `flaws` are what is wrong with the file
    as it is now, and `more` how many more there are. `changes` tell what a good file changed since the start.
    """

    version: int = 0
    shown: int = 0
    shown_at: int = 0
    catalog: Catalog | None = None
    flaws: tuple[Flaw, ...] = ()
    more: int = 0
    changes: tuple[Change, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether the file as it is now cannot be shown."""
        return self.version != self.shown


class Draft:
    """Looks at the file at `path`; gives the bytes of each good version to `serve` before telling of it."""

    def __init__(self, path: Path, serve: Callable[[bytes, Catalog], None]) -> None:
        self._path = path
        self._serve = serve
        self._changed = threading.Condition()
        self._first: Catalog | None = None
        self._read_as: object = None
        self._last: object = None
        self.state = State()
        self._last = fingerprint(path)
        self.look()

    def look(self) -> None:
        """Look once. A change counts when two looks find the same: an editor may still be writing."""
        found = fingerprint(self._path)
        settled, self._last = found == self._last, found
        if settled and found != self._read_as:
            self._read_as = found
            self._tell(self._read())

    def wait(self, version: int, seconds: float) -> State:
        """Return the state as soon as it is another than `version`, or after so many seconds as it is."""
        with self._changed:
            self._changed.wait_for(lambda: self.state.version != version, seconds)
            return self.state

    def _read(self) -> State:
        last, version = self.state, self.state.version + 1
        try:
            source = self._bytes()
            catalog = parse_catalog(source, self._path.name)
        except CatalogError as error:
            return State(
                version, last.shown, last.shown_at, last.catalog, tuple(error.flaws), error.more, last.changes
            )
        self._first = self._first or catalog
        self._serve(source, catalog)
        same_site = self._first.site.id == catalog.site.id
        changes = diff(self._first, catalog).changes if same_site else ()
        return State(version, version, int(time.time()), catalog, catalog.warnings, 0, changes)

    def _bytes(self) -> bytes:
        try:
            with self._path.open("rb") as opened:
                return opened.read(LARGEST + 1)
        except OSError as error:
            message = f"the file cannot be read: {error.strerror}"
            raise CatalogError([Flaw(self._path.name, 0, 0, message)]) from error

    def _tell(self, state: State) -> None:
        with self._changed:
            self.state = state
            self._changed.notify_all()
