"""What operators do with receipts and keys, run as they run it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from commands import command

from consent_server.app import now
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from consent_server.app import Server
    from consent_server.settings import Settings

    Run = Callable[..., CompletedProcess[str]]

RECEIPT = "0192f5a4-7c1e-7b2a-9d3e-5f6a7b8c9d0e"


@pytest.fixture
def run(settings: Settings) -> Run:
    """Give a function that runs the program on the same catalog and database as the server fixture."""
    environ = {"CONSENT_CATALOG": str(settings.catalog), "CONSENT_DATA_DIR": str(settings.data_dir)}

    return partial(command, environ=environ)


@pytest.fixture
def receipt(post: Callable[..., Any], decide: Callable[..., Any]) -> str:
    """Give the id of a receipt."""
    receipt_id: str = post(decide()).json["id"]
    return receipt_id


def test_an_operator_erases_a_receipt_and_the_log_says_so(
    run: Run, server: Server, receipt: str, tmp_path: Path
) -> None:
    """Once; what is not there is said; the export still verifies, with the reason in it."""
    server.seal()
    assert run("erase", receipt, "--site", "shop").returncode == 0
    assert run("erase", receipt, "--site", "shop").returncode == 2
    server.seal()
    file = tmp_path / "export.ndjson"
    run("export", "--site", "shop", "-o", str(file))
    assert run("verify", str(file)).returncode == 0
    assert "0 receipts verified" in run("verify", str(file)).stdout


def test_a_hold_keeps_a_receipt_until_it_is_released(run: Run, receipt: str) -> None:
    """Reason, person and end are listed; erasing is refused meanwhile."""
    hold = ("--site", "shop", "--reason", "Claim 7", "--person", "Jane Doe", "--until", "2999-01-01")
    assert run("hold", "add", receipt, *hold).returncode == 0
    listed = run("hold", "list", "--site", "shop").stdout
    assert "Claim 7" in listed
    assert "Jane Doe" in listed
    refused = run("erase", receipt, "--site", "shop")
    assert refused.returncode == 2
    assert "legal hold" in refused.stderr
    assert run("hold", "release", receipt, "--site", "shop").returncode == 0
    assert run("hold", "release", receipt, "--site", "shop").returncode == 2
    assert run("erase", receipt, "--site", "shop").returncode == 0


def test_a_hold_meets_the_holder_as_409(
    run: Run, client: Any, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """The visitor who asks for erasure is told that it cannot be done now."""
    mine = post(decide()).json
    hold = ("--site", "shop", "--reason", "Claim", "--person", "Jane", "--until", "2999-01-01")
    run("hold", "add", mine["id"], *hold)
    headers = {"Origin": "https://shop.example", "Authorization": f"Bearer {mine['token']}"}
    answer = client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (409, "legal_hold")


@pytest.mark.usefixtures("receipt")
def test_purge_erases_what_was_kept_long_enough(run: Run, server: Server) -> None:
    """Of a young and an old receipt the old one, once: the catalog says five years."""
    then = now() - 6 * 365 * 86_400_000
    old = Leaf("shop", uuid7(then), RECEIPT_TYPE, b"key", then, "a.b.c", b"h" * 32)
    server.store.record(old)
    assert "shop: 1 receipts erased, kept 5 years" in run("purge").stdout
    assert "shop: 0 receipts erased" in run("purge").stdout
    left = server.store.leaf("shop", old.id)
    assert left is not None
    # It may have been sealed meanwhile.
    assert replace(left, index=None) == old.erased()


@pytest.mark.usefixtures("server")
def test_keys_are_listed_and_rotated(run: Run, settings: Settings) -> None:
    """The new key is appended to the file, readable by its owner alone, and signs at the next start."""
    assert len(run("keys", "list").stdout.splitlines()) == 1
    rotated = run("keys", "rotate")
    assert rotated.returncode == 0
    file = settings.data_dir / "signing-key.pem"
    assert file.read_bytes().count(b"BEGIN PRIVATE KEY") == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("keys", "accept").stdout.count("came") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("erase", "x", "--site", "shop"),
        ("hold", "add", "x", "--site", "shop", "--reason", "r", "--person", "p", "--until", "2999-01-01"),
        ("auditor", "add", "Jane", "--site", "shop", "--expires", "soon"),
    ],
)
def test_a_word_that_cannot_be_used_is_refused(run: Run, words: tuple[str, ...]) -> None:
    """Exit 2 and what would be right, never a traceback."""
    result = run(*words)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


LOOKING = [
    ("auditor", "list"),
    ("auditor", "revoke", "3f2a9c51d0aa"),
    ("auditor", "log", "--site", "shop"),
    ("backup", "backup.zip"),
    ("erase", RECEIPT, "--site", "shop"),
    ("export", "--site", "shop"),
    ("hold", "add", RECEIPT, "--site", "shop", "--reason", "r", "--person", "p", "--until", "2999-01-01"),
    ("hold", "list", "--site", "shop"),
    ("hold", "release", RECEIPT, "--site", "shop"),
    ("keys", "accept"),
    ("keys", "list"),
    ("pack", "--site", "shop", "-o", "shop.zip"),
    ("purge",),
]
"""Every command that works on what a server recorded."""


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_where_no_server_was_nothing_is_looked_at_and_nothing_made(
    catalog_path: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """In the wrong directory: what is missing and which settings say where it is, exit 2, no file."""
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    done = command(*words, environ={"CONSENT_CATALOG": str(catalog_path)}, folder=wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no database at var/consent.db" in done.stderr
    assert "CONSENT_DATA_DIR or CONSENT_DATABASE_URL" in done.stderr
    assert list(wrong.iterdir()) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_no_server_has_used_stays_empty(
    catalog_path: Path, tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """Whoever else made it: no tables are put into it by looking."""
    file = tmp_path / "other.db"
    file.touch()
    url = f"sqlite:///{file}" if kind == "sqlite" else request.getfixturevalue("postgresql_url")
    keys = dict.fromkeys(("CONSENT_SIGNING_KEY", "CONSENT_LOG_KEY", "CONSENT_SECRET_KEY"), "x" * 40)
    environ = {"CONSENT_CATALOG": str(catalog_path), "CONSENT_DATABASE_URL": url, **keys}
    where = f"at {file}" if kind == "sqlite" else "where CONSENT_DATABASE_URL leads"
    for _ in range(2):
        done = command("auditor", "list", environ=environ)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"There is no database {where} yet: ")


def test_an_auditor_may_be_added_and_a_key_rotated_before_the_first_start(
    run: Run, settings: Settings
) -> None:
    """A deployment is prepared before it is opened; the list is read from then on."""
    assert run("keys", "rotate").returncode == 0
    assert run("auditor", "add", "Jane", "--site", "shop").returncode == 0
    assert "Jane" in run("auditor", "list", "--site", "shop").stdout
    assert settings.sqlite_path.exists()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("words", [("auditor", "list"), ("auditor", "log"), ("hold", "list")], ids=" ".join)
def test_a_site_that_nobody_knows_is_said(run: Run, words: tuple[str, ...]) -> None:
    """A mistyped one would look like one without entries; a known one without entries is an empty list."""
    done = run(*words, "--site", "shpo")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The database has no site 'shpo', only shop.\n"
    known = run(*words, "--site", "shop")
    assert (known.returncode, known.stdout, known.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["", " ", "Jane\nDoe"])
def test_an_auditor_has_a_name(run: Run, name: str) -> None:
    """Who looked at what is told by it, a line each."""
    done = run("auditor", "add", name, "--site", "shop")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "An auditor needs a name, in one line.\n")


@pytest.mark.usefixtures("server")
def test_an_export_that_cannot_be_written_is_refused(run: Run, tmp_path: Path) -> None:
    """Exit 2 and the file's name: nothing that was checked failed."""
    file = tmp_path / "nowhere" / "export.ndjson"
    done = run("export", "--site", "shop", "-o", file)
    assert (done.returncode, done.stderr) == (2, f"{file} cannot be written: No such file or directory.\n")
    full = run("export", "--site", "shop", "-o", "/dev/full")
    assert (full.returncode, full.stderr) == (2, "/dev/full cannot be written: No space left on device.\n")
