# ruff: noqa: INP001 - scripts beside each other
"""The peers: other back ends for consent, on the same machine in the same run.

How each is started and what is sent to it is a harness's, which is no part of this project; the packages come
from npm and PyPI and are kept in a folder, so that they are installed once.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import unquote
from urllib.request import urlopen

from server_load import Load, say
from server_running import postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from server_running import Database
    from server_table import Report
    from server_writes import Rounds

NPM = ("@c15t/backend@2.2.1", "kysely", "pg", "better-sqlite3")
PYPI = ("django", "django-cookie-consent", "gunicorn", "psycopg[binary]")
WARM = 2
START = 30
"""Seconds that a peer may need to answer."""


@dataclass(frozen=True, slots=True)
class Peers:
    """The harness, and the folder in which the peers are installed."""

    harness: Path
    work: Path

    def install(self) -> None:
        """Install what is missing; minutes at the first time, since one package is compiled."""
        node = self.work / "c15t"
        if not node.exists():
            say(f"installing peers from npm and PyPI into {self.work}")
            node.mkdir(parents=True)
            for words in (("init", "-y"), ("pkg", "set", "type=module"), ("install", *NPM)):
                _run("npm", *words, cwd=node)
        if not list(node.glob("node_modules/better-sqlite3/build/Release/better_sqlite3.node")):
            # npm 11 builds nothing that was not approved; older ones do not know the command.
            approve = ["npm", "install-scripts", "approve", "better-sqlite3"]
            subprocess.run(approve, cwd=node, capture_output=True, check=False)  # noqa: S603
            _run("npm", "rebuild", "better-sqlite3", cwd=node)
        if not (self.work / "venv").exists():
            _run(sys.executable, "-m", "venv", str(self.work / "venv"))
            _run(str(self.work / "venv" / "bin" / "pip"), "install", "--quiet", *PYPI)
        shutil.copy(self.harness / "peers" / "c15t" / "server.mjs", node)


def measure(report: Report, directory: Path, rounds: Rounds, peers: Peers) -> None:
    """Measure what the peers do for a decision, and what they answer before one."""
    try:
        peers.install()
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"skipped: the peers cannot be installed: {error}")
        return
    with postgresql(directory) as database:
        _measure_c15t(report, rounds, peers, "SQLite", f"sqlite:{directory / 'c15t.db'}")
        _measure_c15t(report, rounds, peers, "PostgreSQL", database.url("c15t"))
        _measure_django(report, rounds, peers, database)


def _measure_c15t(report: Report, rounds: Rounds, peers: Peers, name: str, address: str) -> None:
    record = ("POST", "/subjects", str(peers.harness / "peers" / "c15t" / "consent.json"), "200")
    environ = {**os.environ, "DB": address, "NODE_ENV": "production"}
    _run("node", "server.mjs", "migrate", cwd=peers.work / "c15t", environ=environ)
    with _serving(["node", "server.mjs"], peers.work / "c15t", environ, "/status") as (url, process):
        peer = _Peer(peers.harness / "lua" / "w.sh", url, process, rounds, report)
        for number in rounds.connections:
            peer.take(f"c15t, {name}: record, c = {number}", number, record)
        if name == "SQLite":
            init = ("GET", "/init", "-", "200", "x-c15t-country=DE")
            peer.take("c15t: init, c = 16", 16, init)


def _measure_django(report: Report, rounds: Rounds, peers: Peers, database: Database) -> None:
    database.url("dcc")
    environ = {
        **os.environ,
        "PGHOST": unquote(database.folder),
        "PGUSER": "postgres",
        "PGDATABASE": "dcc",
        "PGPASSWORD": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    folder, programs = peers.harness / "peers" / "dcc", peers.work / "venv" / "bin"
    body = peers.work / "accept.txt"
    body.write_text("cookie_groups=analytics&cookie_groups=marketing")
    _run(str(programs / "python"), "dccsite.py", cwd=folder, environ=environ)
    accept = (
        "POST",
        "/cookies/accept/",
        str(body),
        "200",
        "Content-Type=application/x-www-form-urlencoded",
        "X-Cookie-Consent-Fetch=1",
    )
    gunicorn = [
        str(programs / "gunicorn"),
        "-k",
        "gthread",
        "-w",
        "2",
        "--threads",
        "4",
        "--log-level",
        "warning",
    ]
    with _serving([*gunicorn, "dccsite:application"], folder, environ, "/cookies/status/") as (url, process):
        peer = _Peer(peers.harness / "lua" / "w.sh", url, process, rounds, report)
        for number in rounds.connections:
            peer.take(f"django-cookie-consent, PostgreSQL: record, c = {number}", number, accept)


@contextmanager
def _serving(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], path: str
) -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environ = {**environ, "PORT": str(port), "GUNICORN_CMD_ARGS": f"-b 127.0.0.1:{port}"}
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        end = time.monotonic() + START
        while process.poll() is None and time.monotonic() < end and not _answers(url + path):
            time.sleep(0.2)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        urlopen(url, timeout=5).close()  # noqa: S310 - our own
    except HTTPError:
        return True
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Peer:
    """A peer that answers at `url`; the harness's program asks it, `rounds` of each load."""

    program: Path
    url: str
    process: int
    rounds: Rounds
    report: Report

    def take(self, what: str, connections: int, request: Sequence[str]) -> None:
        """Take the rounds of one load, after a short one that warms up."""
        seconds = [WARM] + [self.rounds.seconds] * self.rounds.rounds
        results = [self._load(what, connections, one, request) for one in seconds][1:]
        for result in results:
            say(f"{what}: {result.rate:,.0f}/s")
        self.report.load(what, results)

    def _load(self, what: str, connections: int, seconds: float, request: Sequence[str]) -> Load:
        command = [str(self.program), what, str(connections), f"{seconds:.0f}", self.url, *request]
        environ = {**os.environ, "PIDS": str(self.process)}
        said = subprocess.run(command, env=environ, capture_output=True, text=True, check=False).stdout  # noqa: S603
        found, spent = re.search(r"\{.*\}", said), re.search(r"cpu_ms_per_req=([0-9.]+)", said)
        if found is None or spent is None:
            sys.exit(f"{what}: the harness gave no result: {said}")
        # Its last member is Lua's quoting of an answer, which is no JSON.
        result = json.loads(found[0].partition(',"sample"')[0] + "}")
        answers, refused = result["requests"] - result["unexpected"], result["unexpected"]
        return Load(answers, refused, result["ok_rps"], result["p50_ms"], result["p99_ms"], float(spent[1]))


def _run(*words: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
    subprocess.run(words, cwd=cwd, env=environ, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
