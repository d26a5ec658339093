"""What was shown, and time stamps, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_server.consent.stored import KeptNotice, Stamp
from consent_server.storage.connection import Connected
from consent_server.storage.tables import BuildRow, NoticeRow, StampRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consent_server.catalog.notice import Notice
    from consent_server.consent.stored import Build


class ShownStore(Connected):
    """See NoticeStore, BuildStore and StampStore."""

    def keep(self, site: str, notices: Iterable[Notice], now: int) -> None:
        """See NoticeStore.keep."""
        served = list(notices)
        with self._connected(), self._writing():
            for notice in served:
                self._keep_notice(site, notice, now)
            NoticeRow.update(replaced_at=now).where(
                (NoticeRow.site == site)
                & NoticeRow.replaced_at.is_null()
                & NoticeRow.sha256.not_in([notice.sha256 for notice in served])
            ).execute(self._database)

    def notice(self, site: str, sha256: str) -> KeptNotice | None:
        """See NoticeStore.notice."""
        query = NoticeRow.select().where((NoticeRow.site == site) & (NoticeRow.sha256 == sha256))
        with self._connected():
            row = query.first(self._database)
        return None if row is None else KeptNotice(bytes(row.canonical), row.first_served, row.replaced_at)

    def keep_build(self, build: Build, now: int) -> None:
        """See BuildStore.keep_build."""
        row = BuildRow.insert(
            sha256=build.sha256, content=build.content, first_served=now, main=int(build.main)
        )
        with self._connected(), self._writing():
            row.on_conflict_ignore().execute(self._database)

    def build(self, sha256: str) -> bytes | None:
        """See BuildStore.build."""
        with self._connected():
            row = BuildRow.select().where(BuildRow.sha256 == sha256).first(self._database)
        return None if row is None else bytes(row.content)

    def main_build_at(self, time: int) -> str | None:
        """See BuildStore.main_build_at."""
        query = (
            BuildRow.select(BuildRow.sha256)
            .where((BuildRow.main == 1) & (BuildRow.first_served <= time))
            .order_by(BuildRow.first_served.desc())
        )
        with self._connected():
            row = query.first(self._database)
        return None if row is None else str(row.sha256)

    def keep_stamp(self, site: str, stamp: Stamp) -> None:
        """See StampStore.keep_stamp."""
        row = StampRow.insert(
            site=site,
            size=stamp.size,
            checkpoint=stamp.checkpoint,
            response=stamp.response,
            time=stamp.time,
        )
        with self._connected(), self._writing():
            row.on_conflict_ignore().execute(self._database)

    def stamps(self, site: str) -> list[Stamp]:
        """See StampStore.stamps."""
        query = StampRow.select().where(StampRow.site == site).order_by(StampRow.size)
        with self._connected():
            return [_stamp(row) for row in query.execute(self._database)]

    def last_stamp(self, site: str) -> Stamp | None:
        """See StampStore.last_stamp."""
        query = StampRow.select().where(StampRow.site == site).order_by(StampRow.size.desc())
        with self._connected():
            row = query.first(self._database)
        return None if row is None else _stamp(row)

    def _keep_notice(self, site: str, notice: Notice, now: int) -> None:
        NoticeRow.insert(
            site=site,
            sha256=notice.sha256,
            language=notice.language,
            canonical=notice.canonical,
            first_served=now,
        ).on_conflict_ignore().execute(self._database)
        NoticeRow.update(replaced_at=None).where(
            (NoticeRow.site == site) & (NoticeRow.sha256 == notice.sha256)
        ).execute(self._database)


def _stamp(row: Any) -> Stamp:
    return Stamp(row.size, row.checkpoint, bytes(row.response), row.time)
