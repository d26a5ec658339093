"""Serving the demo website: enough for one person and a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from consent_server.demo.website import create_website

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer


def website_server(consent_url: str, site_id: str, port: int) -> BaseWSGIServer:
    """Return a server of the demo website on `port` of this machine; its `serve_forever` blocks."""
    return make_server("127.0.0.1", port, create_website(consent_url, site_id), threaded=True)
