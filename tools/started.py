"""A real server for tests: the program itself in a process of its own, on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ATTEMPTS = 300


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `url`, the variables that it was started with, and the file of its log."""

    url: str
    environ: dict[str, str]
    log: Path


@contextmanager
def started(catalog: Path, directory: Path, settings: Mapping[str, str]) -> Iterator[Running]:
    """Serve `catalog` with its data in `directory` until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
        "CONSENT_CATALOG": str(catalog),
        "CONSENT_DATA_DIR": str(directory),
        "CONSENT_PORT": str(port),
        "CONSENT_SEAL_INTERVAL": "1",
        **settings,
    }
    running = Running(f"http://127.0.0.1:{port}", environ, directory.with_suffix(".log"))
    with running.log.open("wb") as log:
        command = [sys.executable, "-m", "consent_server", "serve"]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(process, running)
            yield running
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], running: Running) -> None:
    for _ in range(_ATTEMPTS):
        assert process.poll() is None, running.log.read_text(encoding="utf-8")
        try:
            urlopen(f"{running.url}/readyz", timeout=1).close()  # noqa: S310 - our own server
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(running.log.read_text(encoding="utf-8"))
