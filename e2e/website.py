"""Small websites for scans, with real sockets: pages and headers as a test wants them."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Website:
    """A website of our own: `pages` are HTML by path, `headers` what an answer carries besides."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.headers: dict[str, list[tuple[str, str]]] = {}
        website = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                body = website.pages.get(path)
                headers = website.headers.get(path, [])
                self.send_response(404 if body is None else 302 if dict(headers).get("Location") else 200)
                kind = {"js": "text/javascript", "xml": "text/xml", "txt": "text/plain"}
                self.send_header("Content-Type", kind.get(path.rpartition(".")[2], "text/html"))
                for name, value in headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write((body or "There is no such page.").encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
                """Stay silent."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        """The port that it is served on."""
        return self.server.server_port

    @property
    def url(self) -> str:
        """Its address, without a slash at its end."""
        return f"http://localhost:{self.port}"


def serve(website: Website) -> Iterator[Website]:
    """Serve a website while it is used."""
    thread = threading.Thread(target=website.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield website
    website.server.shutdown()
    thread.join()
    website.server.server_close()
