"""The Merkle tree of RFC 6962: its hashes, and the verification of proofs (RFC 9162, section 2.1).

Every hash is 32 bytes of SHA-256. Trees are given by their size, the number of leaves; indices count from 0.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HASH_BYTES = 32
"""Size of every hash in the tree."""

SIZE_LIMIT = 2**63
"""No log is this large; a number from here on is refused before any arithmetic is done with it."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of the tree without leaves."""


def hash_leaf(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf at `index` of the tree of `size` and `root` is `leaf_hash` (RFC 9162, 2.1.3.2).

    `path` runs from the leaf's sibling up. Raises EvidenceInvalid.
    """
    check_index(index, size)
    check_hashes(leaf_hash, root, *path)
    climbed = leaf_hash
    for sibling, on_left in _climb(index, size - 1, path):
        climbed = hash_node(sibling, climbed) if on_left else hash_node(climbed, sibling)
    if climbed != root:
        raise EvidenceInvalid("The proof leads from this leaf to another root: the leaf is not in this tree.")


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the new tree begins with all the leaves of the old one (RFC 9162, 2.1.4.2).

    The empty tree is the beginning of every tree, and `path` is empty where nothing has to be shown:
    from the empty tree, or to a tree of the same size. Raises EvidenceInvalid.
    """
    check_growth(old_size, new_size)
    check_hashes(old_root, new_root, *path)
    if old_size in {0, new_size}:
        _check_trivial(old_size, new_size, old_root, new_root, path)
        return
    if not path:
        raise EvidenceInvalid("The proof is empty, but the tree has grown.")
    # A subtree that holds the whole old tree is named by the old root, which the path then leaves out.
    nodes = [old_root, *path] if old_size.bit_count() == 1 else path
    height = (old_size & -old_size).bit_length() - 1
    old = new = nodes[0]
    for sibling, on_left in _climb((old_size - 1) >> height, (new_size - 1) >> height, nodes[1:]):
        old = hash_node(sibling, old) if on_left else old
        new = hash_node(sibling, new) if on_left else hash_node(new, sibling)
    if old != old_root:
        raise EvidenceInvalid("The proof does not lead to the old root.")
    if new != new_root:
        raise EvidenceInvalid("The proof does not lead to the new root: the log did not only grow.")


def check_index(index: int, size: int) -> None:
    """Raise EvidenceInvalid unless a tree of `size` leaves can exist and has a leaf at `index`."""
    check_size(size)
    if not 0 <= index < size:
        raise EvidenceInvalid("The leaf's index is outside the tree.")


def check_growth(old_size: int, new_size: int) -> None:
    """Raise EvidenceInvalid unless a tree of `old_size` leaves can have grown to `new_size`."""
    check_size(old_size)
    check_size(new_size)
    if old_size > new_size:
        raise EvidenceInvalid(f"The log has shrunk: it had {old_size} leaves and now has {new_size}.")


def check_size(size: int) -> None:
    """Raise EvidenceInvalid unless a tree can have `size` leaves."""
    if not 0 <= size < SIZE_LIMIT:
        raise EvidenceInvalid("The tree size is no size that a log can have.")


def check_hashes(*hashes: bytes) -> None:
    """Raise EvidenceInvalid unless each hash has 32 bytes."""
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise EvidenceInvalid(f"A hash has {len(value)} bytes where it must have {HASH_BYTES}.")


def _check_trivial(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check the cases of consistency that need no path."""
    if path:
        raise EvidenceInvalid("The proof must be empty: there is nothing to show.")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise EvidenceInvalid("The old root is not the root of the empty tree.")
    if old_size == new_size and old_root != new_root:
        raise EvidenceInvalid("Two roots for one tree size: the log was changed.")


def _climb(index: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each sibling on the way from node `index` to the root, and whether it stands on the left.

    `last` is the index of the last node on the same level. Raises EvidenceInvalid where the path is longer
    or shorter than the way.
    """
    for sibling in path:
        if last == 0:
            raise EvidenceInvalid("The proof is longer than the tree is high.")
        on_left = bool(index & 1) or index == last
        if on_left:
            # The last node of an odd row has no sibling there: it rises until it has one on its left.
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        yield sibling, on_left
        index, last = index >> 1, last >> 1
    if last:
        raise EvidenceInvalid("The proof is shorter than the tree is high.")
