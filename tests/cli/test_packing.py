"""A pack verifies by our command and by its own script, and both find what was changed in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from authority import found, listening
from commands import command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent_server.app import Server
    from consent_server.catalog.notice import Notice
    from consent_server.settings import Settings

TOOLS = ("openssl", "jose", "python3", "sh")


def run(settings: Settings, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program on the same catalog and database as the server fixture."""
    environ = {"CONSENT_CATALOG": str(settings.catalog), "CONSENT_DATA_DIR": str(settings.data_dir)}
    return command(*words, environ=environ | more)


def verify_alone(pack: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Unpack, and run the script that comes with it, knowing nothing of this project."""
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(into)
    path = os.pathsep.join({os.path.dirname(shutil.which(tool) or "") for tool in TOOLS})  # noqa: PTH120
    return subprocess.run(
        ["sh", "verify.sh"],
        cwd=into,
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_pack_brings_a_fresh_time_stamp_where_there_is_an_authority(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    """It is verified with the authority's root; where the authority is silent the pack is made without."""
    server.seal()
    answer, root = found(tmp_path / "tsa")
    (tmp_path / "root.pem").write_bytes(root)
    file = tmp_path / "stamped.zip"
    words = ("pack", "--site", "shop", "-o", str(file))
    silent = run(settings, *words, CONSENT_TSA_URL="http://127.0.0.1:9/")
    assert (silent.returncode, "does not answer" in silent.stderr) == (0, True)
    with listening(answer) as url:
        assert run(settings, *words, CONSENT_TSA_URL=url).returncode == 0
    done = run(settings, "verify", str(file), "--tsa-roots", str(tmp_path / "root.pem"))
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^The first \d+ leaves were stamped at \d{4}-[-0-9]+ [0-9:]+ UTC\.$", done.stdout, re.MULTILINE
    )
    assert "by whom: see --tsa-roots" in run(settings, "verify", str(file)).stdout


def test_pictures_of_a_snapshot_go_into_the_pack(
    server: Server, settings: Settings, notices: dict[str, Notice], tmp_path: Path
) -> None:
    """Those that the folder's index names; a folder without one is refused in plain words."""
    server.seal()
    folder = tmp_path / "2027-01-01"
    folder.mkdir()
    words = ("pack", "--site", "shop", "--pictures", str(folder), "-o", str(tmp_path / "pack.zip"))
    none = run(settings, *words)
    assert (none.returncode, "snapshot.json cannot be read" in none.stderr) == (2, True)
    (folder / "en-phone-light-banner.png").write_bytes(b"picture")
    (folder / "notes.txt").write_text("not part of it")
    index = {
        "schema": "consent-snapshot/1",
        "site": "shop",
        "notices": {"en": {"sha256": notices["en"].sha256}},
        "pictures": [{"file": "en-phone-light-banner.png", "sha256": hashlib.sha256(b"picture").hexdigest()}],
    }
    (folder / "snapshot.json").write_text(json.dumps(index))
    assert run(settings, *words).returncode == 0
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        held = {name for name in archive.namelist() if name.startswith("pictures/")}
    assert held == {"pictures/1/snapshot.json", "pictures/1/en-phone-light-banner.png"}
    assert run(settings, "verify", str(tmp_path / "pack.zip")).returncode == 0


@pytest.fixture
def pack(
    server: Server,
    settings: Settings,
    post: Callable[..., Any],
    decide: Callable[..., Any],
    client: Any,
    tmp_path: Path,
) -> Path:
    """Give a pack of three receipts, one of them erased."""
    mine, *_ = (post(decide()).json for _ in range(3))
    server.seal()
    headers = {"Origin": "https://shop.example", "Authorization": f"Bearer {mine['token']}"}
    client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers)
    server.seal()
    path = tmp_path / "pack.zip"
    packed = run(settings, "pack", "--site", "shop", "-o", str(path))
    assert packed.returncode == 0, packed.stderr
    return path


def test_a_pack_verifies_with_our_command(pack: Path, settings: Settings) -> None:
    """The receipts that are there, and the log as a whole."""
    result = run(settings, "verify", str(pack))
    assert result.returncode == 0, result.stderr
    assert "2 receipts verified: 2 partial." in result.stdout
    assert re.search(r"is complete to \d+ leaves", result.stdout)


@pytest.mark.needs(*TOOLS)
def test_a_pack_verifies_by_itself_with_stock_tools(pack: Path, tmp_path: Path) -> None:
    """openssl, jose and Python's standard library are enough."""
    result = verify_alone(pack, tmp_path / "alone")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 receipts verified: 2 partial." in result.stdout


@pytest.mark.needs(*TOOLS)
@pytest.mark.parametrize("name", ["leaves.ndjson", "checkpoint.txt", "keys/jwks.json", "manifest.json"])
def test_a_changed_file_is_found_by_both(pack: Path, settings: Settings, tmp_path: Path, name: str) -> None:
    """Exit 1 and a sentence, never a traceback."""
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(pack) as source, zipfile.ZipFile(damaged, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == name:
                middle = len(content) // 2
                content = content[:middle] + b"#" + content[middle + 1 :]
            target.writestr(entry, content)
    ours, alone = run(settings, "verify", str(damaged)), verify_alone(damaged, tmp_path / "alone")
    assert (ours.returncode, alone.returncode) == (1, 1), ours.stderr + alone.stderr
    assert "Traceback" not in ours.stderr + alone.stderr
