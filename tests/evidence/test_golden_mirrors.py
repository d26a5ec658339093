"""Golden mirrors, good and damaged and named after their fault: each damaged one is found, and named.

They were written once by tests/vectors/make_mirrors.py, which knows the formats and nothing of the program.
"""

from __future__ import annotations

import re
import runpy
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from consent_server.cli import main

if TYPE_CHECKING:
    from click.testing import Result

VECTORS = Path(__file__).parent.parent / "vectors"
MIRRORS = VECTORS / "mirrors"
KEY = ("--log-key", str(VECTORS / "exports" / "test-log-key.txt"))
SINCE = ("--since", str(MIRRORS / "last-visit.txt"))
EDGE = "The tiles on the edge of the tree do not have the root that the checkpoint states"
OTHER = "It is not the tile that stands there in this log"
GOOD = {
    "good": "517 leaves",
    "good_of_one_leaf": "1 leaves",
    "good_of_one_tile": "256 leaves",
    "good_with_narrower_tiles": "517 leaves",
}
DAMAGED = {
    "checkpoint_altered": "checkpoint: The signature by consent.example/v1/shop does not match",
    "checkpoint_missing": "checkpoint: It is missing",
    "checkpoint_not_utf-8": "checkpoint: It is not text",
    "checkpoint_of_another_key": "checkpoint: No known key has signed",
    "checkpoint_of_another_origin": "checkpoint: The checkpoint is of the log 'consent.example/v1/elsewhere'",
    "checkpoint_of_another_root": EDGE,
    "checkpoint_of_another_size": "tile/0/002.p/4: It is missing",
    "checkpoint_with_another_signature": "checkpoint: The signature by .* does not match",
    "checkpoint_without_signature": "checkpoint: The note has no signatures",
    "file_that_is_no_tile": "tile/0/1: This is no path of a tile",
    "hash_wrong_in_a_tile": f"tile/0/000: {OTHER}",
    "hash_wrong_in_an_upper_tile": EDGE,
    "hash_wrong_in_the_last_tile": EDGE,
    "partial_tile_of_another_width": "tile/0/002.p/5: It is missing",
    "partial_tile_that_is_no_beginning": "tile/0/002.p/3: It is not the beginning of the tile",
    "partial_tile_wider_than_its_name": "tile/0/002.p/3: It is not the beginning of the tile",
    "tile_at_the_wrong_index": f"tile/0/000: {OTHER}",
    "tile_at_the_wrong_level": EDGE,
    "tile_beyond_the_log": "tile/0/003.p/1: The log of this checkpoint is not that large",
    "tile_empty": "tile/0/001: It has 0 bytes, and 256 hashes have 8192",
    "tile_missing": "tile/0/001: It is missing",
    "tile_of_another_site": f"tile/0/001: {OTHER}",
    "tile_truncated": "tile/0/000: It has 8160 bytes, and 256 hashes have 8192",
    "tile_truncated_in_a_hash": "tile/0/002.p/5: It has 159 bytes, and 5 hashes have 160",
    "tile_with_a_hash_too_many": "tile/0/002.p/5: It has 192 bytes",
    "tiles_of_another_site": EDGE,
}
# These agree with themselves: only the checkpoint of the last visit finds them.
SINCE_LAST_VISIT = {
    "rolled_back": "checkpoint: The log has shrunk: it had 259 leaves",
    "rolled_back_and_grown_again": "The first 259 leaves are not those of your checkpoint",
}


def verify(name: str, folder: Path, *options: str) -> Result:
    """Run `consent-server verify` on a golden mirror."""
    with zipfile.ZipFile(MIRRORS / f"{name}.zip") as archive:
        archive.extractall(folder)
    return CliRunner().invoke(main, ["verify", str(folder), *options])


def names(result: Result, words: str) -> None:
    """Assert that a command failed as a verification fails, in exactly one line of these words."""
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert re.fullmatch(f"({words}).*\n", result.stderr)


@pytest.mark.parametrize("name", list(GOOD))
def test_a_good_mirror_verifies(name: str, tmp_path: Path) -> None:
    """With narrower tiles of earlier days too, and as the growth of an earlier checkpoint."""
    since = SINCE if GOOD[name] == "517 leaves" else ()
    kept = tmp_path / "kept.txt"
    result = verify(name, tmp_path / "mirror", *KEY, *since, "--save-checkpoint", str(kept))
    assert (result.exit_code, result.exception) == (0, None)
    assert f"is complete to {GOOD[name]}." in result.stdout
    assert ("It grew from your checkpoint." in result.stdout) == bool(since)
    assert kept.read_bytes() == (tmp_path / "mirror" / "checkpoint").read_bytes()


@pytest.mark.parametrize("name", list(DAMAGED))
def test_a_damaged_mirror_is_found_and_named(name: str, tmp_path: Path) -> None:
    """Exit 1, and one line on standard error that says which tile and what; never a traceback."""
    names(verify(name, tmp_path, *KEY), DAMAGED[name])


@pytest.mark.parametrize("name", list(SINCE_LAST_VISIT))
def test_a_mirror_that_did_not_only_grow_is_found(name: str, tmp_path: Path) -> None:
    """It verifies by itself, and not against the checkpoint of the last visit."""
    assert verify(name, tmp_path, *KEY).exit_code == 0
    names(verify(name, tmp_path, *KEY, *SINCE), SINCE_LAST_VISIT[name])


def test_a_mirror_is_not_verified_without_a_key(tmp_path: Path) -> None:
    """Nothing in it says by whom it is: the command was used wrongly."""
    result = verify("good", tmp_path)
    assert result.exit_code == 2
    assert "--log-key" in result.stderr


def test_every_bit_of_the_tiles_counts(tmp_path: Path) -> None:
    """Wherever a byte of any tile is altered, the mirror does not hold."""
    verify("good", tmp_path)
    for file in sorted((tmp_path / "tile").rglob("*")):
        content = file.read_bytes() if file.is_file() else b""
        for place in range(0, len(content), max(1, len(content) // 7)):
            file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            assert CliRunner().invoke(main, ["verify", str(tmp_path), *KEY]).exit_code == 1, (file, place)
        if content:
            file.write_bytes(content)


def test_the_golden_mirrors_are_those_that_make_mirrors_writes(tmp_path: Path) -> None:
    """Every file is tested, and none was altered by hand."""
    runpy.run_path(str(VECTORS / "make_mirrors.py"))["write"](tmp_path)
    assert {path.stem for path in MIRRORS.glob("*.zip")} == {*GOOD, *DAMAGED, *SINCE_LAST_VISIT}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in MIRRORS.iterdir()}
    for path in MIRRORS.glob("*.zip"):
        with zipfile.ZipFile(path) as here, zipfile.ZipFile(tmp_path / path.name) as made:
            assert {name: here.read(name) for name in here.namelist()} == {
                name: made.read(name) for name in made.namelist()
            }
