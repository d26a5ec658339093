"""What was erased is gone from PostgreSQL's own files."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from consent_server.consent.stored import EraseOrder
from consent_server.storage.postgresql import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster import Postgres

    from consent_server.consent.stored import Leaf


def holds(server: Postgres, leaf: Leaf) -> bool:
    """Tell whether a table's file has the content of a leaf; the server's log and backups keep it longer."""
    server.execute("CHECKPOINT")
    assert leaf.jws is not None
    files = (path for path in (server.data / "base").rglob("*") if path.is_file())
    return any(leaf.jws.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_erased_receipt_is_gone_from_the_tables_files(
    pair: tuple[Postgres, Postgres], replicated: PostgresqlStore, new_leaf: Callable[..., Leaf], place: int
) -> None:
    """Wherever on its page it was, once the store was scrubbed; its neighbours are there."""
    primary, _ = pair
    assert replicated.is_prepared()
    with closing(PostgresqlStore(primary.url)) as store:
        leaves = [store.record(new_leaf()) for _ in range(5)]
        erased = leaves.pop(place)
        assert store.erase("shop", EraseOrder("operator", 0, ids=(erased.id,)), lambda _: []) == [erased.id]
        assert holds(primary, erased)
        store.scrub()
        assert not holds(primary, erased)
        assert all(holds(primary, leaf) for leaf in leaves)
