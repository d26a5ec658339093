"""`consent-server catalog preview`, run as it is run, without a browser."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def running(folder: Path, *words: str) -> Iterator[str]:
    """Run the preview; give its address, and see it end well."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "consent_server", "catalog", "preview", *words],
        cwd=folder,
        env={**environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = re.search(r"http://localhost:\d+/", process.stdout.readline())
        assert found
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            said = process.communicate(timeout=30)[0]
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0
    assert said.endswith("Stopped.\n")


def get(url: str) -> tuple[int, str, str]:
    """Return status, policy and body."""
    try:
        with urlopen(url, timeout=10) as answer:
            return answer.status, answer.headers["Content-Security-Policy"] or "", answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, "", error.read().decode()


def test_what_the_board_shows_is_there(catalog_path: Path, tmp_path: Path) -> None:
    """The board, the stage with the widget, and the public pages, which only here may be framed."""
    with running(tmp_path, str(catalog_path), "--port", "0") as url:
        status, policy, board = get(url)
        assert (status, "script-src 'self'" in policy, "unsafe" in policy) == (200, True, False)
        assert "<iframe" not in board
        status, _, stage = get(f"{url}preview/stage?lang=lt&view=banner")
        assert (status, '<html lang="lt" dir="ltr">' in stage) == (200, True)
        assert '<script src="/v1/shop/consent.js?lang=lt' in stage
        assert get(f"{url}preview/stage?lang=../xx")[2].count('lang="en"') == 1
        for path in ("cookies", "guide"):
            status, policy, _ = get(f"{url}v1/shop/{path}?lang=en")
            assert (status, "frame-ancestors 'self'" in policy) == (200, True)
        assert get(f"{url}preview/website.py")[0] == 404
    assert [one for one in tmp_path.iterdir() if one.name.startswith("consent-preview-")] == []


@pytest.mark.parametrize("_again", range(5))
def test_it_stops_while_it_is_busy(catalog_path: Path, tmp_path: Path, _again: int) -> None:
    """A thread that starts others, one for each request, does not take the signal away."""
    stopped = threading.Event()

    def visit(url: str) -> None:
        with suppress(OSError):
            while not stopped.is_set():
                get(url)

    with ThreadPoolExecutor(4) as visitors:
        with running(tmp_path, str(catalog_path), "--port", "0") as url:
            for _ in range(4):
                visitors.submit(visit, url)
            time.sleep(0.3)
        stopped.set()


def test_before_the_first_good_file_there_is_nothing(catalog_path: Path, tmp_path: Path) -> None:
    """The board says so; every other page is missing."""
    catalog_path.write_text("[site", encoding="utf-8")
    with running(tmp_path, str(catalog_path), "--port", "0") as url:
        assert get(url)[0] == 200
        assert get(f"{url}preview/stage") == (404, "", "Nothing can be shown yet.")
        assert get(f"{url}v1/shop/cookies")[0] == 404


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["nowhere.toml"],
            "There is no nowhere.toml: name a catalog, or make one with `consent-server init`.\n",
        ),
        (["."], ". holds several sites: name the file of one of them.\n"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, words: list[str], says: str) -> None:
    """Exit 2, and what to do instead."""
    command = [sys.executable, "-m", "consent_server", "catalog", "preview", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", says)


def test_a_port_that_is_taken_is_refused(catalog_path: Path) -> None:
    """With another to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [
            sys.executable,
            "-m",
            "consent_server",
            "catalog",
            "preview",
            str(catalog_path),
            "--port",
            port,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        f"Port {port} cannot be used: Address already in use. Choose another, such as --port 8030.\n",
    )
