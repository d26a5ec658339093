"""What every route takes and answers: OpenAPI 3.1, made of `api.toml` and of the schemas that check input."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from consent_server import __version__
from consent_server.web.problems import HTTP_CODES, STATUS
from consent_server.web.queries import DaysSchema, PageSchema
from consent_server.web.schemas import DecisionSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from marshmallow.fields import Field

PROBLEM = "application/problem+json"

_QUERIES = {"Page": PageSchema, "Days": DaysSchema}
_ABOUT = (
    "Receipts for cookie consent that anyone can verify. Every refusal is a problem document (RFC 9457) with "
    "a stable `code`. Tokens travel in `Authorization` or in a body, never in an address."
)
_SECURITY = {
    "holder": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token that came with the receipt.",
    },
    "auditor": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token made by `consent-server auditor add`.",
    },
    "operator": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token in CONSENT_METRICS_TOKEN. Requests from the machine itself need none.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "console",
        "description": "The console's session. On https its name is `__Host-console`.",
    },
}
_ORIGINS = {
    "site": "An origin of the site, as the browser writes it.",
    "page": "The origin of this server.",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path, as `api.toml` describes it."""

    path: str
    group: str
    what: str
    answers: Mapping[str, Mapping[str, str]]
    method: str = "get"
    who: str | list[str] = dataclasses.field(default_factory=list)
    query: str | list[str] = dataclasses.field(default_factory=list)
    body: Mapping[str, str] = dataclasses.field(default_factory=dict)
    refusals: list[str] = dataclasses.field(default_factory=list)
    refused_as: str = PROBLEM

    @property
    def askers(self) -> list[str]:
        """Who may ask; nobody named is anyone."""
        return _listed(self.who)

    @property
    def codes(self) -> list[str]:
        """The code of every refusal."""
        found = ["site_unknown"] if self.path.startswith("/v1/{site}") else []
        if self.method != "get" or {"holder", "auditor", "operator"} & set(self.askers):
            found.append("rate_limited")
        if self.body:
            found.append("server_busy")
        return [*found, *self.refusals]

    @property
    def id(self) -> str:
        """An identifier for generated clients."""
        return re.sub(r"\W+", "_", f"{self.method} {self.path}").strip("_")


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document. Raises KeyError where `api.toml` names what the program does not have."""
    said = _said()
    marshmallow = MarshmallowPlugin()
    spec = APISpec(
        title="Consent server",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": _ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        plugins=[marshmallow],
        tags=[{"name": group, "description": words} for group, words in said["groups"].items()],
    )
    assert marshmallow.converter is not None  # there is one as soon as the plugin has its spec
    marshmallow.converter.add_attribute_function(_as_json_schema)  # type: ignore[no-untyped-call]
    spec.components.schema("Decision", schema=DecisionSchema)
    for name, members in said["schema"].items():
        spec.components.schema(name, _one_of(members) if "one_of" in members else _object(members))
    for name, scheme in _SECURITY.items():
        spec.components.security_scheme(name, scheme)
    for route in routes():
        spec.path(path=route.path, operations={route.method: _operation(route, said["parameter"])})
    return spec.to_dict()


@cache
def routes() -> tuple[Route, ...]:
    """Return every route in the order of the documentation."""
    return tuple(Route(**route) for route in _said()["route"])


@cache
def groups() -> dict[str, str]:
    """Return the title of each group of routes."""
    found: dict[str, str] = _said()["groups"]
    return found


@cache
def _said() -> dict[str, Any]:
    return tomllib.loads((files("consent_server.web") / "api.toml").read_text("utf-8"))


def _as_json_schema(_converter: Any, field: Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """Say what Python's checks mean in the words of JSON Schema, whose patterns are JavaScript's."""
    more: dict[str, Any] = {}
    if "pattern" in ret:
        more["pattern"] = ret["pattern"].replace(r"\A", "^").replace(r"\Z", "$")
    if isinstance(field, fields.Enum):
        more["type"] = "string"
    if isinstance(field, fields.Dict) and "maxLength" in ret:
        more["maxProperties"] = ret.pop("maxLength")
    return more


def _operation(route: Route, parameters: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.id,
        "summary": route.what,
        "tags": [route.group],
        "parameters": list(_parameters(route, parameters)),
        "responses": _answers(route),
    }
    security = [asker for asker in route.askers if asker in _SECURITY]
    if security:
        operation["security"] = [{asker: [] for asker in security}]
        if "operator" in security:
            operation["security"].append({})
    if route.body:
        content = {media_type: {"schema": _schema(name)} for media_type, name in route.body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route, described: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "required": True, **described[name]}
    for asked in _listed(route.query):
        if asked in _QUERIES:
            yield {"in": "query", "schema": _QUERIES[asked]}
        else:
            yield {"name": asked, **described[asked]}
    for asker in route.askers:
        if asker in _ORIGINS:
            yield {
                "name": "Origin",
                "in": "header",
                "required": True,
                "description": _ORIGINS[asker],
                "schema": {"type": "string"},
            }


def _answers(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in route.codes:
        answer = found.setdefault(str(status_of(code)), {"description": "", "content": _refused(route)})
        answer["description"] += f"{', ' if answer['description'] else ''}`{code}`"
    for status, contents in route.answers.items():
        content = {media_type: {"schema": _schema(name)} for media_type, name in contents.items()}
        words = "Go there." if status.startswith("3") else "Not now." if status.startswith("5") else "Done."
        found[status] = {"description": words, **({"content": content} if content else {})}
    return dict(sorted(found.items()))


def status_of(code: str) -> int:
    """Return the HTTP status of a refusal. Raises KeyError where there is none of this code."""
    return _statuses()[code]


@cache
def _statuses() -> dict[str, int]:
    own = {refusal.code: int(status) for refusal, status in STATUS.items()}
    return {**{code: int(status) for status, code in HTTP_CODES.items()}, **own}


def _refused(route: Route) -> dict[str, Any]:
    return {route.refused_as: {"schema": _schema("Problem" if route.refused_as == PROBLEM else "text")}}


def _one_of(members: Mapping[str, Any]) -> dict[str, Any]:
    choices = [_schema(name) for name in members["one_of"]]
    return {"description": members["description"], "properties": {}, "oneOf": choices}


def _schema(name: str) -> dict[str, Any]:
    if name == "text":
        return {"type": "string"}
    return {"type": "object"} if name == "object" else {"$ref": f"#/components/schemas/{name}"}


def _object(members: Mapping[str, Any]) -> dict[str, Any]:
    more = {name: members[name] for name in ("additionalProperties",) if name in members}
    names = [name for name in members if name not in {"description", "optional", *more}]
    properties = {
        name: {"type": members[name]} if isinstance(members[name], str) else members[name] for name in names
    }
    required = [name for name in names if name not in members.get("optional", ())]
    return {
        "type": "object",
        "description": members["description"],
        "required": required,
        "properties": properties,
        **more,
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
