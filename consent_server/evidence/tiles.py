"""The log's tree cut into tiles (c2sp.org/tlog-tiles): appending, roots and proofs from few reads.

A tile holds up to 256 hashes of 32 bytes, concatenated. Level 0 holds leaf hashes; a hash on level n + 1 is
the root of a full tile on level n. A stored tile grows in place and its beginning never changes, so that one
stored tile serves every tree size. Where tiles are stored is the caller's business:

    appended = append(read, 0, [hash_leaf(b"one"), hash_leaf(b"two")])   # store appended.changed
    hashes = inclusion(read, 1, appended.size)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    check_growth,
    check_hashes,
    check_index,
    check_size,
    hash_node,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEIGHT = 8
"""Levels of the tree in one tile."""

WIDTH = 1 << HEIGHT
"""Hashes in a full tile."""

_TILE_BYTES = WIDTH * HASH_BYTES
_LEVELS = 64
_GROUP = 1000
# Seven groups of digits hold every index below SIZE_LIMIT.
_PATH = re.compile(r"tile/(0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Where a tile stands: its level, 0 for leaf hashes, and its index on that level."""

    level: int
    index: int


Read: TypeAlias = Callable[[Collection[Tile]], Mapping[Tile, bytes]]
"""Reads stored tiles, all in one call. A tile that is not stored is left out of the answer."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The tree after an append, and the new content of each tile that changed."""

    size: int
    root: bytes
    changed: Mapping[Tile, bytes]


def append(read: Read, size: int, leaf_hashes: Sequence[bytes]) -> Appended:
    """Append leaves to the tree of `size`, reading only the unfinished tiles on its right edge.

    The caller must let nobody else append meanwhile, and must store `changed` as a whole or not at all.
    Raises EvidenceInvalid where a stored edge tile does not hold exactly what a tree of `size` has.
    """
    check_size(size)
    check_hashes(*leaf_hashes)
    edge = _read_edge(read, size)
    changed: dict[Tile, bytes] = {}
    level, risen = 0, b"".join(leaf_hashes)
    while risen:
        first = size >> HEIGHT * (level + 1)
        row = edge.get(Tile(level, first), b"") + risen
        cut = [row[start : start + _TILE_BYTES] for start in range(0, len(row), _TILE_BYTES)]
        changed.update({Tile(level, first + number): content for number, content in enumerate(cut)})
        risen = b"".join(tile_root(content) for content in cut if len(content) == _TILE_BYTES)
        level += 1
    grown = size + len(leaf_hashes)
    return Appended(grown, root(lambda _: {**edge, **changed}, grown), changed)


def root(read: Read, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves: 32 bytes. Raises EvidenceInvalid."""
    check_size(size)
    return _range_roots(read, [(0, size)])[0] if size else EMPTY_ROOT


def inclusion(read: Read, index: int, size: int) -> list[bytes]:
    """Return the proof that leaf `index` is in the tree of the first `size` leaves (RFC 9162, 2.1.3.1).

    It runs from the leaf's sibling up. Raises EvidenceInvalid for a leaf or a tile that is not there.
    """
    check_index(index, size)
    siblings = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return _range_roots(read, siblings[::-1])


def consistency(read: Read, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of `old` leaves is the beginning of that of `new` (RFC 9162, 2.1.4.1).

    It is empty from the empty tree, and to a tree of the same size. Raises EvidenceInvalid.
    """
    check_growth(old, new)
    if old in {0, new}:
        return []
    ranges = []
    start, end = 0, new
    while old != end:
        middle = _split(start, end)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    # A last range from 0 is the whole old tree, whose root the verifier has.
    last = [(start, end)] if start else []
    return _range_roots(read, last + ranges[::-1])


def width_of(tile: Tile, size: int) -> int:
    """Return how many hashes `tile` holds in the tree of `size` leaves: 0 to 256."""
    return min(WIDTH, max(0, (size >> HEIGHT * tile.level) - WIDTH * tile.index))


def path(tile: Tile, width: int = WIDTH) -> str:
    """Return the URL path of a tile's first `width` hashes, below the log's own: `tile/0/x001/234.p/5`."""
    number, rest = divmod(tile.index, _GROUP)
    index = f"{rest:03}"
    while number:
        number, rest = divmod(number, _GROUP)
        index = f"x{rest:03}/{index}"
    return f"tile/{tile.level}/{index}" + (f".p/{width}" if width < WIDTH else "")


def parse_path(text: str) -> tuple[Tile, int]:
    """Return the tile and width that a path names; each has one path only. Raises EvidenceInvalid."""
    found = _PATH.fullmatch(text)
    if found:
        level, index, width = found.groups()
        tile = Tile(int(level), int(index.replace("/", "").replace("x", "")))
        named = tile, int(width or WIDTH)
        if tile.level < _LEVELS and path(*named) == text:
            return named
    raise EvidenceInvalid("This is no path of a tile, such as tile/0/x001/234 or tile/0/005.p/17.")


def _split(start: int, end: int) -> int:
    """Return where the tree over a range divides: after the largest power of two below its size."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _range_roots(read: Read, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the root over each range of leaves, reading all tiles at once."""
    places = [[_place(*subtree) for subtree in _subtrees(start, end)] for start, end in ranges]
    wanted = {tile for found in places for tile, _, _ in found}
    tiles = read(wanted) if wanted else {}
    return [_joined([_subtree_root(tiles, *place) for place in found]) for found in places]


def _subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the perfect subtrees of a range, left to right: height, and index among those of that height."""
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _place(height: int, index: int) -> tuple[Tile, int, int]:
    """Return the tile that holds a perfect subtree's hashes, the number of the first, and how many."""
    level, above = divmod(height, HEIGHT)
    tile_index, first = divmod(index << above, WIDTH)
    return Tile(level, tile_index), first, 1 << above


def _subtree_root(tiles: Mapping[Tile, bytes], tile: Tile, first: int, count: int) -> bytes:
    hashes = tiles.get(tile, b"")[first * HASH_BYTES : (first + count) * HASH_BYTES]
    if len(hashes) != count * HASH_BYTES:
        raise EvidenceInvalid(f"The log is damaged: {path(tile)} is missing or too short.")
    return tile_root(hashes)


def tile_root(hashes: bytes) -> bytes:
    """Return the root over a power of two of concatenated hashes: of a full tile, what stands above it."""
    pair = 2 * HASH_BYTES
    while len(hashes) > HASH_BYTES:
        # hash_node written out: this is where an append spends its time.
        hashes = b"".join(
            hashlib.sha256(b"\x01" + hashes[start : start + pair]).digest()
            for start in range(0, len(hashes), pair)
        )
    return hashes


def _joined(roots: list[bytes]) -> bytes:
    """Join perfect subtrees, largest first, into the root over all of them."""
    return reduce(lambda right, left: hash_node(left, right), reversed(roots))


def _read_edge(read: Read, size: int) -> Mapping[Tile, bytes]:
    """Read the tiles where the tree of `size` goes on, checking that they end where it ends.

    A tile that is still to begin is read too: found begun, it tells of an append that this one knows not.
    """
    levels = range(1 + size.bit_length() // HEIGHT)
    widths = {tile: width_of(tile, size) for tile in (Tile(n, size >> HEIGHT * (n + 1)) for n in levels)}
    stored = read(widths.keys())
    for tile, width in widths.items():
        found = len(stored.get(tile, b""))
        if found != width * HASH_BYTES:
            raise EvidenceInvalid(
                f"The log is damaged: in a tree of {size} leaves {path(tile)} has {width} hashes "
                f"of {HASH_BYTES} bytes, but {found} bytes are stored."
            )
    return {tile: stored[tile] for tile in widths if tile in stored}
