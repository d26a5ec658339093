"""A kill -9 in the middle of everything: no receipt that got its 201 is lost, doubled or unprovable."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from consent_server.app import build_server, now, open_store
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.catalog.notice import Notice
    from consent_server.settings import Settings

ORIGIN = {"Origin": "https://shop.example", "Content-Type": "text/plain"}


def free_port() -> int:
    """Find a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(environ: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own and wait until it is ready."""
    command = [sys.executable, "-m", "consent_server", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environ, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(300):
        try:
            urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return process
    raise AssertionError("the server did not start")


class Visitors:
    """Threads that decide again and again, and remember what got its 201."""

    def __init__(self, port: int, notice: str) -> None:
        self.recorded: dict[str, str] = {}
        self._url = f"http://127.0.0.1:{port}/v1/shop/receipts"
        self._notice = notice
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._decide) for _ in range(8)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the visitors go."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _decide(self) -> None:
        while not self._stop.is_set():
            body = {
                "decision": str(uuid7(now())),
                "notice": self._notice,
                "method": "accept_all",
                "choices": {"analytics": True, "marketing": True},
            }
            try:
                with urlopen(Request(self._url, json.dumps(body).encode(), ORIGIN), timeout=5) as answer:
                    recorded: Any = json.load(answer)
            except (URLError, OSError, ValueError, HTTPException):
                continue
            self.recorded[recorded["id"]] = recorded["receipt"]


def receipts_in_log(settings: Settings) -> list[str]:
    """Verify the whole export and return its receipts."""
    with closing(open_store(settings)) as store:
        keyring = Keyring(store, ReceiptSigner(signing_pems(settings)), now)
        lines = list(Exporter(store, store, keyring, log_key(settings)).lines("shop"))
    assert all(typ for typ, _ in ExportCheck().read(lines))
    leaves = [json.loads(line) for line in lines[1:]]
    return [leaf["jws"] for leaf in leaves if leaf.get("type") == RECEIPT_TYPE]


@pytest.fixture(params=["sqlite", "postgresql"])
def environ(
    request: pytest.FixtureRequest, catalog_path: Path, tmp_path: Path, settings: Settings
) -> dict[str, str]:
    """Give the environment of a server on each kind of database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    ours = {
        "CONSENT_CATALOG": str(catalog_path),
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_SEAL_INTERVAL": "1",
        "CONSENT_RATE_LIMIT": "off",
    }
    if request.param == "postgresql":
        signing_pems(settings)
        log_key(settings)
        ours |= {
            "CONSENT_DATABASE_URL": request.getfixturevalue("postgresql_url"),
            "CONSENT_SIGNING_KEY_FILE": str(tmp_path / "var" / "signing-key.pem"),
            "CONSENT_LOG_KEY_FILE": str(tmp_path / "var" / "log-key.pem"),
            "CONSENT_SECRET_KEY": "s" * 32,
        }
    return {**kept, **ours}


def test_nothing_recorded_is_lost_by_a_kill_in_the_middle(
    environ: dict[str, str], notices: dict[str, Notice]
) -> None:
    """Every 201 is in the log exactly once and verifies, after kills while writing and sealing."""
    port = free_port()
    recorded: dict[str, str] = {}
    for _ in range(2):
        process = start(environ, port)
        visitors = Visitors(port, notices["en"].sha256)
        time.sleep(2.2)  # long enough to be in the middle of a sealing
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        visitors.stop()
        recorded |= visitors.recorded
    settings = read_settings(environ)
    server = build_server(settings)
    server.seal()
    server.close()
    found = receipts_in_log(settings)
    assert len(recorded) > 50
    assert len(found) == len(set(found))
    assert set(recorded.values()) <= set(found)
