"""Writing the inclusion proofs of many leaves: neighbours share nearly all of their hashes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from consent_server.evidence.merkle import HASH_BYTES, hash_node
from consent_server.evidence.tiles import HEIGHT, WIDTH, Tile, inclusion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from consent_server.evidence.tiles import Read


def proof_lines(read: Read, indices: Iterable[int], size: int) -> Iterator[str]:
    """Yield the line of `proofs.ndjson` for each index, in the tree of the first `size` leaves.

    Raises EvidenceInvalid for a leaf or a tile that is not there.
    """
    known = -1
    rows: list[list[bytes]] = []
    above: list[bytes] = []
    for index in indices:
        number, place = divmod(index, WIDTH)
        if (number + 1) * WIDTH > size:
            yield _line(index, inclusion(read, index, size))
            continue
        if number != known:
            above = inclusion(read, index, size)[HEIGHT:]
            rows, known = _rows(read({Tile(0, number)})[Tile(0, number)]), number
        inside = [row[place >> level ^ 1] for level, row in enumerate(rows)]
        yield _line(index, [*inside, *above])


def encode(hashes: Iterable[bytes]) -> list[str]:
    """Return hashes as base64."""
    return [base64.b64encode(value).decode() for value in hashes]


def _line(index: int, hashes: Iterable[bytes]) -> str:
    return json.dumps({"index": index, "hashes": encode(hashes)}, separators=(",", ":"))


def _rows(tile: bytes) -> list[list[bytes]]:
    """Return the rows of the tree over a full tile, from its leaves up to the two nodes below its root."""
    rows = [[tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]]
    while len(rows) < HEIGHT:
        row = rows[-1]
        rows.append([hash_node(row[place], row[place + 1]) for place in range(0, len(row), 2)])
    return rows
