"""Decisions that stream into a server while a test kills what it likes, and the log that has to hold them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from consent_server.app import build_server, now, open_store
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from consent_server.settings import Settings

_HEADERS = {"Origin": "https://shop.example", "Content-Type": "text/plain", "Connection": "close"}


class Visitors:
    """Threads that decide again and again while the block lasts, and remember what got its 201.

    Each waits `pause` seconds between two decisions.
    """

    def __init__(self, url: str, notice: str, threads: int = 8, pause: float = 0) -> None:
        self.recorded: dict[str, str] = {}
        self._url = f"{url}/v1/shop/receipts"
        self._notice = notice
        self._pause = pause
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._decide) for _ in range(threads)]

    def __enter__(self) -> Self:
        """Let them come."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Let them go."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _decide(self) -> None:
        while not self._stop.wait(self._pause):
            body = {
                "decision": str(uuid7(now())),
                "notice": self._notice,
                "method": "accept_all",
                "choices": {"analytics": True, "marketing": True},
            }
            try:
                asked = Request(self._url, json.dumps(body).encode(), _HEADERS)  # noqa: S310 - our own server
                with urlopen(asked, timeout=5) as answer:  # noqa: S310
                    recorded: Any = json.load(answer)
            except (URLError, OSError, ValueError, HTTPException):
                self._stop.wait(0.05)
                continue
            self.recorded[recorded["id"]] = recorded["receipt"]


def sealed_receipts(environ: Mapping[str, str]) -> list[str]:
    """Start the server anew, let it seal what waits, verify the whole export and return its receipts."""
    settings = read_settings(environ)
    server = build_server(settings)
    server.seal()
    server.close()
    return _verified(settings)


def _verified(settings: Settings) -> list[str]:
    with closing(open_store(settings)) as store:
        keyring = Keyring(store, ReceiptSigner(signing_pems(settings)), now)
        lines = list(Exporter(store, store, keyring, log_key(settings)).lines("shop"))
    assert all(typ for typ, _ in ExportCheck().read(lines))
    leaves = [json.loads(line) for line in lines[1:]]
    return [leaf["jws"] for leaf in leaves if leaf.get("type") == RECEIPT_TYPE]


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving_alone(environ: dict[str, str], log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a server in a process group of its own, give it and its address, and kill what is left of it."""
    port = free_port()
    command = [sys.executable, "-m", "consent_server", "serve", "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=environ, start_new_session=True, stdout=file)
    try:
        await_ready(f"http://127.0.0.1:{port}")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def await_ready(url: str) -> None:
    """Wait until a server takes decisions."""
    for _ in range(300):
        try:
            urlopen(f"{url}/readyz", timeout=1).close()  # noqa: S310 - our own server
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")
