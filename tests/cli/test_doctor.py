"""`consent-server doctor` on the machine: settings, keys, catalog, database, log."""

from __future__ import annotations

import os
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
import pytest
from commands import command
from examined import examine, wrongs

from consent_server.app import build_server, open_store
from consent_server.settings import read_settings
from consent_server.storage import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ORIGIN = {"Origin": "https://shop.example"}


@pytest.fixture
def environ(catalog_path: Path, tmp_path: Path) -> dict[str, str]:
    """Give the environment of a server on SQLite that has started once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    given = {"CONSENT_CATALOG": str(catalog_path), "CONSENT_DATA_DIR": str(tmp_path / "var")}
    with closing(open_store(read_settings(given))):
        pass
    return kept | given


def test_the_doctor_changes_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    """No key is generated and no table made by looking."""
    missing = tmp_path / "nothing"
    code, said = examine(environ, "--offline", CONSENT_DATA_DIR=str(missing))
    assert code == 0, said
    assert "is generated when the server starts" in said
    assert not missing.exists()


def test_a_key_that_others_may_read_is_wrong(environ: dict[str, str], tmp_path: Path) -> None:
    """With the command that mends it."""
    key = tmp_path / "var" / "signing-key.pem"
    key.write_text("made up")
    key.chmod(0o644)
    code, said = examine(environ, "--offline")
    assert code == 1
    assert wrongs(said) == [f"Others may read the key {key}."]
    assert f"chmod 600 {key}" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"CONSENT_PORT": "many"}, "CONSENT_PORT: 'many'"),
        ({"CONSENT_CATALOG": "/nowhere.toml"}, "The catalog cannot be served"),
        (
            {
                "CONSENT_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none?connect_timeout=1",
                "CONSENT_SIGNING_KEY": "x",
                "CONSENT_SECRET_KEY": "x",
                "CONSENT_LOG_KEY": "x",
            },
            "The database cannot be used now",
        ),
    ],
)
def test_what_stops_the_server_is_wrong(environ: dict[str, str], more: dict[str, str], words: str) -> None:
    """In one line, without a stack trace."""
    code, said = examine(environ, "--offline", **more)
    assert code == 1
    assert len(wrongs(said)) == 1
    assert words in wrongs(said)[0]


def test_a_server_that_does_not_answer_is_wrong(environ: dict[str, str]) -> None:
    """Its address is named."""
    code, said = examine(environ, CONSENT_PUBLIC_URL="http://127.0.0.1:9")
    assert code == 1
    assert any("http://127.0.0.1:9/readyz does not answer" in line for line in wrongs(said))


@pytest.mark.parametrize("page", ["nonsense", "file:///etc/passwd", "https://", "ftp://shop.example/"])
def test_a_page_that_is_no_address_is_refused(environ: dict[str, str], page: str) -> None:
    """Used wrongly: one sentence, exit 2, and nothing is looked at."""
    done = command("doctor", "--page", page, environ=environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{page!r} is no address")


HOUR = 3600 * 10**9
"""Nanoseconds."""


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        (1, ["The log of shop was sealed in the future."]),
        (-1, ["Receipts of shop wait to be sealed for over a minute."]),
        (0, []),
    ],
)
def test_a_log_that_is_sealed_in_the_future_or_not_at_all_is_wrong(
    environ: dict[str, str],
    decide: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
    found: list[str],
) -> None:
    """By this machine's clock, of which the server's may have gone off."""
    exact = time.time_ns
    settings = read_settings({**environ, "CONSENT_SEAL_INTERVAL": "60"})
    with closing(build_server(settings)) as server:
        server.seal()
        with monkeypatch.context() as patched:
            patched.setattr(time, "time_ns", lambda: exact() + hours * HOUR)
            server.app.test_client().post("/v1/shop/receipts", json=decide(), headers=ORIGIN)
            if hours > 0:
                server.seal()
    code, said = examine(environ, "--offline")
    assert (code, wrongs(said)) == (1 if found else 0, found), said


POSTGRESQL = {"CONSENT_SIGNING_KEY": "x", "CONSENT_SECRET_KEY": "x", "CONSENT_LOG_KEY": "x"}


def test_a_postgresql_whose_default_is_not_durable_is_made_so(
    environ: dict[str, str], postgresql_url: str
) -> None:
    """Each connection asks for durable commits itself, whatever the database is set to."""
    with less_durable(postgresql_url):
        code, said = examine(environ, "--offline", CONSENT_DATABASE_URL=postgresql_url, **POSTGRESQL)
    assert (code, wrongs(said)) == (0, []), said
    assert "fsync = on, full_page_writes = on, synchronous_commit = on" in said


def test_a_postgresql_that_may_lose_commits_is_wrong(
    environ: dict[str, str], postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that drops what a connection asks for: then the database's own setting holds."""
    monkeypatch.delitem(pool._CONNECTING, "options")  # noqa: SLF001 - stands for a pooler in between
    with less_durable(postgresql_url):
        code, said = examine(environ, "--offline", CONSENT_DATABASE_URL=postgresql_url, **POSTGRESQL)
    assert (code, wrongs(said)) == (
        1,
        ["The database has synchronous_commit = off: a receipt may be lost with the power."],
    )
    assert "Set synchronous_commit to on or remote_apply." in said


@contextmanager
def less_durable(url: str) -> Iterator[None]:
    """Have a database not wait for the disk, unless it is asked to."""
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit'.encode())
