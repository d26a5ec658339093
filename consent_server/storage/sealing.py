"""The sealed log as rows, and the one transaction that seals."""

from __future__ import annotations

from dataclasses import fields
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from peewee import EXCLUDED, chunked

from consent_server.consent.stored import Erasure, LogState, Tally, Waiting
from consent_server.evidence.tiles import Tile
from consent_server.storage.tables import (
    ErasureRow,
    LeafRow,
    LogRow,
    PositionRow,
    TallyRow,
    TileRow,
    UnsealedRow,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from peewee import Database

    from consent_server.consent.ports import StateErasures
    from consent_server.consent.stored import Leaf

_ROWS = 200
"""Rows a statement: SQLite takes some thousands of parameters, older ones fewer."""


def read_log(database: Database, site: str) -> LogState | None:
    """Return how far a log is sealed."""
    row = LogRow.select().where(LogRow.site == site).first(database)
    if row is None:
        return None
    return LogState(row.origin, row.size, bytes(row.root), row.checkpoint, row.sealed_at)


def create_log(database: Database, site: str, state: LogState) -> None:
    """Create a log where there is none."""
    LogRow.insert(
        site=site,
        origin=state.origin,
        size=state.size,
        root=state.root,
        checkpoint=state.checkpoint,
        sealed_at=state.sealed_at,
    ).on_conflict_ignore().execute(database)


def read_tiles(database: Database, site: str, wanted: Collection[Tile]) -> dict[Tile, bytes]:
    """Return the hashes of the tiles that there are, one query a level."""
    found: dict[Tile, bytes] = {}
    for level in {tile.level for tile in wanted}:
        indices = [tile.index for tile in wanted if tile.level == level]
        query = TileRow.select().where(
            (TileRow.site == site) & (TileRow.level == level) & TileRow.tile_index.in_(indices)
        )
        for row in query.execute(database):
            found[Tile(level, row.tile_index)] = bytes(row.hashes)
    return found


def read_tallies(database: Database, site: str, first: int, last: int) -> dict[Tally, int]:
    """Return the counts of a range of days."""
    columns = TallyRow.day, TallyRow.respect, TallyRow.value, TallyRow.receipts
    query = TallyRow.select(*columns).where((TallyRow.site == site) & TallyRow.day.between(first, last))
    # A year has thousands of rows of plain values: peewee's own look at each takes longer than all else.
    rows = database.execute(query).fetchall()
    return {Tally(day, respect, value): receipts for day, respect, value, receipts in rows}


def state_erasures(
    database: Database, site: str, state: StateErasures, record: Callable[[Leaf], object]
) -> None:
    """Let `state` make the statements of all erasures of sealed leaves, and record them."""
    erased = _erasures(database, site)
    if not erased:
        return
    for statement in state(erased):
        record(statement)
    for part in chunked([erasure.id.bytes for erasure, _ in erased], _ROWS):
        _delete(database, ErasureRow, site, part)


def _waiting(row: tuple[Any, ...]) -> Waiting:
    leaf_id, leaf_hash, *described, gpc = row
    members: list[Any] = [UUID(bytes=bytes(leaf_id)), bytes(leaf_hash), *described, bool(gpc)]
    return Waiting(*members)


def _erasures(database: Database, site: str) -> list[tuple[Erasure, int]]:
    query = (
        ErasureRow.select(ErasureRow.id, ErasureRow.reason, ErasureRow.time, PositionRow.leaf_index)
        .join(PositionRow, on=(PositionRow.site == ErasureRow.site) & (PositionRow.id == ErasureRow.id))
        .where(ErasureRow.site == site)
    )
    # Sorted here: to save itself the sorting, SQLite would walk over every position of the log.
    rows = sorted(query.tuples().execute(database), key=itemgetter(3))
    return [
        (Erasure(UUID(bytes=bytes(leaf_id)), reason, time), index) for leaf_id, reason, time, index in rows
    ]


def _delete(database: Database, table: Any, site: str, ids: Sequence[bytes]) -> None:
    table.delete().where((table.site == site) & table.id.in_(list(ids))).execute(database)


class SqlSealing:
    """See Sealing. Lives inside a write transaction that somebody else opened and will commit.

    `record` stores a leaf within that transaction.
    """

    def __init__(
        self, database: Database, site: str, state: LogState, record: Callable[[Leaf], object]
    ) -> None:
        self._database = database
        self._site = site
        self._record = record
        self.state = state

    def waiting(self, limit: int) -> list[Waiting]:
        """See Sealing.waiting."""
        query = (
            UnsealedRow.select(*(getattr(LeafRow, column.name) for column in fields(Waiting)))
            .join(LeafRow, on=(LeafRow.site == UnsealedRow.site) & (LeafRow.id == UnsealedRow.id))
            .where(UnsealedRow.site == self._site)
            .order_by(UnsealedRow.id)
            .limit(limit)
        )
        # Plain values: peewee's own look at each takes longer than all else.
        return [_waiting(row) for row in self._database.execute(query).fetchall()]

    def read(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """See Sealing.read."""
        return read_tiles(self._database, self._site, wanted)

    def append(self, ids: Sequence[UUID], changed: Mapping[Tile, bytes], state: LogState) -> None:
        """See Sealing.append."""
        for start in range(0, len(ids), _ROWS):
            part = [leaf_id.bytes for leaf_id in ids[start : start + _ROWS]]
            self._place(self.state.size + start, part)
            self._take_away(part)
        self._write_tiles(changed)
        LogRow.update(
            size=state.size, root=state.root, checkpoint=state.checkpoint, sealed_at=state.sealed_at
        ).where(LogRow.site == self._site).execute(self._database)
        self.state = state

    def count(self, tallies: Mapping[Tally, int]) -> None:
        """See Sealing.count."""
        rows = [
            {"site": self._site, **tally._asdict(), "receipts": receipts}
            for tally, receipts in tallies.items()
        ]
        for part in chunked(rows, _ROWS):
            TallyRow.insert_many(part).on_conflict(
                conflict_target=[TallyRow.site, TallyRow.day, TallyRow.respect, TallyRow.value],
                update={TallyRow.receipts: TallyRow.receipts + EXCLUDED.receipts},
            ).execute(self._database)

    def state_erasures(self, state: StateErasures) -> None:
        """See Sealing.state_erasures."""
        state_erasures(self._database, self._site, state, self._record)

    # Plain SQL in these two: the ORM takes three times as long to write the statements as SQLite to run them.

    def _place(self, first: int, ids: Sequence[bytes]) -> None:
        mark = self._database.param
        rows = ", ".join([f"({mark}, {mark}, {mark})"] * len(ids))
        values = chain.from_iterable((self._site, index, one) for index, one in enumerate(ids, first))
        self._database.execute_sql(
            f"INSERT INTO position (site, leaf_index, id) VALUES {rows}",  # noqa: S608 - marks alone
            tuple(values),
        )

    def _take_away(self, ids: Sequence[bytes]) -> None:
        mark = self._database.param
        marks = ", ".join([mark] * len(ids))
        self._database.execute_sql(
            f"DELETE FROM unsealed WHERE site = {mark} AND id IN ({marks})",  # noqa: S608 - marks alone
            (self._site, *ids),
        )

    def _write_tiles(self, changed: Mapping[Tile, bytes]) -> None:
        rows = [
            {"site": self._site, "level": tile.level, "tile_index": tile.index, "hashes": hashes}
            for tile, hashes in changed.items()
        ]
        TileRow.insert_many(rows).on_conflict(
            conflict_target=[TileRow.site, TileRow.level, TileRow.tile_index],
            preserve=[TileRow.hashes],
        ).execute(self._database)
