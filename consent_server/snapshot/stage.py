"""Where the pictures are taken: a plain page that loads the widget, beside a server on this machine."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = "/page"
_POLL_SECONDS = 0.05


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a progress bar stands on the terminal."""


@contextmanager
def raise_stage(app: WSGIApplication, site: str) -> Iterator[str]:
    """Serve `app` and a page that loads the widget of `site`; give the page's URL, to be ended by a language.

    The page is on `localhost`, the server on 127.0.0.1: two origins, as in life. Neither is one of the
    site's, so that nothing done on the page can be recorded.
    """
    server = make_server("127.0.0.1", 0, _with_page(app, site), threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}{PAGE}?"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _with_page(app: WSGIApplication, site: str) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PAGE:
            return app(environ, start_response)
        language = next(iter(parse_qs(environ["QUERY_STRING"]).get("language", ["en"])))
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [_page(f"http://127.0.0.1:{environ['SERVER_PORT']}/v1/{site}/consent.js", language).encode()]

    return serve


def _page(script: str, language: str) -> str:
    lang = escape(language)
    return f"""<!doctype html>
<html lang="{lang}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{escape(script)}</title>
  <script src="{escape(script)}?lang={lang}" defer></script>
</head>
<body></body>
</html>
"""
