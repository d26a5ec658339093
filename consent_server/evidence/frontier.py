"""The right edge of a growing tree: its root from O(log n) hashes, without storing the tree."""

from __future__ import annotations

from functools import reduce

from consent_server.evidence.merkle import EMPTY_ROOT, check_hashes, hash_node


class Frontier:
    """The right edge of a growing tree: gives its root while keeping O(log n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def add(self, leaf_hash: bytes) -> None:
        """Append a leaf by its hash. Raises EvidenceInvalid unless it has 32 bytes."""
        check_hashes(leaf_hash)
        joined = leaf_hash
        for _ in range((~self.size & (self.size + 1)).bit_length() - 1):
            joined = hash_node(self._peaks.pop(), joined)
        self._peaks.append(joined)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        if not self._peaks:
            return EMPTY_ROOT
        return reduce(lambda right, left: hash_node(left, right), reversed(self._peaks))
