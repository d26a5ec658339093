"""`make audit` says what registries know and takes no silence for an answer; `make test` reports the same."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import audit
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADVISORY = {
    "id": 1,
    "url": "https://example.com/advisory",
    "title": "Runs what it is given",
    "severity": "high",
    "vulnerable_versions": "<999",
}
CLEAN = {"name": "flask", "version": "3.1.0", "vulns": []}
WEAK = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
SKIPPED = {"name": "strange", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("dependencies", "told"),
    [
        ([CLEAN], "PyPI told of 1 packages: none with a known weakness."),
        (
            [CLEAN, WEAK, SKIPPED],
            "PyPI told of 2 packages, 1 more it did not know: weak are\n  old 1.0: PYSEC-1, mended in 1.1",
        ),
        ([SKIPPED, SKIPPED], "PyPI told no advisories: nothing is known, neither good nor bad."),
        ([], "PyPI told no advisories: nothing is known, neither good nor bad."),
    ],
)
def test_what_pip_audit_found_is_said(dependencies: list[dict[str, Any]], told: str) -> None:
    """Weaknesses by name; packages that nobody knew are not among the good ones."""
    assert str(audit.read_pip(json.dumps({"dependencies": dependencies, "fixes": []}))) == told


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "{"])
def test_no_answer_is_no_good_news(output: str) -> None:
    """A tool that broke off told nothing."""
    assert not audit.read_pip(output).asked
    assert not audit.read_npm(output).asked


class Registry(BaseHTTPRequestHandler):
    """Answers npm's question for advisories with `known`, or not at all where that is None."""

    known: dict[str, Any] | None = None

    def do_POST(self) -> None:
        """Answer it."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(405 if self.known is None else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(self.known or {}).encode())

    def do_GET(self) -> None:
        """Know no package: npm asks for those that are weak, and three times where nothing is said."""
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def registry(known: dict[str, Any] | None) -> Iterator[str]:
    """Give the address of a registry that knows just that."""
    answers = type("Answers", (Registry,), {"known": known})
    listening = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.mark.parametrize(
    ("known", "weak"),
    [({"esbuild": [ADVISORY]}, True), ({}, False), (None, None)],
    ids=["weak", "good", "silent"],
)
def test_npm_is_asked_and_understood(
    known: dict[str, Any] | None, *, weak: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real npm, of a registry that knows a weakness, knows none, or keeps no advisories."""
    with registry(known) as address:
        monkeypatch.setenv("npm_config_registry", address)
        monkeypatch.setenv("npm_config_noproxy", "127.0.0.1")
        told = audit.ask_npm(time.monotonic() + 60)
    assert bool(told.asked) == (weak is not None)
    assert any(line.startswith("esbuild ") for line in told.weak) == bool(weak)


@pytest.fixture
def pypi_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave npm's registry the only one that may answer."""
    monkeypatch.setattr(audit, "ask_pip", lambda _: audit.read_pip(""))


@pytest.mark.usefixtures("pypi_is_silent")
@pytest.mark.parametrize(
    ("known", "lines", "code"),
    [({"esbuild": [ADVISORY]}, 2, 1), ({}, 1, 0), (None, 0, 0)],
    ids=["weak", "good", "silent"],
)
def test_a_report_fails_nothing_and_passes_over_silence(
    known: dict[str, Any] | None,
    lines: int,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Weaknesses are said by both and fail `make audit` alone, which also names who was silent."""
    with registry(known) as address:
        monkeypatch.setenv("npm_config_registry", address)
        monkeypatch.setenv("npm_config_noproxy", "127.0.0.1")
        monkeypatch.setattr("sys.argv", ["audit.py", "--report"])
        assert audit.main() == 0
        reported = capsys.readouterr().out
        assert len(reported.splitlines()) == lines
        assert ("esbuild" in reported) == bool(known)
        monkeypatch.setattr("sys.argv", ["audit.py"])
        assert audit.main() == code
        assert "PyPI told no advisories" in capsys.readouterr().out


def test_registries_that_never_answer_are_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In time, with every program that was started to ask, and nothing half installed is left behind."""
    asked: list[socket.socket] = []

    def listen() -> None:
        with suppress(OSError):
            while True:
                asked.append(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for name in ("npm_config_registry", "PIP_INDEX_URL"):
            monkeypatch.setenv(name, address)
        for name in ("npm_config_noproxy", "NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "127.0.0.1")
        monkeypatch.setattr(audit, "PLACE", tmp_path / "pip-audit")
        begun = time.monotonic()
        told = audit.ask(5)
        assert time.monotonic() - begun < 20
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert [one.asked for one in told] == [0, 0]
    assert list(tmp_path.iterdir()) == []
    assert asked
    for one in asked:
        one.settimeout(10)
        with one:
            while one.recv(65536):
                pass
