"""The preview's pages: the board, the page that visitors would stand on, and the news of each change."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from babel import Locale
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from consent_server.errors import Flaw
    from consent_server.preview.draft import Draft, State

    Headers = list[tuple[str, str]]

_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'"
_FILES = {"board.js": "text/javascript", "board.css": "text/css", "stage.css": "text/css"}
_ANCESTORS = re.compile(r"frame-ancestors 'none'")
_PATIENCE = 15.0  # seconds without news until a sign of life is sent
_POLL_SECONDS = 0.05


class Website:
    """A WSGI application. `app` returns the consent server of the last good catalog, or None."""

    def __init__(self, draft: Draft, app: Callable[[], WSGIApplication | None]) -> None:
        self._draft = draft
        self._app = app
        self._templates = Environment(
            loader=PackageLoader("consent_server.preview"), autoescape=True, undefined=StrictUndefined
        )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer our own paths, and let the consent server answer all others."""
        request = Request(environ)
        name = request.path.removeprefix("/preview/")
        if request.path == "/":
            answer = self._page("board.html", _POLICY)
        elif name == "events":
            answer = Response(self._events(), mimetype="text/event-stream")
        elif name == "stage":
            answer = self._stage(request)
        elif name in _FILES:
            answer = Response(_file(name), content_type=f"{_FILES[name]}; charset=utf-8")
        else:
            return self._consent(environ, start_response)
        answer.headers["Cache-Control"] = "no-store"
        return answer(environ, start_response)

    def _page(self, template: str, policy: str | None, **values: Any) -> Response:
        text = self._templates.get_template(template).render(values)
        answer = Response(text, mimetype="text/html")
        if policy:
            answer.headers["Content-Security-Policy"] = policy
        return answer

    def _stage(self, request: Request) -> Response:
        catalog = self._draft.state.catalog
        if catalog is None:
            return Response("Nothing can be shown yet.", 404, mimetype="text/plain")
        spoken = catalog.site.languages
        language = request.args.get("lang", "")
        language = language if language in spoken else spoken[0]
        return self._page(
            "stage.html",
            None,
            site=catalog.site.id,
            language=language,
            direction=Locale.parse(language, sep="-").text_direction,
            opened=request.args.get("view") == "preferences",
            version=self._draft.state.shown,
        )

    def _events(self) -> Iterator[bytes]:
        """Tell the state, and each new one, as server-sent events (WHATWG HTML, section 9.2)."""
        version = 0
        while True:
            state = self._draft.wait(version, _PATIENCE)
            if state.version == version:
                yield b":\n\n"
                continue
            version = state.version
            yield f"data: {json.dumps(told(state), ensure_ascii=False)}\n\n".encode()

    def _consent(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self._app()
        if app is None:
            return Response("Nothing can be shown yet.", 404, mimetype="text/plain")(environ, start_response)

        def framed(status: str, headers: Headers, *more: Any) -> Callable[[bytes], object]:
            return start_response(status, [_framed(*header) for header in headers], *more)

        return app(environ, framed)


def _framed(name: str, value: str) -> tuple[str, str]:
    """Let the board frame the public pages, and keep nothing: the next version has the same address."""
    if name.lower() == "content-security-policy":
        return name, _ANCESTORS.sub("frame-ancestors 'self'", value)
    return name, "no-store" if name.lower() == "cache-control" else value


def told(state: State) -> dict[str, Any]:
    """Return a state as the board is told it: JSON values."""
    catalog = state.catalog
    errors = [one for one in state.flaws if one.severity == "error"] if state.broken else []
    return {
        "version": state.version,
        "shown": state.shown,
        "shown_at": state.shown_at,
        "broken": state.broken,
        "site": catalog.site.id if catalog else None,
        "languages": [_language(tag) for tag in catalog.site.languages] if catalog else [],
        "errors": [_flaw(one) for one in errors],
        "warnings": [_flaw(one) for one in state.flaws if one not in errors],
        "more": state.more,
        "changes": [{"says": one.says, "asks": one.asks, "why": one.why} for one in state.changes],
    }


def _flaw(flaw: Flaw) -> dict[str, Any]:
    return {
        "line": flaw.line,
        "column": flaw.column,
        "message": flaw.message,
        "source": flaw.source,
        "rule": flaw.rule,
    }


def _language(tag: str) -> dict[str, str]:
    name = Locale.parse(tag, sep="-").get_language_name(tag) or tag
    return {"tag": tag, "name": name[:1].upper() + name[1:]}


def _file(name: str) -> bytes:
    return files("consent_server.preview").joinpath("templates", name).read_bytes()


class _Silent(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the terminal is for what the command says."""


@contextmanager
def serving(website: WSGIApplication, port: int) -> Iterator[str]:
    """Serve on `port` of this machine, 0 for any; give the address. Raises OSError where it is taken."""
    # Werkzeug would end the program where the port is taken.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
    server = make_server("127.0.0.1", port, website, threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()
