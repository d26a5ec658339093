"""`consent-server catalog snapshot`, run as it is run, with a real browser."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from browser import chromium

from consent_server.assets import load
from consent_server.catalog.files import read_catalogs
from consent_server.catalog.notice import notices_of
from consent_server.cli.demo import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

CATALOG = shipped_catalog()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give a function that runs the command in a folder of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    found = chromium()
    environ |= {"CONSENT_BROWSER": str(found)} if found else {}
    folder = tmp_path_factory.mktemp("run")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "consent_server", "catalog", "snapshot", *words]
        return subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=180, check=False
        )

    return run


@pytest.fixture(scope="module")
def pictures(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a snapshot of the shipped catalog."""
    out = tmp_path_factory.mktemp("pictures") / "today"
    done = run(str(CATALOG), "--out", str(out))
    assert (done.returncode, done.stderr) == (0, "")
    assert "24 pictures" in done.stdout
    return out


@pytest.fixture(scope="module")
def index(pictures: Path) -> dict[str, Any]:
    """Give the snapshot's index."""
    found: dict[str, Any] = json.loads((pictures / "snapshot.json").read_text(encoding="utf-8"))
    return found


def size(png: bytes) -> tuple[int, int]:
    """Return the width and height of a PNG (W3C PNG, 11.2.2)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_every_picture_is_there_and_its_hash_holds(pictures: Path, index: dict[str, Any]) -> None:
    """Each language, device, scheme and view, and nothing else in the folder."""
    entries = index["pictures"]
    assert {file.name for file in pictures.iterdir()} == {"snapshot.json"} | {e["file"] for e in entries}
    for entry in entries:
        content = (pictures / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    kinds = {(e["language"], e["device"], e["scheme"], e["view"]) for e in entries}
    assert len(kinds) == len(entries) == 24


def test_each_picture_has_the_size_of_its_window(pictures: Path, index: dict[str, Any]) -> None:
    """A phone's or a desktop's; with every table open as long as it takes."""
    for entry in index["pictures"]:
        width, height = size((pictures / entry["file"]).read_bytes())
        expected = tuple(int(part) for part in entry["window"].split("x"))
        assert expected == ((390, 844) if entry["device"] == "phone" else (1280, 800))
        assert width == expected[0]
        assert height == expected[1] if entry["view"] != "details" else height > 2 * expected[1]


def test_no_two_pictures_are_the_same(index: dict[str, Any]) -> None:
    """Light differs from dark, and English from Lithuanian."""
    assert len({entry["sha256"] for entry in index["pictures"]}) == len(index["pictures"])


def test_the_index_names_what_was_shown(index: dict[str, Any]) -> None:
    """The time, the catalog's bytes, the notices, the widget and the browser."""
    notices = notices_of(read_catalogs(CATALOG)[0])
    assert index["site"] == "bacloud"
    assert index["catalog"]["sha256"] == hashlib.sha256(CATALOG.read_bytes()).hexdigest()
    assert index["notices"] == {
        language: {"sha256": notice.sha256, "revision": notice.revision}
        for language, notice in notices.items()
    }
    assert index["widget"] == {"sha256": load().build.sha256}
    assert re.fullmatch(r"[0-9.]+", index["browser"]["version"])
    age = datetime.now(UTC) - datetime.fromisoformat(index["time"])
    assert 0 <= age.total_seconds() < 600


def test_nothing_is_overwritten(run: Run, pictures: Path) -> None:
    """A folder that is there is refused in one sentence, and stays as it is."""
    before = {file.name: file.stat().st_mtime_ns for file in pictures.iterdir()}
    done = run(str(CATALOG), "--out", str(pictures))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{pictures} is there already: name a new folder with --out.\n"
    assert {file.name: file.stat().st_mtime_ns for file in pictures.iterdir()} == before


def test_one_language_into_the_dated_folder(run: Run) -> None:
    """Without --out the folder is named after the day."""
    done = run(str(CATALOG), "--language", "lt")
    assert done.returncode == 0
    assert re.search(r"12 pictures are in snapshots/\d{4}-\d\d-\d\d;", done.stdout)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([str(CATALOG), "--language", "xx"], "The catalog has no 'xx', only en, lt."),
        (["nowhere.toml"], "nowhere.toml cannot be read: No such file or directory."),
        (["."], ". holds several sites: name the file of one of them."),
    ],
)
def test_wrong_use_is_one_sentence(run: Run, words: list[str], says: str) -> None:
    """Exit 2, and what to do instead."""
    done = run(*words, "--out", "never")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{says}\n")


def test_a_flaw_of_the_catalog_is_named_in_its_own_file(run: Run, tmp_path: Path) -> None:
    """With its line, and no folder is begun."""
    catalog = tmp_path / "wrong.toml"
    text = CATALOG.read_text(encoding="utf-8").replace('jurisdiction = "EU"', 'jurisdicton = "EU"')
    catalog.write_text(text, encoding="utf-8")
    done = run(str(catalog), "--out", str(tmp_path / "never"))
    assert done.returncode == 2
    assert done.stderr.startswith(f"{catalog}:")
    assert not (tmp_path / "never").exists()
