"""The description of the routes for programs and for people: /openapi.json and /docs."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from consent_server import __version__
from consent_server.catalog.texts import texts_in
from consent_server.web.openapi import document, groups, routes, status_of
from consent_server.web.origins import allow_everyone
from consent_server.web.page_frame import Frame, html, templates, tongue
from consent_server.web.pages import MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def docs_blueprint(stylesheet: str) -> Blueprint:
    """Serve the OpenAPI document and its page. `stylesheet` is the URL path of the pages' CSS."""
    blueprint = Blueprint("docs", __name__)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        answer = Response(description(), content_type="application/json")
        answer.headers["Cache-Control"] = f"max-age={MAX_AGE}"
        return allow_everyone(answer)

    @blueprint.get("/docs")
    def docs() -> Response:
        english = tongue("en")
        frame = Frame(english, (), texts_in("en"), stylesheet, host="", domain="", owner="Consent server")
        return html("docs.html", frame, max_age=MAX_AGE, openapi="/openapi.json", **_page())

    return blueprint


@cache
def description() -> str:
    """Return the OpenAPI document as JSON."""
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":"))


def routes_as_html(openapi: str) -> str:
    """Return what the page shows, without a page around it; `openapi` is where the JSON of it is."""
    return templates().get_template("api.html").render(openapi=openapi, **_page())


@cache
def _page() -> dict[str, Any]:
    """Return what the page shows: each group with its routes, in the order of the documentation."""
    said = document()
    chapters = [
        {
            "id": group,
            "title": title,
            "routes": [
                {"route": route, "said": said["paths"][route.path][route.method]}
                for route in routes()
                if route.group == group
            ],
        }
        for group, title in groups().items()
    ]
    schemas = said["components"]["schemas"]
    kinds = {name: {member: _kind(it) for member, it in _members(about)} for name, about in schemas.items()}
    return {
        "version": __version__,
        "chapters": chapters,
        "schemas": schemas,
        "kinds": kinds,
        "status_of": status_of,
    }


def _members(schema: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    members: Mapping[str, Any] = schema.get("properties", {})
    return members.items()


def _kind(schema: Mapping[str, Any]) -> str:
    """Say in a few words what a member holds."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema:
        return " or ".join(_kind(one) for one in schema["oneOf"])
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object: name to {_kind(schema['additionalProperties'])}"
    kind = schema.get("type", "anything")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{words} ({schema['format']})" if "format" in schema else words
