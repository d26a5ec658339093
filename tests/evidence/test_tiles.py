"""The log's tree in storage: appending, reading little, noticing damage, and the paths of tiles."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import tiles
from consent_server.evidence.merkle import (
    EMPTY_ROOT,
    hash_leaf,
    hash_node,
    verify_consistency,
    verify_inclusion,
)
from consent_server.evidence.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LEAVES = [hash_leaf(str(number).encode()) for number in range(65_602)]


class Store:
    """Tiles in memory that count how they are read."""

    def __init__(self) -> None:
        self.tiles: dict[Tile, bytes] = {}
        self.size = 0
        self.root = EMPTY_ROOT
        self.reads: list[int] = []

    def read(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """Read tiles, as storage would with one query."""
        self.reads.append(len(wanted))
        return {tile: self.tiles[tile] for tile in wanted if tile in self.tiles}

    def append(self, leaves: list[bytes]) -> None:
        """Append leaves and store what changed; a tile's beginning must stay."""
        appended = tiles.append(self.read, self.size, leaves)
        for tile, content in appended.changed.items():
            assert content.startswith(self.tiles.get(tile, b""))
            self.tiles[tile] = content
        self.size, self.root = appended.size, appended.root


@pytest.fixture(scope="module")
def store() -> Store:
    """Give the store of a tree of every leaf, appended at once."""
    made = Store()
    made.append(LEAVES)
    return made


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 65535, 65536, 65537])
def test_appending_at_the_edges_of_tiles(store: Store, size: int) -> None:
    """Where a tile begins or ends, the tree grows as everywhere and stores just its tiles."""
    grown = Store()
    grown.append(LEAVES[:size])
    for batch in (1, 0, 64):
        grown.append(LEAVES[grown.size : grown.size + batch])
        assert grown.root == tiles.root(store.read, grown.size)
        widths = {tile: tiles.width_of(tile, grown.size) for tile in store.tiles}
        assert {tile: len(content) // 32 for tile, content in grown.tiles.items()} == {
            tile: width for tile, width in widths.items() if width
        }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 700), max_size=12))
def test_batches_give_the_same_tree_as_one_append(batches: list[int]) -> None:
    """However leaves are portioned out, root and tiles are the same."""
    portioned, whole = Store(), Store()
    for batch in batches:
        portioned.append(LEAVES[portioned.size : portioned.size + batch])
    whole.append(LEAVES[: sum(batches)])
    assert portioned.root == whole.root
    assert portioned.tiles == whole.tiles


def test_a_proof_reads_a_handful_of_tiles_at_once(store: Store) -> None:
    """A proof or an append costs one read, of the tiles on the way and on the edge."""
    for work in (
        lambda: tiles.inclusion(store.read, 30_000, 65_537),
        lambda: tiles.consistency(store.read, 30_000, 65_000),
        lambda: tiles.append(store.read, store.size, LEAVES[:64]),
    ):
        store.reads.clear()
        work()
        assert len(store.reads) == 1
        assert store.reads[0] <= 6


def test_ten_thousand_leaves_are_appended_well_within_a_second() -> None:
    """The sealer's cost is small: 10,000 leaves in batches of 64 (measured: 20 ms)."""
    made = Store()
    start = time.perf_counter()
    while made.size < 10_000:
        made.append(LEAVES[made.size : min(made.size + 64, 10_000)])
    assert time.perf_counter() - start < 1
    assert made.size == 10_000


@pytest.mark.parametrize("size", [2**40, 2**40 - 1, 2**39 + 2**20 + 3])
def test_a_trillion_leaves_work(size: int) -> None:
    """Trees to 2^40, here of equal leaves and made up as they are read, give proofs and grow."""
    levels = [LEAVES[0]]
    for _ in range(48):
        levels.append(hash_node(levels[-1], levels[-1]))

    def read(wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        return {tile: levels[8 * tile.level] * tiles.width_of(tile, size) for tile in wanted}

    root = tiles.root(read, size)
    assert root == levels[40] or size != 2**40
    verify_inclusion(LEAVES[0], size - 5, size, tiles.inclusion(read, size - 5, size), root)
    old = size // 3
    verify_consistency(old, size, tiles.root(read, old), root, tiles.consistency(read, old, size))
    appended = tiles.append(read, size, [LEAVES[0]] * 300)
    assert appended.size == size + 300
    assert len(appended.changed) <= 2 * 6


def test_storage_that_lost_or_gained_something_is_noticed() -> None:
    """A tile that is gone, cut or longer than the tree says is reported; nothing is built upon it."""
    whole = Store()
    whole.append(LEAVES[:600])
    edge = Tile(0, 2)
    for content in (b"", whole.tiles[edge][:-32], whole.tiles[edge][:-1], whole.tiles[edge] + bytes(32)):
        whole.tiles[edge] = content
        with pytest.raises(EvidenceInvalid, match=r"damaged: .*tile/0/002"):
            tiles.append(whole.read, 600, LEAVES[:1])
    whole.tiles[edge] = b"".join(LEAVES[512:599])
    with pytest.raises(EvidenceInvalid, match=r"damaged: tile/0/002"):
        tiles.root(whole.read, 600)
    with pytest.raises(EvidenceInvalid, match=r"tile/0/000"):
        tiles.append(whole.read, 0, LEAVES[:1])


def test_what_cannot_be_appended_is_refused(store: Store) -> None:
    """A leaf hash of another length, or a tree of impossible size, never reaches storage."""
    with pytest.raises(EvidenceInvalid, match="31 bytes"):
        tiles.append(store.read, store.size, [LEAVES[0], LEAVES[1][:31]])
    for size in (-1, 2**63):
        with pytest.raises(EvidenceInvalid, match="tree size"):
            tiles.append(store.read, size, LEAVES[:1])


@pytest.mark.parametrize(
    ("tile", "width", "path"),
    [
        (Tile(0, 0), 256, "tile/0/000"),
        (Tile(0, 1234067), 256, "tile/0/x001/x234/067"),
        (Tile(0, 1234), 5, "tile/0/x001/234.p/5"),
        (Tile(1, 999), 255, "tile/1/999.p/255"),
        (Tile(5, 1000), 1, "tile/5/x001/000.p/1"),
        (Tile(63, 2**62), 256, "tile/63/x004/x611/x686/x018/x427/x387/904"),
    ],
)
def test_each_tile_has_one_path(tile: Tile, width: int, path: str) -> None:
    """Paths are those of c2sp.org/tlog-tiles, there and back."""
    assert tiles.path(tile, width) == path
    assert tiles.parse_path(path) == (tile, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/",
        "tile/0/000\n",
        "/tile/0/000",
        "tile/0/\u0660\u0660\u0660",
        "tile/entries/000",
        "tile/0/" + "x001/" * 5000 + "000",
    ],
)
def test_a_path_of_no_tile_is_refused(path: str) -> None:
    """Another spelling is another resource: it is refused, not guessed at."""
    with pytest.raises(EvidenceInvalid, match="no path of a tile"):
        tiles.parse_path(path)


def test_widths_are_those_of_the_specification() -> None:
    """A tree of 70,000 leaves has the tiles that c2sp.org/tlog-tiles counts for it."""
    ends = [Tile(0, 272), Tile(0, 273), Tile(0, 274), Tile(1, 0), Tile(1, 1), Tile(2, 0), Tile(3, 0)]
    assert [tiles.width_of(tile, 70_000) for tile in ends] == [256, 112, 0, 256, 17, 1, 0]
