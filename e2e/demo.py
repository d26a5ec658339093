"""What a visitor meets: the consent server, the demo website, and a few odd pages, each on its own port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import tomlkit
from commands import command

from consent_server.cli.demo import shipped_catalog
from consent_server.demo.run import website_server
from e2e.auditor import Auditor, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from socketserver import BaseServer

SITE = "bacloud"
HIDDEN = {"audience": "/", "audience_account": "/account"}
"""HttpOnly cookies of the statistics that the shipped catalog lacks: name and path."""
_SECONDS = 20
_T = TypeVar("_T")


def until(condition: Callable[[], _T], what: str, seconds: float = 10) -> _T:
    """Return what `condition` says once that is true, or fail with `what` was waited for."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.02)
    return found


class Pages:
    """Pages of our own by path: HTML and, where it has one, a Content-Security-Policy."""

    def __init__(self) -> None:
        self.by_path: dict[str, tuple[str, str]] = {}

    def put(self, path: str, html: str, policy: str = "") -> str:
        """Serve `html` at `path` from now on; return the path."""
        self.by_path[path] = (html, policy)
        return path

    def serve(self, port: int) -> ThreadingHTTPServer:
        """Return a server of these pages on `port`."""
        pages = self.by_path

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                html, policy = pages.get(self.path, ("", ""))
                self.send_response(200 if html else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if policy:
                    self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(html.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
                """Stay silent."""

        return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@dataclass(frozen=True, slots=True)
class Demo:
    """Addresses without a slash at their end, the catalog that is served, and an auditor."""

    server: str
    website: str
    other: str
    """The origin of `pages`, which the catalog allows too."""
    below: str
    """The same pages on a host four labels deep, which the catalog does not allow."""
    pages: Pages
    catalog: Path
    auditor: Auditor

    @property
    def home(self) -> str:
        """Where the site lives on the server."""
        return f"{self.server}/v1/{SITE}"

    @property
    def tag(self) -> str:
        """The script tag that a website pastes."""
        return f'<script src="{self.home}/consent.js" async></script>'

    def notice(self, language: str = "en") -> dict[str, Any]:
        """Return the envelope that the server gives out now."""
        found: dict[str, Any] = ask(f"{self.home}/notice.json?lang={language}")
        return found

    def edit(self, before: str, after: str) -> dict[str, Any]:
        """Replace `before` in the catalog, wait until the server has noticed; return the new envelope."""
        text = self.catalog.read_text(encoding="utf-8")
        assert before in text
        return self.write(text.replace(before, after, 1))

    def write(self, catalog: str) -> dict[str, Any]:
        """Write another catalog, wait until the server has noticed; return the new envelope."""
        served = self.notice()["sha256"]
        self.catalog.write_text(catalog, encoding="utf-8")
        until(lambda: self.notice()["sha256"] != served, "the edited catalog", 5)
        return self.notice()


@contextmanager
def run_demo(directory: Path) -> Iterator[Demo]:
    """Start everything with its data in `directory`; stop it at the end."""
    ports = _free_ports(3)
    server, website, other = (f"http://localhost:{port}" for port in ports)
    below = f"http://www.eu.shop.localhost:{ports[2]}"
    catalog = _write_catalog(directory / "cookie_catalog.toml", [website, other])
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")},
        "CONSENT_CATALOG": str(catalog),
        "CONSENT_DATA_DIR": str(directory),
        "CONSENT_PUBLIC_URL": server,
        "CONSENT_PORT": str(ports[0]),
        "CONSENT_RATE_LIMIT": "off",
    }
    pages = Pages()
    with (
        _consent_server(environ, server, directory / "server.log"),
        _thread(website_server(server, SITE, ports[1])),
        _thread(pages.serve(ports[2])),
    ):
        auditor = Auditor(f"{server}/v1/{SITE}", server, _auditor_token(environ))
        yield Demo(server, website, other, below, pages, catalog, auditor)


def _write_catalog(path: Path, origins: list[str]) -> Path:
    """Write the shipped catalog for these origins, with statistics that scripts cannot delete."""
    document: Any = tomlkit.parse(shipped_catalog().read_text(encoding="utf-8"))
    document["site"]["origins"] = origins
    document["site"]["policy_url"] = f"{origins[0]}/privacy"
    del document["site"]["cookie_domain"]
    for name, where in HIDDEN.items():
        document["cookie"].append(
            {
                "name": name,
                "service": "google-analytics",
                "category": "analytics",
                "lifespan": "1 year",
                "http_only": True,
                "path": where,
                "purpose": {"en": "Counts visits.", "lt": "Skaičiuoja apsilankymus."},
            }
        )
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return path


@contextmanager
def _consent_server(environ: dict[str, str], url: str, log: Path) -> Iterator[None]:
    with log.open("wb") as output:
        serve = [sys.executable, "-m", "consent_server", "serve"]
        process = subprocess.Popen(serve, env=environ, stdout=output, stderr=output)
        try:
            until(lambda: process.poll() is not None or _answers(url), "the server's start", _SECONDS)
            assert process.poll() is None, log.read_text(encoding="utf-8")
            yield
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=1):
            return True
    except (URLError, OSError):
        return False


@contextmanager
def _thread(server: BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _auditor_token(environ: dict[str, str]) -> str:
    given = {name: value for name, value in environ.items() if name.startswith("CONSENT_")}
    done = command("auditor", "add", "Browser tests", "--site", SITE, environ=given)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
