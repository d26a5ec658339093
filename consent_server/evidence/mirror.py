"""Verification of a mirror: the public files of a log as anyone fetches them (c2sp.org/tlog-tiles).

A mirror is a folder with the file `checkpoint`, and the tiles in the folder `tile`, each under its own path.
It has no receipts; it shows that the hashes a server published are those under its signed checkpoint, and,
with an earlier checkpoint, that the log only grew. Entry bundles are not published, and not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import tiles
from consent_server.evidence.export import open_note
from consent_server.evidence.merkle import HASH_BYTES, check_growth
from consent_server.evidence.tiles import HEIGHT, WIDTH, Tile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from consent_server.evidence.checkpoint import Checkpoint
    from consent_server.evidence.export import Trust

CHECKPOINT, TILES = "checkpoint", "tile"
_LARGEST = 1 << 17
"""Bytes that are read of a file: a checkpoint may have 128 KiB, a tile has 8."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror that was verified: its checkpoint, the signed note that it stands in, and its tiles."""

    checkpoint: Checkpoint
    note: str
    tiles: int


def verify_mirror(folder: Path, trust: Trust) -> Mirror:
    """Verify a mirror, with the log's key that the auditor holds. Raises EvidenceInvalid, naming the file.

    The top of the tree is compared with the signed root, and then each tile with the one above it: so a tile
    that differs is itself the one that is wrong.
    """
    note = _note(folder)
    try:
        checkpoint = open_note(note, trust.log_key)
        since = open_note(trust.since, trust.log_key) if trust.since else None
        check_growth(since.size if since else 0, checkpoint.size)
    except EvidenceInvalid as error:
        raise EvidenceInvalid(f"{CHECKPOINT}: {error.detail}") from None
    mirrored = _Tiles(folder, checkpoint.size)
    if tiles.root(mirrored.read, checkpoint.size) != checkpoint.root:
        raise EvidenceInvalid(
            "The tiles on the edge of the tree do not have the root that the checkpoint states."
        )
    count = sum(1 for _ in _check_downwards(mirrored))
    if since and tiles.root(mirrored.read, since.size) != since.root:
        raise EvidenceInvalid(f"The first {since.size} leaves are not those of your checkpoint.")
    _check_others(folder, mirrored)
    return Mirror(checkpoint, note, count)


class _Tiles:
    """The tiles of a mirror of `size` leaves."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size

    def read(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """Read tiles; each must be there, and as wide as it is in the tree."""
        return {tile: self.hashes(tile) for tile in wanted}

    def hashes(self, tile: Tile) -> bytes:
        """Read one tile."""
        width = tiles.width_of(tile, self.size)
        path = tiles.path(tile, width)
        content = _content(self.folder, path)
        if len(content) != width * HASH_BYTES:
            raise EvidenceInvalid(
                f"{path}: It has {len(content)} bytes, and {width} hashes have {width * HASH_BYTES}."
            )
        return content

    def level(self, level: int) -> Iterator[Tile]:
        """Yield the tiles of a level, left to right."""
        hashes = self.size >> HEIGHT * level
        yield from (Tile(level, index) for index in range(-(-hashes // WIDTH)))


def _check_downwards(mirrored: _Tiles) -> Iterator[Tile]:
    """Yield every tile once it agrees with the one above it; those of the edge agree with the root."""
    top = max(0, mirrored.size.bit_length() - 1) // HEIGHT
    for level in range(top, -1, -1):
        for tile in mirrored.level(level):
            hashes = mirrored.hashes(tile)
            if len(hashes) == WIDTH * HASH_BYTES:
                above, place = divmod(tile.index, WIDTH)
                start = place * HASH_BYTES
                said = mirrored.hashes(Tile(level + 1, above))[start : start + HASH_BYTES]
                if tiles.tile_root(hashes) != said:
                    raise EvidenceInvalid(
                        f"{tiles.path(tile)}: It is not the tile that stands there in this log."
                    )
            yield tile


def _check_others(folder: Path, mirrored: _Tiles) -> None:
    """Check what else is there: narrower tiles, which were fetched when the log was shorter."""
    for file in sorted((folder / TILES).rglob("*")):
        if file.is_dir():
            continue
        path = file.relative_to(folder).as_posix()
        try:
            tile, width = tiles.parse_path(path)
        except EvidenceInvalid as error:
            raise EvidenceInvalid(f"{path}: {error.detail}") from None
        if width > tiles.width_of(tile, mirrored.size):
            raise EvidenceInvalid(f"{path}: The log of this checkpoint is not that large.")
        if _content(folder, path) != mirrored.hashes(tile)[: width * HASH_BYTES]:
            raise EvidenceInvalid(
                f"{path}: It is not the beginning of the tile that stands there in this log."
            )


def _note(folder: Path) -> str:
    try:
        return _content(folder, CHECKPOINT).decode("utf-8")
    except UnicodeDecodeError:
        raise EvidenceInvalid(f"{CHECKPOINT}: It is not text.") from None


def _content(folder: Path, path: str) -> bytes:
    try:
        with (folder / path).open("rb") as file:
            return file.read(_LARGEST + 1)
    except OSError:
        raise EvidenceInvalid(f"{path}: It is missing, or cannot be read.") from None
