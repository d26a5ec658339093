"""The log's tree: its roots and proofs against published data, a naive reference and random damage."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import tiles
from consent_server.evidence.merkle import (
    SIZE_LIMIT,
    hash_leaf,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from consent_server.evidence.tiles import Tile

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "certificate_transparency.json").read_text("utf-8")
)
ALL = 70
BOUNDARIES = [1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537]
LEAVES = [hash_leaf(str(number).encode()) for number in range(max(BOUNDARIES) + 1)]


TREE = tiles.append(lambda _: {}, 0, LEAVES)


def read(_: Collection[Tile]) -> Mapping[Tile, bytes]:
    """Read the tiles of a tree of every leaf."""
    return TREE.changed


@cache
def naive_root(start: int, end: int) -> bytes:
    """Compute the root over a range of leaves as RFC 6962, 2.1 defines it."""
    if end - start < 2:
        return LEAVES[start] if end > start else hashlib.sha256(b"").digest()
    middle = naive_middle(start, end)
    both = b"\x01" + naive_root(start, middle) + naive_root(middle, end)
    return hashlib.sha256(both).digest()


def naive_middle(start: int, end: int) -> int:
    """Divide a range after the largest power of two that is smaller than it."""
    power = 1
    while power * 2 < end - start:
        power *= 2
    return start + power


def naive_path(index: int, start: int, end: int) -> list[bytes]:
    """Compute an inclusion proof as RFC 6962, 2.1.1 defines it."""
    if end - start == 1:
        return []
    middle = naive_middle(start, end)
    if index < middle:
        return [*naive_path(index, start, middle), naive_root(middle, end)]
    return [*naive_path(index, middle, end), naive_root(start, middle)]


def naive_subproof(old: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """Compute a consistency proof as RFC 6962, 2.1.2 defines it."""
    if old == end:
        return [] if known else [naive_root(start, end)]
    middle = naive_middle(start, end)
    if old <= middle:
        return [*naive_subproof(old, start, middle, known=known), naive_root(middle, end)]
    return [*naive_subproof(old, middle, end, known=False), naive_root(start, middle)]


def published_tree(size: int) -> tiles.Appended:
    """Build the tree of the first published leaves."""
    leaves = [hash_leaf(bytes.fromhex(leaf)) for leaf in PUBLISHED["leaves"][:size]]
    return tiles.append(lambda _: {}, 0, leaves)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    """The published leaves of Certificate Transparency give the published roots."""
    assert published_tree(size).root.hex() == PUBLISHED["roots"][size]


@pytest.mark.parametrize("case", PUBLISHED["inclusion"], ids=lambda case: f"{case['index']}of{case['size']}")
def test_inclusion_proofs_are_the_published_ones(case: dict[str, Any]) -> None:
    """The published inclusion proofs are made, and verify."""
    made = published_tree(8)
    path = tiles.inclusion(lambda _: made.changed, case["index"], case["size"])
    assert [value.hex() for value in path] == case["path"]
    leaf = hash_leaf(bytes.fromhex(PUBLISHED["leaves"][case["index"]]))
    verify_inclusion(leaf, case["index"], case["size"], path, bytes.fromhex(PUBLISHED["roots"][case["size"]]))


@pytest.mark.parametrize("case", PUBLISHED["consistency"], ids=lambda case: f"{case['old']}to{case['new']}")
def test_consistency_proofs_are_the_published_ones(case: dict[str, Any]) -> None:
    """The published consistency proofs are made, and verify."""
    made = published_tree(8)
    path = tiles.consistency(lambda _: made.changed, case["old"], case["new"])
    assert [value.hex() for value in path] == case["path"]
    old, new = (bytes.fromhex(PUBLISHED["roots"][case[name]]) for name in ("old", "new"))
    verify_consistency(case["old"], case["new"], old, new, path)


def test_every_inclusion_proof_of_small_trees_is_right_and_fits_one_leaf() -> None:
    """Up to 70 leaves each proof is the reference's, verifies, and verifies for no other index or leaf."""
    for size in range(1, ALL + 1):
        root = naive_root(0, size)
        assert tiles.root(read, size) == root
        for index in range(size):
            path = tiles.inclusion(read, index, size)
            assert path == naive_path(index, 0, size)
            verify_inclusion(LEAVES[index], index, size, path, root)
            for other in {0, index - 1, index + 1, index ^ 2, size - 1, size, size + 1} - {index}:
                refuse_inclusion(LEAVES[index], other, size, path, root)
            refuse_inclusion(LEAVES[index + 1], index, size, path, root)


def test_every_consistency_proof_of_small_trees_is_right() -> None:
    """Up to 70 leaves each proof is the reference's, verifies, and does not verify another old root."""
    for new in range(ALL + 1):
        for old in range(new + 1):
            path = tiles.consistency(read, old, new)
            assert path == (naive_subproof(old, 0, new, known=True) if old else [])
            roots = naive_root(0, old), naive_root(0, new)
            verify_consistency(old, new, *roots, path)
            refuse_consistency(old, new, bytes(32), roots[1], path)
            refuse_consistency(old, new, *roots, [*path, LEAVES[0]])
            if old:
                refuse_consistency(old, new, roots[0], naive_root(1, new + 1), path)


@pytest.mark.parametrize("size", BOUNDARIES)
def test_trees_at_the_edges_of_tiles(size: int) -> None:
    """Where a tile begins or ends, roots and proofs hold as everywhere."""
    root = naive_root(0, size)
    assert tiles.root(read, size) == root
    for index in {0, size // 2, size - 1}:
        path = tiles.inclusion(read, index, size)
        assert path == naive_path(index, 0, size)
        verify_inclusion(LEAVES[index], index, size, path, root)
    for old in [number for number in BOUNDARIES if number <= size]:
        path = tiles.consistency(read, old, size)
        assert path == naive_subproof(old, 0, size, known=True)
        verify_consistency(old, size, naive_root(0, old), root, path)


@settings(deadline=None)
@given(st.data())
def test_any_damage_of_a_proof_is_refused(data: st.DataObject) -> None:
    """One bit, one hash more, less or elsewhere, and neither kind of proof verifies."""
    new = data.draw(st.integers(2, 70_000).map(lambda size: min(size, len(LEAVES))))
    old = data.draw(st.integers(1, new - 1))
    index, root = old, tiles.root(read, new)
    path = tiles.inclusion(read, index, new)
    kept, damaged = data.draw(damages([LEAVES[index], root, *path], fixed=2))
    verify_inclusion(kept[0], index, new, kept[2:], kept[1])
    refuse_inclusion(damaged[0], index, new, damaged[2:], damaged[1])
    path = tiles.consistency(read, old, new)
    kept, damaged = data.draw(damages([tiles.root(read, old), root, *path], fixed=2))
    verify_consistency(old, new, kept[0], kept[1], kept[2:])
    refuse_consistency(old, new, damaged[0], damaged[1], damaged[2:])


@st.composite
def damages(draw: st.DrawFn, hashes: list[bytes], fixed: int) -> tuple[list[bytes], list[bytes]]:
    """Draw a damaged copy of a list of hashes whose first `fixed` keep their places."""
    damaged = list(hashes)
    place = draw(st.integers(0, len(hashes) - 1))
    kind = draw(st.sampled_from(["flip", "cut", "drop", "repeat", "swap"]))
    if kind == "cut":
        damaged[place] = damaged[place][: draw(st.integers(0, 31))]
    elif kind == "drop" and place >= fixed:
        del damaged[place]
    elif kind == "repeat":
        damaged.insert(max(place, fixed), damaged[place])
    elif kind == "swap" and fixed <= place < len(hashes) - 1:
        damaged[place : place + 2] = damaged[place : place + 2][::-1]
    else:
        bit = draw(st.integers(0, 255))
        damaged[place] = (int.from_bytes(damaged[place]) ^ (1 << bit)).to_bytes(32)
    return hashes, damaged


def refuse_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """Assert that an inclusion proof is refused."""
    with pytest.raises(EvidenceInvalid):
        verify_inclusion(leaf, index, size, path, root)


def refuse_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> None:
    """Assert that a consistency proof is refused."""
    with pytest.raises(EvidenceInvalid):
        verify_consistency(old, new, old_root, new_root, path)


@pytest.mark.parametrize(
    ("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, -1), (2**64, 2**65), (0, SIZE_LIMIT), (1 << 14_000, 1)]
)
def test_a_place_that_no_tree_has_is_refused_in_plain_words(index: int, size: int) -> None:
    """Negative, empty and huge trees, and indices outside, are refused, not computed with."""
    with pytest.raises(EvidenceInvalid, match="tree"):
        verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])
    with pytest.raises(EvidenceInvalid, match="tree"):
        tiles.inclusion(read, index, size)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (3, 2, "shrunk"),
        (-1, 2, "no size"),
        (0, -1, "no size"),
        (1, SIZE_LIMIT, "no size"),
        (3, 5, "empty"),
        (0, 5, "empty tree"),
        (5, 5, "Two roots"),
    ],
)
def test_a_growth_that_cannot_be_is_refused_in_plain_words(old: int, new: int, words: str) -> None:
    """A log that shrank, forked or shows nothing is named so."""
    with pytest.raises(EvidenceInvalid, match=words):
        verify_consistency(old, new, LEAVES[0], LEAVES[1], [])
    if words in {"shrunk", "no size"}:
        with pytest.raises(EvidenceInvalid, match=words):
            tiles.consistency(read, old, new)


def test_pymerkle_agrees() -> None:
    """An implementation by others finds the same roots."""
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle, an independent tree, is not installed")
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(300):
        tree.append_entry(str(number).encode())
        assert tree.get_root() == tiles.root(read, number + 1)
