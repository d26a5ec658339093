"""The command line, run as people run it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from consent_server.cli import main
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import ReceiptSigner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import click


@pytest.fixture
def environ(catalog_path: Path, tmp_path: Path) -> dict[str, str]:
    """Give the environment of an operator of the shop."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    return {**kept, "CONSENT_CATALOG": str(catalog_path), "CONSENT_DATA_DIR": str(tmp_path / "var")}


@pytest.fixture
def run(environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs the program to its end."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "consent_server", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)

    return run


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str, **headers: str) -> Any:
    """Ask for JSON."""
    with urlopen(Request(url, headers=headers), timeout=5) as answer:
        return json.load(answer)


@contextmanager
def running(environ: dict[str, str], *words: str, url: str) -> Iterator[subprocess.Popen[str]]:
    """Run the program until the block ends, from when it answers at `url`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "consent_server", *words],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for _ in range(300):
            assert process.poll() is None, process.communicate()[0]
            try:
                urlopen(url, timeout=1).close()
                break
            except (URLError, OSError):
                time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        if process.stdout:
            process.stdout.close()


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """List every command of the program."""
    import click  # noqa: PLC0415

    for name, command in group.commands.items():
        yield (*words, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))


@pytest.mark.parametrize("words", list(commands(main)), ids=" ".join)
def test_every_command_helps(words: tuple[str, ...]) -> None:
    """--help explains, and shows an example of each command that does something."""
    result = CliRunner().invoke(main, [*words, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output or "Commands:" in result.output


def test_a_catalog_that_holds_passes_the_check(run: Callable[..., Any], catalog_path: Path) -> None:
    """Exit 0 and one line a site."""
    result = run("catalog", "check", str(catalog_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("shop: ")


@pytest.mark.parametrize("command", [("catalog", "check"), ("serve",)])
def test_a_broken_catalog_is_one_clear_error(
    run: Callable[..., Any], catalog_path: Path, command: tuple[str, ...]
) -> None:
    """File and line, no traceback, exit 2, whether it is checked or served."""
    text = catalog_path.read_text(encoding="utf-8")
    catalog_path.write_text(text.replace('service = "counter"', 'service = "countr"'), encoding="utf-8")
    line = 1 + text[: text.index('service = "counter"')].count("\n")
    result = run(*command)
    assert result.returncode == 2
    assert f"cookie_catalog.toml:{line}:" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_catalog_is_one_clear_error(run: Callable[..., Any], catalog_path: Path) -> None:
    """It names the file."""
    catalog_path.unlink()
    result = run("serve")
    assert result.returncode == 2
    assert str(catalog_path) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_setting_is_one_clear_error(run: Callable[..., Any]) -> None:
    """It names the variable."""
    result = run("serve", "--port", "many")
    assert (result.returncode, result.stderr) == (
        2,
        "CONSENT_PORT: 'many' is not a whole number from 1 to 65535.\n",
    )


def test_auditors_are_added_listed_and_revoked(run: Callable[..., Any]) -> None:
    """The token is printed once and alone; the list never shows it."""
    added = run("auditor", "add", "Jane Doe", "--site", "shop", "--expires", "7d")
    assert added.returncode == 0
    token = added.stdout.strip()
    assert re.fullmatch(r"auditor-[\w-]{43}", token)
    listed = run("auditor", "list").stdout
    assert "Jane Doe" in listed
    assert token not in listed
    auditor_id = listed.split()[0]
    assert run("auditor", "revoke", auditor_id).returncode == 0
    assert "revoked" in run("auditor", "list").stdout
    assert run("auditor", "revoke", auditor_id).returncode == 2


def test_an_auditor_of_an_unknown_site_is_refused(run: Callable[..., Any]) -> None:
    """The message names the sites that there are."""
    result = run("auditor", "add", "Jane", "--site", "shpo")
    assert result.returncode == 2
    assert "only shop" in result.stderr


def test_serve_records_and_export_verifies(
    environ: dict[str, str], run: Callable[..., Any], decide: Callable[..., Any], tmp_path: Path
) -> None:
    """The whole path over real sockets: decision, receipt, auditor's page, export, offline check."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    token = run("auditor", "add", "Jane", "--site", "shop").stdout.strip()
    with running(environ, "serve", "--port", str(port), url=f"{url}/readyz"):
        body = json.dumps(decide()).encode()
        headers = {"Origin": "https://shop.example", "Content-Type": "text/plain"}
        with urlopen(Request(f"{url}/v1/shop/receipts", body, headers), timeout=5) as answer:
            recorded = json.load(answer)
        receipts: list[str] = []
        for _ in range(100):
            page = fetch(f"{url}/v1/shop/audit/receipts", Authorization=f"Bearer {token}")
            receipts = [item["receipt"] for item in page["items"]]
            if receipts:
                break
            time.sleep(0.1)
        assert receipts == [recorded["receipt"]]
        keys = tmp_path / "jwks.json"
        keys.write_text(json.dumps(fetch(f"{url}/.well-known/jwks.json")))
    file = tmp_path / "export.ndjson"
    assert run("export", "--site", "shop", "-o", str(file)).returncode == 0
    verified = run("verify", str(file), "--keys", str(keys))
    assert verified.returncode == 0, verified.stderr
    assert "1 receipts verified: 1 partial." in verified.stdout
    assert "is complete to" in verified.stdout
    visit = tmp_path / "visit.txt"
    assert run("verify", str(file), "--save-checkpoint", str(visit)).returncode == 0
    assert "It grew from your checkpoint." in run("verify", str(file), "--since", str(visit)).stdout


def test_verify_exits_1_and_names_the_receipt_that_fails(run: Callable[..., Any], tmp_path: Path) -> None:
    """One character is enough."""
    file = tmp_path / "export.ndjson"
    keys = ReceiptSigner([generate_key()]).jwks()
    head = {"site": "shop", "keys": keys, "log_key": None, "checkpoint": None}
    line = {"type": "consent-receipt+jws", "jws": "a.b.c"}
    file.write_text(f"{json.dumps(head)}\n{json.dumps(line)}\n", encoding="utf-8")
    result = run("verify", str(file))
    assert result.returncode == 1
    assert "line 2" in result.stderr
    assert run("export", "--site", "typo").returncode == 2
    assert "Traceback" not in result.stderr


def test_demo_starts_both_and_says_where(environ: dict[str, str], tmp_path: Path) -> None:
    """The website answers, the consent server serves its script, an auditor's token works, Ctrl-C ends it."""
    server, website = free_port(), free_port()
    words = ["--port", str(server), "--website-port", str(website), "--data-dir", str(tmp_path / "demo")]
    with running(environ, "demo", *words, url=f"http://localhost:{website}/") as process:
        assert process.stdout is not None
        said = ""
        while "Stop with" not in said:
            said += process.stdout.readline()
        token = re.search(r"Auditor token\s+(\S+)", said)
        assert token is not None
        base = f"http://localhost:{server}/v1/bacloud"
        assert fetch(f"{base}/audit/receipts", Authorization=f"Bearer {token[1]}") == {
            "items": [],
            "next": None,
        }
        assert fetch(f"{base}/notice.json")["notice"]["site"] == "bacloud"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().endswith("Stopped.\n")
        assert process.wait(timeout=30) == 0


def test_demo_says_which_port_is_taken(run: Callable[..., Any]) -> None:
    """And what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run("demo", "--port", str(port), "--website-port", str(free_port()))
    assert result.returncode == 2
    assert f"Port {port} is taken" in result.stderr


def test_a_server_on_a_port_that_is_taken_does_not_start(run: Callable[..., Any]) -> None:
    """It would share the port with the other one, each with half the visitors."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "cannot be used: Address already in use" in done.stderr) == (2, True)
