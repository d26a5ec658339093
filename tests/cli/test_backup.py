"""A backup brings back what was there, nothing that was erased, and is verified before it counts."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from commands import command

from consent_server.app import build_server
from consent_server.consent.stored import EraseOrder
from consent_server.erasures import ErasureFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent_server.app import Server
    from consent_server.settings import Settings

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Post = Callable[..., Any]

ORIGIN = "https://shop.example"


def environ(settings: Settings) -> dict[str, str]:
    """Return where the server's catalog and data are."""
    return {"CONSENT_CATALOG": str(settings.catalog), "CONSENT_DATA_DIR": str(settings.data_dir)}


@pytest.fixture
def run(settings: Settings) -> Run:
    """Give a function that runs the program on the server's settings."""
    return lambda *words, **more: command(*words, environ=environ(settings) | more)


@pytest.fixture
def run_alone(settings: Settings) -> Run:
    """Give a function that runs it in a process of its own: a process has one set of locks on a file."""

    def run_alone(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
        return subprocess.run(
            [sys.executable, "-m", "consent_server", *map(str, words)],
            env=inherited | environ(settings) | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run_alone


def files(folder: Path) -> dict[str, bytes]:
    """Read every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def erase(server: Server, mine: dict[str, str]) -> None:
    """Erase a receipt as its holder."""
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {mine['token']}"}
    answer = server.app.test_client().delete(f"/v1/shop/receipts/{mine['id']}", headers=headers)
    assert answer.status_code == 200


@pytest.fixture
def backup(
    server: Server, run_alone: Run, post: Post, decide: Callable[..., Any], tmp_path: Path
) -> tuple[Path, list[dict[str, str]]]:
    """Give a backup of four sealed receipts, one of them erased, and what their visitors got."""
    mine = [post(decide()).json for _ in range(4)]
    server.seal()
    erase(server, mine[3])
    server.seal()
    file = tmp_path / "backup.zip"
    done = run_alone("backup", file)
    assert done.returncode == 0, done.stderr
    return file, mine


def test_everything_is_back_after_the_data_directory_is_lost(
    backup: tuple[Path, list[dict[str, str]]], server: Server, settings: Settings, run: Run, run_alone: Run
) -> None:
    """Receipts, log, keys and the tokens that visitors hold; and the file is for its owner alone."""
    file, mine = backup
    assert file.stat().st_mode & 0o777 == 0o600
    before = run("export", "--site", "shop").stdout
    server.close()
    shutil.rmtree(settings.data_dir)
    done = run_alone("restore", file)
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
    assert "3 receipts verified" in done.stdout
    assert run("export", "--site", "shop").stdout == before
    again = build_server(settings)
    answer = again.app.test_client().get(
        f"/v1/shop/receipts/{mine[0]['id']}", headers={"Authorization": f"Bearer {mine[0]['token']}"}
    )
    again.close()
    assert answer.json["receipt"] == mine[0]["receipt"]


def test_what_was_erased_after_the_backup_is_erased_again(
    backup: tuple[Path, list[dict[str, str]]],
    server: Server,
    settings: Settings,
    run: Run,
    post: Post,
    decide: Callable[..., Any],
) -> None:
    """It is stated in the log once more; what is lost is said in leaves, and what was there is set aside."""
    file, mine = backup
    erase(server, mine[0])
    post(decide())
    server.seal()
    server.close()
    assert "With --replace it is set aside" in run("restore", file).stderr
    done = run("restore", file, "--replace")
    assert done.returncode == 0, done.stderr
    assert "1 receipts that were erased since then were erased again." in done.stdout
    assert "are lost." in done.stdout
    [aside] = settings.data_dir.glob("before-restore-*")
    assert (aside / "consent.db").exists()
    assert mine[0]["receipt"].encode() not in b"".join(
        content for name, content in files(settings.data_dir).items() if not name.startswith("before")
    )
    again = build_server(settings)
    again.seal()
    again.close()
    export = run("export", "--site", "shop").stdout
    assert mine[0]["receipt"] not in export
    assert mine[1]["receipt"] in export
    path = settings.data_dir / "export.ndjson"
    path.write_text(export, encoding="utf-8")
    assert run("verify", path).returncode == 0


def test_a_database_that_was_put_back_by_hand_brings_nothing_back(
    server: Server, settings: Settings, post: Post, decide: Callable[..., Any], tmp_path: Path
) -> None:
    """The server that starts on an older copy erases again what was erased since."""
    mine = post(decide()).json
    server.store.copy_to(tmp_path / "copy.db", lambda: None)  # type: ignore[attr-defined] # SQLite's
    erase(server, mine)
    server.close()
    for name in ("consent.db-wal", "consent.db-shm"):
        (settings.data_dir / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "copy.db", settings.data_dir / "consent.db")
    again = build_server(settings)
    gone = again.app.test_client().get(
        f"/v1/shop/receipts/{mine['id']}", headers={"Authorization": f"Bearer {mine['token']}"}
    )
    again.close()
    assert (gone.status_code, gone.json["code"]) == (410, "receipt_erased")


def test_a_backup_while_visitors_decide_is_whole(
    server: Server, run: Run, run_alone: Run, post: Post, decide: Callable[..., Any], tmp_path: Path
) -> None:
    """Decisions go on meanwhile; every receipt that had its answer before the backup began is in it."""
    before = [post(decide()).json["id"] for _ in range(20)]
    stop = threading.Event()

    def visit() -> None:
        while not stop.is_set():
            assert post(decide()).status_code == 201
            server.seal()

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        assert run_alone("backup", tmp_path / "backup.zip").returncode == 0
    finally:
        stop.set()
        visitor.join()
    other = str(tmp_path / "other")
    done = run("restore", tmp_path / "backup.zip", CONSENT_DATA_DIR=other)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(tmp_path / "other" / "consent.db")) as database:
        kept = {bytes(row[0]).hex() for row in database.execute("SELECT id FROM leaf")}
    assert {name.replace("-", "") for name in before} <= kept
    assert server.store.log("shop") is not None


@pytest.mark.usefixtures("backup")
def test_a_restore_under_a_running_server_is_refused(
    settings: Settings, run_alone: Run, tmp_path: Path
) -> None:
    """And leaves it as it is."""
    # Only listed: whoever closes a file that SQLite has open in the same process takes its locks away.
    before = sorted(settings.data_dir.rglob("*"))
    done = run_alone("restore", tmp_path / "backup.zip", "--replace")
    assert (done.returncode, "A server still uses" in done.stderr) == (2, True)
    assert sorted(settings.data_dir.rglob("*")) == before


def edited(backup: Path, statement: str) -> bytes:
    """Change the database inside a backup."""
    folder = backup.with_suffix("")
    with zipfile.ZipFile(backup) as archive:
        archive.extractall(folder)
    with closing(sqlite3.connect(folder / "consent.db")) as database:
        database.execute(statement)
        database.commit()
    with zipfile.ZipFile(backup, "w") as archive:
        for name in files(folder):
            archive.write(folder / name, name)
    return backup.read_bytes()


def without(backup: Path, left_out: str) -> bytes:
    """Leave a file out of a backup."""
    with zipfile.ZipFile(backup) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name != left_out}
    with zipfile.ZipFile(backup, "w") as archive:
        for name, content in kept.items():
            archive.writestr(name, content)
    return backup.read_bytes()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.read_bytes()[:-1000], "no whole backup"),
        (lambda _: b"not a backup", "no whole backup"),
        (lambda path: without(path, "backup.json"), "no whole backup"),
        (lambda path: without(path, "consent.db"), "has no consent.db"),
        (lambda path: without(path, "secret-key"), "has no secret-key"),
        (
            lambda path: (without(path, "checkpoints/shop"), edited(path, "UPDATE log SET size = 2"))[1],
            "is not what it was",
        ),
        (lambda path: edited(path, "UPDATE leaf SET jws = 'x' || substr(jws, 2)"), "line 2: "),
        (lambda path: edited(path, "DELETE FROM position WHERE leaf_index > 3"), "checkpoint covers"),
        (lambda path: edited(path, "UPDATE log SET size = 2"), "is not what it was"),
    ],
)
def test_a_backup_that_does_not_hold_is_refused_and_changes_nothing(
    backup: tuple[Path, Any],
    server: Server,
    settings: Settings,
    run: Run,
    damage: Callable[[Path], bytes],
    words: str,
) -> None:
    """Whatever was done to it; the message names it."""
    file, _ = backup
    server.close()
    file.write_bytes(damage(file))
    before = run("export", "--site", "shop").stdout
    done = run("restore", file, "--replace")
    assert done.returncode in {1, 2}
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert run("export", "--site", "shop").stdout == before
    assert not [*settings.data_dir.glob("restore-*"), *settings.data_dir.glob("before-*")]


def test_a_backup_of_postgresql_is_left_to_its_own_tools(run: Run, tmp_path: Path) -> None:
    """And the message says to which."""
    keys = dict.fromkeys(("CONSENT_SIGNING_KEY", "CONSENT_LOG_KEY", "CONSENT_SECRET_KEY"), "x" * 40)
    done = run("backup", tmp_path / "b.zip", CONSENT_DATABASE_URL="postgresql://x/y", **keys)
    assert (done.returncode, "pg_dump" in done.stderr) == (2, True)


def test_erasures_by_the_operator_are_kept_outside_the_database_too(
    server: Server, settings: Settings, run: Run, post: Post, decide: Callable[..., Any]
) -> None:
    """With their ids and reason, and nothing of their content."""
    mine = post(decide()).json
    server.seal()
    assert run("erase", mine["id"], "--site", "shop").returncode == 0
    [line] = (settings.data_dir / "erasures.ndjson").read_text(encoding="utf-8").splitlines()
    kept = json.loads(line)
    assert (kept["site"], kept["reason"], kept["ids"]) == ("shop", "operator", [mine["id"]])
    assert (settings.data_dir / "erasures.ndjson").stat().st_mode & 0o777 == 0o600


def test_an_erasure_that_cannot_be_kept_outside_is_not_made(
    server: Server, settings: Settings, post: Post, decide: Callable[..., Any]
) -> None:
    """Whoever asks again is heard; done halfway, a restored copy would bring the receipt back."""
    mine = post(decide()).json
    path = settings.data_dir / "erasures.ndjson"
    path.mkdir()
    client = server.app.test_client()
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {mine['token']}"}
    assert client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers).status_code == 503
    assert client.get(f"/v1/shop/receipts/{mine['id']}", headers=headers).status_code == 200
    path.rmdir()
    erase(server, mine)


def test_a_line_that_a_crash_cut_hides_no_other(tmp_path: Path) -> None:
    """The erasure before it and the one after it are read."""
    file = ErasureFile(tmp_path)
    first, second = (EraseOrder("subject", 1, ids=(UUID(int=number),)) for number in (1, 2))
    file.keep("shop", first)
    with file.path.open("a", encoding="utf-8") as stream:
        stream.write('{"site": "sh')
    file.keep("shop", second)
    assert list(file.read()) == [("shop", first), ("shop", second)]
