"""Packs on the command line: written by an operator, verified by an auditor."""

from __future__ import annotations

import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from commands import command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from consent_server.app import Server
    from consent_server.settings import Settings

    Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(settings: Settings, tmp_path: Path) -> Run:
    """Give a function that runs the program in a folder, on the database of the server fixture."""
    environ = {"CONSENT_CATALOG": str(settings.catalog), "CONSENT_DATA_DIR": str(settings.data_dir)}

    return partial(command, environ=environ, folder=tmp_path)


@pytest.mark.parametrize(
    ("dates", "held"),
    [
        ((), "all leaves of"),
        (("--from", "2020-01-01", "--to", "2999-01-01"), "leaves 0 to"),
        (("--to", "2020-01-01"), "leaves 0 to 0 of"),
    ],
)
def test_a_pack_is_written_and_verifies(
    run: Run,
    server: Server,
    post: Callable[..., Any],
    decide: Callable[..., Any],
    tmp_path: Path,
    dates: tuple[str, ...],
    held: str,
) -> None:
    """In one command each, whole or by dates; nobody but its owner can read the file."""
    post(decide())
    server.seal()
    packed = run("pack", "--site", "shop", *dates, "-o", "pack.zip")
    assert (packed.returncode, packed.stderr) == (0, "")
    assert held in packed.stdout
    assert (tmp_path / "pack.zip").stat().st_mode & 0o777 == 0o600
    verified = run("verify", "pack.zip")
    assert verified.returncode == 0, verified.stderr
    assert "receipts verified" in verified.stdout


def test_a_damaged_pack_exits_1_and_says_where(
    run: Run, server: Server, post: Callable[..., Any], decide: Callable[..., Any], tmp_path: Path
) -> None:
    """One file in it, and the archive itself."""
    post(decide())
    server.seal()
    assert run("pack", "--site", "shop", "-o", "pack.zip").returncode == 0
    with zipfile.ZipFile(tmp_path / "pack.zip") as whole, zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
        for name in whole.namelist():
            bad.writestr(name, whole.read(name) + (b" " if name == "checkpoint.txt" else b""))
    data = (tmp_path / "pack.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    for name, words in (("bad.zip", "checkpoint.txt: It was changed"), ("cut.zip", "no whole archive")):
        found = run("verify", name)
        assert (found.returncode, words in found.stderr) == (1, True), found.stderr
        assert "Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--site", "typo", "-o", "pack.zip"), "Nothing was ever recorded for a site 'typo'"),
        (("--site", "shop", "-o", "pack.zip"), "has no checkpoint yet"),
        (("--site", "shop", "--from", "soon", "-o", "pack.zip"), "is not a date"),
        (
            ("--site", "shop", "--from", "2027-01-02", "--to", "2027-01-02", "-o", "pack.zip"),
            "must be before",
        ),
        (("--site", "shop"), "--output"),
    ],
)
def test_a_pack_that_cannot_be_made_is_refused(
    run: Run, server: Server, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Exit 2, one sentence, and no file."""
    server.close()  # before its sealer makes a checkpoint
    refused = run("pack", *words)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "pack.zip").exists()


def test_a_pack_that_cannot_be_written_is_refused(run: Run, server: Server) -> None:
    """The folder is named."""
    server.seal()
    refused = run("pack", "--site", "shop", "-o", "nowhere/pack.zip")
    assert (refused.returncode, "nowhere/pack.zip cannot be written" in refused.stderr) == (2, True)
