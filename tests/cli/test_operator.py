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
