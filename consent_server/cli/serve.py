"""`consent-server serve`."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from consent_server.app import now, open_store
from consent_server.assets import load
from consent_server.catalog.files import read_catalogs
from consent_server.checkpoints import CheckpointFiles
from consent_server.consent.keyring import Keyring
from consent_server.consent.logs import Logs
from consent_server.errors import SettingsError
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems, token_secrets
from consent_server.logs import configuration
from consent_server.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# They wait: for the disk, for the database, for bodies that come slowly.
_THREADS_SQLITE = 32
_THREADS_POSTGRESQL = 16
_STOP_SECONDS = 10


@click.command()
@click.option("--host", help="Listen on this address (CONSENT_HOST).")
@click.option("--port", help="Listen on this port (CONSENT_PORT).")
@click.option("--catalog", type=click.Path(), help="The catalog, a file or a directory (CONSENT_CATALOG).")
def serve(host: str | None, port: str | None, catalog: Path | None) -> None:
    """Serve the widget, the cookie pages and the receipts.

    \b
    Examples:
      consent-server serve
      CONSENT_DATABASE_URL=postgresql://consent@db/consent consent-server serve --host 0.0.0.0
    """
    given = {"CONSENT_HOST": host, "CONSENT_PORT": port, "CONSENT_CATALOG": catalog}
    # The workers read their settings from the environment, as every process of this program does.
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = read_settings()
    check(settings)
    _refuse_taken_port(settings)
    with _shared_metrics(settings):
        _granian(settings).serve()


def check(settings: Settings) -> None:
    """Refuse now, in one process and in plain words, what would stop each worker."""
    catalogs = read_catalogs(settings.catalog)
    signer = ReceiptSigner(signing_pems(settings))
    token_secrets(settings)
    key = log_key(settings)
    load()
    with closing(open_store(settings)) as store:
        Keyring(store, signer, now).check()
        logs, files = Logs(store, store), CheckpointFiles(settings.data_dir)
        for catalog in catalogs:
            files.check(catalog.site.id, logs)
            logs.check_key(catalog.site.id, key)


def _refuse_taken_port(settings: Settings) -> None:
    # granian's sockets share a port with others that do: a second server would take half the visitors.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"Port {settings.port} of {settings.host} cannot be used: {error.strerror}. "
                "Set another one: --port or CONSENT_PORT."
            ) from None


@contextmanager
def _shared_metrics(settings: Settings) -> Iterator[None]:
    """Let several workers count in one directory: whichever is asked for metrics answers for all."""
    if settings.workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="consent-metrics-") as directory:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        yield


def _granian(settings: Settings) -> MPServer:
    # Ours wait for the disk most of the time: granian's advice on their number does not hold for them.
    logging.getLogger("_granian").addFilter(lambda record: "Python threads" not in record.getMessage())
    return MPServer(
        "consent_server.app:create_app",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        blocking_threads=_THREADS_SQLITE if settings.on_sqlite else _THREADS_POSTGRESQL,
        websockets=False,
        # One that was killed, by a machine without memory, say; one that dies again at once ends the server.
        respawn_failed_workers=True,
        # One that does not stop would be waited for without end, Ctrl-C or not. What has its 201 is safe.
        workers_kill_timeout=_STOP_SECONDS,
        log_level=LogLevels(settings.log_level),
        log_dictconfig=configuration(settings.log_level),
    )
