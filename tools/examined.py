"""The doctor at work, and what it looks at from outside: a website, a proxy."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from commands import command

if TYPE_CHECKING:
    from collections.abc import Iterator


def examine(environ: dict[str, str], *words: str, **more: str) -> tuple[int, str]:
    """Run the doctor; return its exit code and what it said."""
    done = command("doctor", *words, environ={**environ, **more})
    assert done.stderr == ""
    return done.returncode, done.stdout


def wrongs(said: str) -> list[str]:
    """Return what is wrong, without the advice."""
    return [line.removeprefix("wrong").strip() for line in said.splitlines() if line.startswith("wrong")]


@contextmanager
def listening(host: str, handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port; give the address."""
    server = ThreadingHTTPServer((host, 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def website(html: str, policy: str = "", date: str = "") -> Iterator[str]:
    """Serve one page at every path, at this date or now; give its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", date or self.date_time_string())
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    with listening("127.0.0.1", Page) as url:
        yield url


@contextmanager
def proxy(server: str, *names: str) -> Iterator[str]:
    """Hand requests on to a server, and name the client in these headers; give the address of the proxy.

    That is on this machine too, but none of the addresses that the doctor knows for it.
    """

    class Pass(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            passed = {name: value for name, value in self.headers.items() if name not in names}
            told = passed | dict.fromkeys(names, "198.51.100.7")
            try:
                asked = Request(server + self.path, headers=told, method=self.command)  # noqa: S310 - a test's
                answer = urlopen(asked, timeout=5)  # noqa: S310
            except HTTPError as refused:
                answer = refused
            with answer:
                body = answer.read()
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        do_OPTIONS = do_GET  # noqa: N815 - the server calls it so

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    with listening("127.0.0.2", Pass) as url:
        yield url
