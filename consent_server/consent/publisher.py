"""Publishing: whatever is about to be shown or used is stored and stated in the log before it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.consent.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from consent_server.consent.keyring import Keyring
    from consent_server.consent.ports import BuildStore, LeafStore, LogStore, NoticeStore
    from consent_server.consent.sites import LiveSite
    from consent_server.consent.stored import Build, Leaf


@dataclass(frozen=True, slots=True)
class Shelf:
    """The ports that publishing needs. One object may be all of them."""

    leaves: LeafStore
    logs: LogStore
    notices: NoticeStore
    builds: BuildStore


class Publisher:
    """Stores and states what sites show. `host` is the log's, `builds` are the widget's files."""

    def __init__(
        self,
        shelf: Shelf,
        keyring: Keyring,
        host: str,
        builds: Sequence[Build],
        clock: Callable[[], int],
    ) -> None:
        self._shelf = shelf
        self._keyring = keyring
        self._host = host
        self._builds = builds
        self._clock = clock

    def publish(self, live: Mapping[str, LiveSite]) -> None:
        """Make everything that the live sites show provable. Raises StorageUnavailable."""
        now = self._clock()
        for build in self._builds:
            self._shelf.builds.keep_build(build, now)
        for site in live.values():
            self._publish_site(site, now)

    def _publish_site(self, site: LiveSite, now: int) -> None:
        self._shelf.logs.open_log(site.id, f"{self._host}/v1/{site.id}")
        self._shelf.notices.keep(site.id, site.notices.values(), now)
        for statement in self._statements(site, now):
            self._shelf.leaves.record(statement)

    def _statements(self, site: LiveSite, now: int) -> Iterable[Leaf]:
        statements = Statements(self._keyring.signer, site.id)
        yield from (statements.key(event, key, now) for event, key in self._keyring.events())
        yield from (statements.build(build.sha256, now) for build in self._builds)
        yield from (statements.notice(notice, now) for notice in site.notices.values())
