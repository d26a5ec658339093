"""Write the golden mirrors in tests/vectors/mirrors: some good, the others each named after its fault.

    python tests/vectors/make_mirrors.py

A mirror is what a log publishes (c2sp.org/tlog-tiles): checkpoint and tiles, here in a zip. Run again it
writes the same files. Keys and hashes are those of make.py; nothing here comes from the program.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

MIRRORS = Path(__file__).parent / "mirrors"
make = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("make.py"))))
Files = dict[str, bytes]
WIDTH, HASH = 256, 32
SIZE, EARLIER = 2 * WIDTH + 5, WIDTH + 3
# Few different leaves pack well.
LEAVES = [make.digest(f"leaf {number * number % 11}") for number in range(SIZE)]


def path(level: int, index: int, width: int) -> str:
    """Name a tile of a small log."""
    return f"tile/{level}/{index:03}" + (f".p/{width}" if width < WIDTH else "")


def mirror(leaves: list[bytes], *, narrower: tuple[int, ...] = ()) -> Files:
    """Make the mirror of a log; `narrower` are widths of its last tile that were fetched before."""
    files = {"checkpoint": make.LOG_KEY.note(len(leaves), make.tree(leaves)).encode()}
    level, row = 0, leaves
    while row:
        for index in range(-(-len(row) // WIDTH)):
            tile = row[index * WIDTH : (index + 1) * WIDTH]
            files[path(level, index, len(tile))] = b"".join(tile)
            for width in narrower if level == 0 and len(tile) < WIDTH else ():
                files[path(0, index, width)] = b"".join(tile[:width])
        full = len(row) // WIDTH
        level, row = level + 1, [make.tree(row[n * WIDTH : (n + 1) * WIDTH]) for n in range(full)]
    return files


GOOD = mirror(LEAVES)
FIRST, SECOND, LAST, TOP = (path(*tile) for tile in ((0, 0, WIDTH), (0, 1, WIDTH), (0, 2, 5), (1, 0, 2)))
OTHER = mirror([make.digest(f"leaf of another site {leaf[0] % 5}") for leaf in LEAVES])


def flipped(name: str, place: int) -> Files:
    """Change one bit of a file."""
    content = bytearray(GOOD[name])
    content[place] ^= 1
    return {**GOOD, name: bytes(content)}


def without(name: str, files: Files = GOOD) -> Files:
    """Leave a file out."""
    return {kept: content for kept, content in files.items() if kept != name}


def noted(**changes: object) -> Files:
    """Sign another checkpoint over the same tiles."""
    says = {"size": SIZE, "root": make.tree(LEAVES), **changes}
    return {**GOOD, "checkpoint": make.LOG_KEY.note(**says).encode()}


def altered(old: bytes, new: bytes) -> Files:
    """Alter the checkpoint after it was signed."""
    return {**GOOD, "checkpoint": GOOD["checkpoint"].replace(old, new)}


SIGNATURE = GOOD["checkpoint"].split(b" ")[-1]
MIRRORS_BY_NAME: dict[str, Files] = {
    "good": GOOD,
    "good_of_one_leaf": mirror(LEAVES[:1]),
    "good_of_one_tile": mirror(LEAVES[:WIDTH]),
    "good_with_narrower_tiles": mirror(LEAVES, narrower=(1, 4)),
    "hash_wrong_in_a_tile": flipped(FIRST, 40 * HASH),
    "hash_wrong_in_the_last_tile": flipped(LAST, 0),
    "hash_wrong_in_an_upper_tile": flipped(TOP, HASH + 7),
    "tile_truncated": {**GOOD, FIRST: GOOD[FIRST][:-HASH]},
    "tile_truncated_in_a_hash": {**GOOD, LAST: GOOD[LAST][:-1]},
    "tile_empty": {**GOOD, SECOND: b""},
    "tile_with_a_hash_too_many": {**GOOD, LAST: GOOD[LAST] + bytes(HASH)},
    "tile_missing": without(SECOND),
    "tile_at_the_wrong_index": {**GOOD, FIRST: GOOD[SECOND], SECOND: GOOD[FIRST]},
    "tile_at_the_wrong_level": {**GOOD, TOP: GOOD[LAST][: 2 * HASH]},
    "tile_of_another_site": {**GOOD, SECOND: OTHER[SECOND]},
    "tiles_of_another_site": {**OTHER, "checkpoint": GOOD["checkpoint"]},
    "partial_tile_of_another_width": {**without(LAST), path(0, 2, 4): GOOD[LAST][: 4 * HASH]},
    "partial_tile_wider_than_its_name": {**GOOD, path(0, 2, 3): GOOD[LAST][: 4 * HASH]},
    "partial_tile_that_is_no_beginning": {**GOOD, path(0, 2, 3): GOOD[LAST][HASH : 4 * HASH]},
    "tile_beyond_the_log": {**GOOD, path(0, 3, 1): bytes(HASH)},
    "file_that_is_no_tile": {**GOOD, "tile/0/1": b"x"},
    "checkpoint_missing": without("checkpoint"),
    "checkpoint_of_another_origin": noted(origin="consent.example/v1/elsewhere"),
    "checkpoint_of_another_size": noted(size=SIZE - 1),
    "checkpoint_of_another_root": noted(root=make.tree(LEAVES[:-1])),
    "checkpoint_of_another_key": {
        **GOOD,
        "checkpoint": make.OTHER_LOG_KEY.note(SIZE, make.tree(LEAVES)).encode(),
    },
    "checkpoint_altered": altered(b"517", b"516"),
    "checkpoint_with_another_signature": altered(SIGNATURE, SIGNATURE[:40] + b"AAAA" + SIGNATURE[44:]),
    "checkpoint_without_signature": {**GOOD, "checkpoint": GOOD["checkpoint"].partition("—".encode())[0]},
    "checkpoint_not_utf-8": altered(b"consent", b"\xffonsent"),
    # These agree with themselves: what finds them is the checkpoint of the last visit.
    "rolled_back": mirror(LEAVES[: EARLIER - 1]),
    "rolled_back_and_grown_again": mirror([*LEAVES[: EARLIER - 1], *LEAVES[:300]]),
}


def write(directory: Path) -> None:
    """Write all of them, and the checkpoint of an earlier visit."""
    for name, files in MIRRORS_BY_NAME.items():
        with ZipFile(directory / f"{name}.zip", "w", ZIP_DEFLATED) as archive:
            for file, content in files.items():
                archive.writestr(ZipInfo(file), content, ZIP_DEFLATED)
    last = make.LOG_KEY.note(EARLIER, make.tree(LEAVES[:EARLIER]))
    (directory / "last-visit.txt").write_text(last, encoding="utf-8")


if __name__ == "__main__":
    MIRRORS.mkdir(exist_ok=True)
    write(MIRRORS)
