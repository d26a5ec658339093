"""`consent-server catalog preview`: the catalog as visitors will see it, while it is edited."""

from __future__ import annotations

import signal
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.app import build_server
from consent_server.errors import SettingsError
from consent_server.preview.draft import INTERVAL, Draft
from consent_server.preview.website import Website, serving
from consent_server.repeat import Repeat
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIApplication

    from consent_server.app import Server
    from consent_server.catalog.model import Catalog

_STOP = frozenset({signal.SIGINT, signal.SIGTERM})


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65535), default=8020, show_default=True, help="0 takes any.")
def preview(path: Path | None, port: int) -> None:
    """Show banner, preferences, cookie page and guide on this machine, as the catalog is saved.

    In each language, on a phone and on a desktop, light and dark; beside them what `catalog check` says with
    line numbers, and what changed since the preview began. A file that does not hold leaves the last good
    version on the screen and says so. Without PATH it is the catalog that the settings name.

    Nothing is recorded, and nobody else can see it: it listens on this machine alone.

    \b
    Examples:
      consent-server catalog preview
      consent-server catalog preview drafts/cookie_catalog.toml --port 8030
    """
    file = path or read_settings().catalog
    if file.is_dir():
        raise SettingsError(f"{file} holds several sites: name the file of one of them.")
    if not file.exists():
        raise SettingsError(f"There is no {file}: name a catalog, or make one with `consent-server init`.")
    with _kept(_STOP), tempfile.TemporaryDirectory(prefix="consent-preview-") as directory:
        stage = _Stage(Path(directory))
        draft = Draft(file, stage.serve)
        try:
            with serving(Website(draft, stage.app), port) as url:
                looking = Repeat(draft.look, INTERVAL, "consent-preview")
                click.echo(f"Preview of {file}: {url}\nStop with Ctrl-C.")
                signal.sigwait(_STOP)
                looking.stop()
                click.echo("Stopped.")
        except OSError as error:
            raise SettingsError(_taken(port, error)) from None
        finally:
            stage.close()


@contextmanager
def _kept(signals: frozenset[signal.Signals]) -> Iterator[None]:
    """Let these signals wait for `sigwait`, in this thread and in those that it starts.

    Otherwise a thread that starts another one may take the signal, and the main thread, in which Python
    runs handlers, sleeps on.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _taken(port: int, error: OSError) -> str:
    return f"Port {port} cannot be used: {error.strerror}. Choose another, such as --port 8030."


class _Stage:
    """Runs the consent server of the last good catalog; all that it stores is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changing = threading.Lock()
        self._server: Server | None = None

    def serve(self, source: bytes, _catalog: Catalog) -> None:
        """Serve this catalog from now on."""
        copy = self._folder / "cookie_catalog.toml"
        settings = {"CONSENT_CATALOG": str(copy), "CONSENT_DATA_DIR": str(self._folder)}
        # Who asks meanwhile waits.
        with self._changing:
            self.close()
            copy.write_bytes(source)
            self._server = build_server(read_settings(settings))

    def app(self) -> WSGIApplication | None:
        """Return what answers now; None before there was a good catalog."""
        with self._changing:
            return self._server.app if self._server else None

    def close(self) -> None:
        """Let go of the server."""
        server, self._server = self._server, None
        if server:
            server.close()
