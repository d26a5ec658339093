"""From a checkout that is set up to a verified receipt by the README alone: its commands run as they stand.

Only the ports are others. What setting up takes on an empty machine stands in the README, measured by hand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from consent_server.app import now
from consent_server.consent.uuid7 import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
CONSENT = "http://localhost:8000"


def free_ports() -> tuple[int, int]:
    """Find two ports that nobody uses."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def demo(directory: Path, ports: tuple[int, int]) -> Iterator[str]:
    """Start the demo by the first command of the README; give what it prints."""
    program = directory / ".venv" / "bin" / "consent-server"
    program.parent.mkdir(parents=True)
    real = Path(sys.executable).with_name("consent-server")
    script = f'#!/bin/sh\ncase $1 in demo) set -- "$@" --port {ports[0]} --website-port {ports[1]};; esac\n'
    program.write_text(f'{script}exec {real} "$@"\n')
    program.chmod(0o755)
    make, target = BLOCKS[0].partition("#")[0].split()
    # The stamp of the set-up is taken for new.
    command = [make, f"--makefile={ROOT / 'Makefile'}", "--old-file=.venv/widget", target]
    log = directory / "demo.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=directory, stdout=file, start_new_session=True)
    try:
        for _ in range(300):
            assert process.poll() is None
            if "Stop with" in log.read_text("utf-8"):
                break
            time.sleep(0.1)
        yield log.read_text("utf-8")
    finally:
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
        process.wait(timeout=60)


def choose(consent: str, website: str) -> None:
    """Accept everything, as the demo's page does when that is clicked, and wait until it is sealed."""
    notice: Any = json.load(urlopen(f"{consent}/v1/bacloud/notice.json"))
    body = {
        "decision": str(uuid7(now())),
        "notice": notice["sha256"],
        "method": "accept_all",
        "choices": {one["id"]: True for one in notice["notice"]["categories"] if not one["required"]},
    }
    headers = {"Origin": website, "Content-Type": "text/plain"}
    receipts = f"{consent}/v1/bacloud/receipts"
    made: Any = json.load(urlopen(Request(receipts, json.dumps(body).encode(), headers)))
    for _ in range(300):
        try:
            urlopen(f"{receipts}/{made['id']}/proof").close()
        except HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it was not sealed")


def test_the_readme_leads_to_a_verified_receipt(tmp_path: Path) -> None:
    """Start, choose, fetch with the token that was printed, verify."""
    ports = free_ports()
    consent, website = f"http://localhost:{ports[0]}", f"http://localhost:{ports[1]}"
    block = next(one for one in BLOCKS if "TOKEN=auditor-" in one)
    with demo(tmp_path, ports) as printed:
        assert f"{website}/" in printed
        token = re.findall(r"Auditor token +(\S+)", printed)[0]
        choose(consent, website)
        script = block.replace("auditor-…", token).replace(CONSENT, consent)
        done = subprocess.run(
            [shutil.which("bash") or "sh", "-euc", script],
            cwd=tmp_path,
            env=os.environ,
            capture_output=True,
            text=True,
            check=True,
        )
    assert "1 receipts verified: 1 given." in done.stdout
    assert "is complete to" in done.stdout
    assert "“1 receipts verified”" in README
