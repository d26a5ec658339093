"""A road to the consent server that can be troubled: what happens to a request is chosen by the test."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Reply = tuple[int, dict[str, str], bytes]
    Trouble = Callable[[Callable[[], Reply]], Reply | None]
    """Gets a function that asks the server; returns what the browser gets, None: a broken connection."""

SECONDS = 20
DROPPED = {"connection", "transfer-encoding", "content-length", "date", "server"}
HTML = "<!doctype html><title>Free Wi-Fi</title><h1>Sign in</h1>"
PROBLEM = '{"type":"about:blank","title":"","status":%d,"detail":"","code":"%s"}'


def down(_ask: Callable[[], Reply]) -> None:
    """Break the connection before the server hears anything."""


def lost(ask: Callable[[], Reply]) -> None:
    """Let the server do it, and lose its answer."""
    ask()


def slow(seconds: float) -> Trouble:
    """Answer late."""

    def trouble(ask: Callable[[], Reply]) -> Reply:
        time.sleep(seconds)
        return ask()

    return trouble


def hanging(until: threading.Event) -> Trouble:
    """Accept the request and say nothing, until somebody lets go."""

    def trouble(ask: Callable[[], Reply]) -> Reply:
        until.wait(SECONDS)
        return ask()

    return trouble


def answering(
    status: int, body: str = "", *, kind: str = "text/html", open_: bool = True, again: str = "30"
) -> Trouble:
    """Answer in the server's place; only what is `open_` may be read by pages of other origins."""
    headers = {"Content-Type": kind, "Retry-After": again}
    if open_:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = "Retry-After"
    return lambda _ask: (status, headers, body.encode())


def refusing(status: int, code: str, again: str = "30") -> Trouble:
    """Refuse in the server's own words (RFC 9457)."""
    return answering(status, PROBLEM % (status, code), kind="application/problem+json", again=again)


class Proxy:
    """Passes everything on to `server`, but for paths that contain `where` while there is a `trouble`."""

    def __init__(self, server: str) -> None:
        self.trouble: Trouble | None = None
        self.where = ""
        self.passed: list[str] = []
        """Method and path of everything that the server was asked."""
        proxy, host = self, urlsplit(server)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                trouble = proxy.trouble if proxy.where in self.path else None
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                reply = trouble(lambda: self.ask(body)) if trouble else self.ask(body)
                if not reply:
                    return
                status, headers, content = reply
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def ask(self, body: bytes) -> Reply:
                proxy.passed.append(f"{self.command} {self.path}")
                connection = HTTPConnection(str(host.hostname), host.port or 80, timeout=SECONDS)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                kept = {name: value for name, value in answer.getheaders() if name.lower() not in DROPPED}
                return answer.status, kept, content

            def handle(self) -> None:
                with suppress(ConnectionError):  # a browser that left before its answer came
                    super().handle()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://localhost:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Serve until the end of the block."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
