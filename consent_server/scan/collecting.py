"""Collecting what the browser tells, event by event, into entries and contacts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from consent_server.scan.seen import Contact, Entry, Sighting
from consent_server.scan.set_cookie import parse_set_cookie

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from consent_server.catalog.model import Storage
    from consent_server.scan.parties import Parties
    from consent_server.scan.seen import Phase

Key = tuple["Storage", str, str]
"""Storage, name, and where."""

Effect = Literal["set", "gone", "unseen"]
"""What a script's writing did: the entry is there, was deleted, or is out of its sight."""


@dataclass(slots=True)
class _Profile:
    """What is known of one browser profile: what is there, what was deleted, who wrote since a look."""

    there: set[Key] = field(default_factory=set)
    overlooked: set[Key] = field(default_factory=set)
    deleted: set[tuple[Storage, str]] = field(default_factory=set)
    writers: dict[tuple[Storage, str], str | None] = field(default_factory=dict)


class Collection:
    """Everything seen so far. `phase` and `page` are those of the events that come in now."""

    def __init__(self, parties: Parties) -> None:
        self._parties = parties
        self._entries: dict[Key, Entry] = {}
        self._contacts: dict[str, Contact] = {}
        self._profile = _Profile()
        self.phase: Phase = "before"
        self.page = ""

    def begin(self) -> None:
        """Forget the last browser profile: a new one holds nothing."""
        self._profile = _Profile()

    def wrote(self, storage: Storage, name: str, frame: str, by: str | None, effect: Effect) -> None:
        """Note that a script wrote an entry, from a frame at this address."""
        if effect == "gone":
            self._profile.deleted.add((storage, name))
            return
        self._profile.writers[storage, name] = by
        if effect == "set":
            self._see(self._key(storage, name, frame), "set", by)

    def answered(self, url: str, header: str, now: float) -> None:
        """Note a Set-Cookie header of the answer from `url`; `now` is Unix time in seconds."""
        found = parse_set_cookie(header, now)
        if found is None:
            return
        if found.gone:
            self._profile.deleted.add(("cookie", found.name))
            return
        by = plain(url)
        self._profile.writers["cookie", found.name] = by
        domain = found.domain or urlsplit(url).hostname or ""
        # What a third party asks for may be refused; what the site sets may be gone before the next look.
        if self._parties.owns_cookie(domain):
            key: Key = ("cookie", found.name, domain)
            self._see(key, "set", by)
            self._amend(key, http_only=found.http_only, seconds=found.seconds)

    def holds_cookies(self, jar: Iterable[Mapping[str, Any]], now: float) -> None:
        """Note every cookie of the browser, as the Chrome DevTools Protocol tells them."""
        found: set[Key] = set()
        for cookie in jar:
            domain = cookie["domain"].removeprefix(".")
            key = self._settled(("cookie", cookie["name"], domain))
            if key in self._profile.overlooked:
                continue
            found.add(key)
            self._look(key)
            ends = cookie["expires"]
            self._amend(
                key,
                path=cookie["path"],
                http_only=cookie["httpOnly"],
                secure=cookie["secure"],
                seconds=None if ends < 0 else max(0, round(ends - now)),
            )
        self._miss("cookie", found)

    def overlook(self, jar: Iterable[Mapping[str, Any]]) -> None:
        """Leave out cookies of other websites that are new among these: a page led away to them."""
        for cookie in jar:
            key: Key = ("cookie", cookie["name"], cookie["domain"].removeprefix("."))
            if key not in self._entries and not self._parties.owns_cookie(key[2]):
                self._profile.overlooked.add(key)

    def holds_names(self, storage: Storage, frame: str, names: Iterable[str]) -> None:
        """Note every name in one storage of the frame at this address."""
        for name in names:
            self._look(self._key(storage, name, frame))

    def looked(self) -> None:
        """End a look at the browser: what is written from now on is new."""
        self._profile.writers.clear()

    def asked(self, url: str, kind: str, by: str | None) -> None:
        """Note a request: an address, what kind of thing was asked for, and the script that asked."""
        self._parties.meets(url)
        host = urlsplit(url).netloc
        if not url.startswith(("http:", "https:")) or self._parties.owns(url):
            return
        known = self._contacts.get(host) or Contact(host, (), plain(url), ())
        self._contacts[host] = replace(
            known,
            kinds=known.kinds if kind in known.kinds else (*known.kinds, kind),
            sightings=_with(known.sightings, Sighting(self.phase, self.page, "set", by)),
        )

    def owns(self, url: str) -> bool:
        """Whether an address is on the site."""
        return self._parties.owns(url)

    def is_widget(self, script: str) -> bool:
        """Whether a script at this address is our own widget."""
        return self._parties.is_widget(urlsplit(script).netloc)

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, sorted by storage, name and place."""
        return tuple(self._entries[key] for key in sorted(self._entries))

    def contacts(self) -> tuple[Contact, ...]:
        """Return every other host, sorted."""
        return tuple(
            replace(found, widget=self._parties.is_widget(host))
            for host, found in sorted(self._contacts.items())
        )

    def _key(self, storage: Storage, name: str, frame: str) -> Key:
        parts = urlsplit(frame)
        where = (parts.hostname or "") if storage == "cookie" else f"{parts.scheme}://{parts.netloc}"
        key: Key = (storage, name, where)
        if storage != "cookie" or key in self._entries:
            return key
        # A script does not tell the domain that it wrote to: an entry of a domain above is meant.
        above = (known for known in self._entries if known[:2] == key[:2] and where.endswith(f".{known[2]}"))
        return next(above, key)

    def _settled(self, key: Key) -> Key:
        """Move what a script wrote to the domain that the browser names, where that is one above."""
        storage, name, domain = key
        if key not in self._entries:
            for other in list(self._entries):
                if other[:2] == (storage, name) and other[2].endswith(f".{domain}"):
                    self._entries[key] = replace(self._entries.pop(other), where=domain)
        return key

    def _look(self, key: Key) -> None:
        storage, name, _ = key
        if (storage, name) in self._profile.writers:
            self._see(key, "set", self._profile.writers[storage, name])
        elif key not in self._profile.there:
            self._see(key, "set", None)
        else:
            self._see(key, "kept", None)
        self._profile.there.add(key)

    def _miss(self, storage: Storage, found: set[Key]) -> None:
        gone = {key for key in self._profile.there - found if key[0] == storage}
        self._profile.there -= gone
        self._profile.deleted |= {(storage, name) for _, name, _ in gone}

    def _see(self, key: Key, how: Literal["set", "kept"], by: str | None) -> None:
        storage, name, where = key
        entry = self._entries.get(key) or Entry(name, storage, where, self._is_foreign(storage, where), ())
        sighting = Sighting(self.phase, self.page, how, by)
        again = how == "set" and self.phase == "refused" and (storage, name) in self._profile.deleted
        self._entries[key] = replace(
            entry, sightings=_with(entry.sightings, sighting), again=entry.again or again
        )

    def _is_foreign(self, storage: Storage, where: str) -> bool:
        if storage == "cookie":
            return not self._parties.owns_cookie(where)
        return not self._parties.owns(where)

    def _amend(self, key: Key, **facts: Any) -> None:
        known = self._entries[key]
        # The longest life counts: looks come later than writings.
        if facts["seconds"] is not None and known.seconds is not None:
            facts["seconds"] = max(facts["seconds"], known.seconds)
        self._entries[key] = replace(known, **facts)


def plain(url: str) -> str:
    """Return an address without query and fragment, which may name the visitor."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _with(known: tuple[Sighting, ...], new: Sighting) -> tuple[Sighting, ...]:
    """Add a sighting, unless the same was seen in this phase on an earlier page."""
    same = (one.phase == new.phase and one.how == new.how and one.by == new.by for one in known)
    return known if any(same) else (*known, new)
