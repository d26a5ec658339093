"""What a scan saw, as values. Of anything stored only the name is kept, never what it held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from consent_server.catalog.model import Storage

Phase = Literal["before", "refused", "accepted"]

PHASES: dict[Phase, str] = {
    "before": "before a choice",
    "refused": "after refusing",
    "accepted": "after accepting",
}
"""What the visitor had said when something was seen, with the words for it."""

NOUNS: dict[Storage, str] = {
    "cookie": "cookie",
    "local_storage": "local storage",
    "session_storage": "session storage",
    "indexed_db": "IndexedDB",
}
"""Each kind of storage in words."""


_SHOWN = 100  # characters


@dataclass(frozen=True, slots=True)
class Sighting:
    """When something was first seen in a way: `how` says whether it was set just then or still there.

    `page` is the page that was visited; `by` the address of the script or answer that did it, None where
    that cannot be told.
    """

    phase: Phase
    page: str
    how: Literal["set", "kept"]
    by: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something stored on the visitor's device.

    `where` is a cookie's domain without a leading dot, else an origin. `seconds` is how long a cookie was to
    live when it was seen, None for the session. `again` says that after refusing it came back, once deleted.
    """

    name: str
    storage: Storage
    where: str
    third_party: bool
    sightings: tuple[Sighting, ...]
    path: str = "/"
    http_only: bool = False
    secure: bool = False
    seconds: int | None = None
    again: bool = False

    @property
    def shown(self) -> str:
        """The name as people are shown it: one line, not too long, and nothing that acts on a terminal."""
        name = "".join(char if char.isprintable() else "\ufffd" for char in self.name)
        return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"

    def in_phase(self, phase: Phase) -> tuple[Sighting, ...]:
        """Return how it was seen in a phase, set before kept."""
        return tuple(sorted((one for one in self.sightings if one.phase == phase), key=_set_first))


@dataclass(frozen=True, slots=True)
class Contact:
    """Another host that was asked for something, with its port where it is not the usual one.

    `kinds` are what was asked for (script, image, …), `url` the first address, without its query. `widget`
    says that it is the server of our own consent script.
    """

    host: str
    kinds: tuple[str, ...]
    url: str
    sightings: tuple[Sighting, ...]
    widget: bool = False

    def in_phase(self, phase: Phase) -> tuple[Sighting, ...]:
        """Return how it was seen in a phase."""
        return tuple(one for one in self.sightings if one.phase == phase)


@dataclass(frozen=True, slots=True)
class View:
    """A picture of the first page in a phase: a JPEG."""

    phase: Phase
    page: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a scan saw. `left_out` maps addresses that were found but not visited to the reason."""

    pages: tuple[str, ...]
    left_out: dict[str, str]
    phases: tuple[Phase, ...]
    entries: tuple[Entry, ...]
    contacts: tuple[Contact, ...]
    views: tuple[View, ...]


def _set_first(one: Sighting) -> bool:
    return one.how == "kept"
