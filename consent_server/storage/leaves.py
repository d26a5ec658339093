"""Leaves as rows: the insert that both databases share, and what reads and erases them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from peewee import JOIN, fn

from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import LegalHold
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.storage.tables import ErasureRow, HoldRow, LeafRow, PositionRow, UnsealedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from peewee import Database

    from consent_server.consent.stored import EraseOrder, Filter

WINDOW = 2000
"""Leaves that one filtered page looks at, at the most."""

_DISORDER = 10 * 60 * 1000
"""Milliseconds by which the order of the log may differ from that of ids: sealing lags, clocks differ."""

_COLUMNS = (
    "site",
    "id",
    "type",
    "key",
    "time",
    "jws",
    "leaf_hash",
    "body",
    "subject",
    "state",
    "method",
    "language",
    "notice",
    "granted",
    "gpc",
)


@lru_cache(maxsize=128)
def insert_sql(mark: str, rows: int) -> str:
    """Return the insert that leaves earlier rows of the same keys alone. `mark` is as `marks` has it."""
    # Plain SQL: the ORM costs about 0.2 ms more a request on this, the hottest path.
    return (
        f"INSERT INTO leaf ({', '.join(_COLUMNS)}) "  # noqa: S608 - only our own names
        f"VALUES {marks(mark, rows, len(_COLUMNS))} ON CONFLICT (site, key) DO NOTHING"
    )


@lru_cache(maxsize=256)
def marks(mark: str, rows: int, columns: int) -> str:
    """Return the marks of an insert's values: `mark` is ?, or ${} where each has its number."""
    numbers = iter(range(1, rows * columns + 1))
    return ", ".join(
        f"({', '.join(mark.format(next(numbers)) for _ in range(columns))})" for _ in range(rows)
    )


def values_of(leaf: Leaf) -> tuple[Any, ...]:
    """Return a leaf's values in the order of the insert."""
    return (
        leaf.site,
        leaf.id.bytes,
        leaf.type,
        leaf.key,
        leaf.time,
        leaf.jws,
        leaf.leaf_hash,
        leaf.body,
        leaf.subject,
        leaf.state,
        leaf.method,
        leaf.language,
        leaf.notice,
        leaf.granted,
        int(leaf.gpc),
    )


def find_key(database: Database, site: str, key: bytes, *, lock: bool = False) -> Leaf | None:
    """Return the leaf that a key has, without its index, and `lock` its row."""
    query = LeafRow.select().where((LeafRow.site == site) & (LeafRow.key == key))
    row = query.for_update(lock).first(database)
    return None if row is None else _leaf(row)


def find(database: Database, site: str, leaf_id: UUID) -> Leaf | None:
    """Return a leaf by its id, with its index."""
    query = _placed().where((LeafRow.site == site) & (LeafRow.id == leaf_id.bytes))
    return next(_leaves(query.objects().execute(database)), None)


def sealed(database: Database, site: str, start: int, limit: int) -> list[Leaf]:
    """Return up to `limit` leaves from the index `start` on."""
    query = _in_order(site).where(PositionRow.leaf_index >= start).limit(limit)
    return list(_leaves(query.objects().execute(database)))


def receipts(
    database: Database, site: str, start: int, limit: int, wanted: Filter
) -> tuple[list[Leaf], int | None]:
    """Return receipts that agree with a filter, and the index to go on from."""
    if wanted.subject is not None or wanted.id is not None:
        return _few(database, site, start, limit, wanted)
    end = start + WINDOW
    query = _in_order(site).where(
        (PositionRow.leaf_index >= start) & (PositionRow.leaf_index < end), *_conditions(wanted)
    )
    found = list(_leaves(query.limit(limit + 1).objects().execute(database)))
    if len(found) > limit:
        return found[:limit], found[limit].index
    size = PositionRow.select(fn.MAX(PositionRow.leaf_index)).where(PositionRow.site == site).scalar(database)
    return found, end if size is not None and size >= end else None


def _few(
    database: Database, site: str, start: int, limit: int, wanted: Filter
) -> tuple[list[Leaf], int | None]:
    """Look for them by the index on subjects or ids: they are few, and anywhere in the log."""
    asked = (LeafRow.site == site, *_conditions(wanted))
    rows = _placed(LeafRow.id).where(*asked).tuples().execute(database)
    # Sorted here: to save itself the sorting, SQLite would walk over the log.
    places = sorted((index, leaf_id) for leaf_id, index in rows if index is not None and index >= start)
    ids = [leaf_id for _, leaf_id in places[:limit]]
    if not ids:
        return [], None
    found = _leaves(_placed().where(LeafRow.site == site, LeafRow.id.in_(ids)).objects().execute(database))
    following = places[limit][0] if len(places) > limit else None
    return sorted(found, key=lambda leaf: leaf.index or 0), following


def first_since(database: Database, site: str, since: int) -> int:
    """Return an index before which no receipt is as new as `since` (Unix milliseconds)."""
    oldest = uuid7(max(0, since - _DISORDER)).bytes[:6] + bytes(10)
    query = (
        PositionRow.select(PositionRow.leaf_index)
        .where((PositionRow.site == site) & (PositionRow.id >= oldest))
        .order_by(PositionRow.id)
        .limit(1)
    )
    return int(query.scalar(database) or 0)


def old(database: Database, site: str, before: int, limit: int) -> list[UUID]:
    """Return receipts older than `before` that have content and are not held."""
    newest = uuid7(max(0, before)).bytes[:6] + bytes(10)
    held = HoldRow.select(HoldRow.id).where((HoldRow.site == site) & (HoldRow.until > before))
    query = (
        LeafRow.select(LeafRow.id)
        .where((LeafRow.site == site) & (LeafRow.id < newest) & (LeafRow.type == RECEIPT_TYPE))
        .where(LeafRow.jws.is_null(False) & LeafRow.id.not_in(held))
        .order_by(LeafRow.id)
        .limit(limit)
    )
    return [UUID(bytes=bytes(row.id)) for row in query.execute(database)]


def unsealed(database: Database, site: str, after: UUID | None, limit: int) -> list[Leaf]:
    """Return up to `limit` leaves without an index after the id `after`, in order of id."""
    query = (
        UnsealedRow.select(LeafRow)
        .join(LeafRow, on=(LeafRow.site == UnsealedRow.site) & (LeafRow.id == UnsealedRow.id))
        .where(UnsealedRow.site == site)
        .order_by(UnsealedRow.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(UnsealedRow.id > after.bytes)
    return list(_leaves(query.objects().execute(database)))


def erase(database: Database, site: str, order: EraseOrder) -> list[UUID]:
    """Blank the content of the receipts that `order` names, each noted as to be stated. Return which."""
    chosen = (LeafRow.site == site) & LeafRow.jws.is_null(False) & (LeafRow.type == RECEIPT_TYPE)
    if order.subject is not None:
        chosen &= LeafRow.subject == order.subject
    if order.ids is not None:
        chosen &= LeafRow.id.in_([leaf_id.bytes for leaf_id in order.ids])
    ids = [row.id for row in LeafRow.select(LeafRow.id).where(chosen).execute(database)]
    _refuse_held(database, site, ids, order.time)
    blank = {"subject": b"", "state": "", "method": "", "language": "", "notice": "", "granted": ""}
    for leaf_id in ids:
        ErasureRow.insert(site=site, id=leaf_id, reason=order.reason, time=order.time).execute(database)
        LeafRow.update(jws=None, gpc=0, **blank).where(
            (LeafRow.site == site) & (LeafRow.id == leaf_id)
        ).execute(database)
    return [UUID(bytes=bytes(leaf_id)) for leaf_id in ids]


def _refuse_held(database: Database, site: str, ids: list[bytes], now: int) -> None:
    query = HoldRow.select().where((HoldRow.site == site) & HoldRow.id.in_(ids) & (HoldRow.until > now))
    if query.exists(database):
        raise LegalHold("A legal hold keeps this receipt from being erased for now.")


def _in_order(site: str) -> Any:
    return (
        PositionRow.select(LeafRow, PositionRow.leaf_index)
        .join(LeafRow, on=(LeafRow.site == PositionRow.site) & (LeafRow.id == PositionRow.id))
        .where(PositionRow.site == site)
        .order_by(PositionRow.leaf_index)
    )


def _conditions(wanted: Filter) -> list[Any]:
    return [
        LeafRow.type == RECEIPT_TYPE,
        *([LeafRow.time >= wanted.since] if wanted.since is not None else []),
        *([LeafRow.time < wanted.until] if wanted.until is not None else []),
        *([LeafRow.state == wanted.state] if wanted.state is not None else []),
        *([LeafRow.granted.contains(f" {wanted.granted} ")] if wanted.granted is not None else []),
        *([LeafRow.subject == wanted.subject] if wanted.subject is not None else []),
        *([LeafRow.id == wanted.id.bytes] if wanted.id is not None else []),
    ]


def _placed(columns: Any = LeafRow) -> Any:
    return LeafRow.select(columns, PositionRow.leaf_index).join(
        PositionRow,
        JOIN.LEFT_OUTER,
        on=(PositionRow.site == LeafRow.site) & (PositionRow.id == LeafRow.id),
    )


def _leaves(rows: Iterable[Any]) -> Iterator[Leaf]:
    return map(_leaf, rows)


def _leaf(row: Any) -> Leaf:
    return Leaf(
        site=row.site,
        id=UUID(bytes=bytes(row.id)),
        type=row.type,
        key=bytes(row.key),
        time=row.time,
        jws=row.jws,
        leaf_hash=bytes(row.leaf_hash),
        body=bytes(row.body),
        subject=bytes(row.subject),
        state=row.state,
        method=row.method,
        language=row.language,
        notice=row.notice,
        granted=row.granted,
        gpc=bool(row.gpc),
        index=getattr(row, "leaf_index", None),
    )
