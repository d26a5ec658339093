"""The description of the routes is true: it names them all, and the server answers as it says."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from consent_server.app import build_server, now
from consent_server.consent.auditing import new_auditor
from consent_server.consent.uuid7 import uuid7
from consent_server.settings import read_settings
from consent_server.web.openapi import Route, document, routes, status_of
from consent_server.web.problems import STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from consent_server.app import Server

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    missing_required_header,
    unsupported_method,
]
EXAMPLES = 12
"""Requests to each route: ten seconds for all of them."""
ORIGIN = "https://shop.example"
HOME = "http://localhost"
OPERATOR = "m" * 16
ODD = st.sampled_from(["\ud800", "\0", "", "\r\n"]) | st.text(st.characters(), max_size=70)
"""Text of any kind: lone surrogates too, which JSON can spell and UTF-8 cannot."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A server with one receipt in its log, and everything that opens a door of it."""

    server: Server
    api: schemathesis.BaseSchema
    bearers: dict[str, str]
    session: str
    receipt: str
    bodies: dict[str, dict[str, Any]]
    """What each body holds where it is right, by the schema's name."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Iterator[Stage]:
    """Give a server, and its description with the values that lead somewhere."""
    folder = tmp_path_factory.mktemp("openapi")
    (folder / "cookie_catalog.toml").write_text(shop, encoding="utf-8")
    server = build_server(
        read_settings(
            {
                "CONSENT_CATALOG": str(folder / "cookie_catalog.toml"),
                "CONSENT_DATA_DIR": str(folder / "var"),
                "CONSENT_RATE_LIMIT": "off",
                "CONSENT_METRICS_TOKEN": OPERATOR,
            }
        )
    )
    client = server.app.test_client(use_cookies=False)
    notice = client.get("/v1/shop/notice.json").get_json()
    decision = {
        "decision": str(uuid7(now())),
        "notice": notice["sha256"],
        "method": "save",
        "choices": {"analytics": True, "marketing": False},
    }
    receipt = client.post("/v1/shop/receipts", json=decision, headers={"Origin": ORIGIN}).get_json()
    server.seal()
    auditor, token = new_auditor("shop", "Jane", 1, now())
    server.store.add(auditor)
    signed_in = client.post("/console/sign-in", data={"token": token}, headers={"Origin": HOME})
    session = re.findall(r"console=([^;]+)", signed_in.headers["Set-Cookie"])[0]
    leaves = client.get("/v1/shop/log/checkpoint").text.splitlines()[1]
    existing = {
        "site": ["shop"],
        "sha256": [notice["sha256"], notice["widget"]],
        "receipt": [receipt["id"]],
        "path": [f"tile/0/000.p/{leaves}"],
        "Origin": [ORIGIN, HOME],
        "Decision.decision": [str(uuid7(now())) for _ in range(9)],
        "Decision.notice": [notice["sha256"]],
        "Decision.widget": [notice["widget"]],
        "Decision.token": [receipt["token"]],
        "RevokeForm.token": [receipt["token"]],
        "SignIn.token": [token],
    }
    api = schemathesis.openapi.from_dict(leading(document(), existing))
    api.app = server.app
    bodies = {
        "Decision": decision | {"widget": notice["widget"], "token": receipt["token"]},
        "RevokeForm": {"token": receipt["token"], "lang": "en"},
        "SignIn": {"token": token},
        "SignOut": {"form": ""},
    }
    bearers = {"auditor": token, "holder": receipt["token"], "operator": OPERATOR}
    yield Stage(server, api, bearers, session, receipt["id"], bodies)
    server.close()


def leading(described: dict[str, Any], existing: dict[str, list[str]]) -> dict[str, Any]:
    """Return the description narrowed to what exists: else nearly every answer would be 404.

    Members of bodies are what exists or anything that was described.
    """
    narrowed = deepcopy(described)
    for operations in narrowed["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in existing:
                    parameter["schema"] = {"type": "string", "enum": existing[parameter["name"]]}
    schemas = narrowed["components"]["schemas"]
    choices = {name: {"type": "boolean"} for name in ("analytics", "marketing")}
    schemas["Decision"]["properties"]["choices"] = {
        "type": "object",
        "properties": choices,
        "required": list(choices),
        "additionalProperties": False,
    }
    for name, schema in schemas.items():
        for member in schema.get("properties", {}):
            if f"{name}.{member}" in existing:
                exists = {"type": "string", "enum": existing[f"{name}.{member}"]}
                schema["properties"][member] = {"anyOf": [exists, schema["properties"][member]]}
    return narrowed


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route.method} {route.path}")
def test_the_server_answers_as_it_is_described(stage: Stage, route: Route) -> None:
    """Whatever is sent: a documented status, its media type and its schema, and never a server error."""
    operation = stage.api[route.path][route.method.upper()]
    fitting, unfitting = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    bearers = [bearer for asker, bearer in stage.bearers.items() if asker in route.askers]
    headers = [{"Authorization": f"Bearer {bearer}"} for bearer in [*bearers, "nonsense"] if bearers]

    @given(case=fitting | unfitting, given_headers=st.sampled_from(headers) if headers else st.none())
    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    def ask(case: Case[Any], given_headers: dict[str, str] | None) -> None:
        case.call_and_validate(
            headers=given_headers,
            cookies={"console": stage.session} if "session" in route.askers else None,
            # A session of ours looks to it like one that it made up; test_console.py tells them apart.
            checks=[*CHECKS, *([] if "session" in route.askers else [ignored_auth])],
        )

    ask()


TAKING = [(route, media_type) for route in routes() for media_type in route.body]


@pytest.mark.parametrize(("route", "media_type"), TAKING, ids=lambda value: getattr(value, "path", value))
def test_a_member_that_is_any_text_is_answered_as_described(
    stage: Stage, route: Route, media_type: str
) -> None:
    """One at a time, the others right, so that it gets as far into the program as it can."""
    name = route.body[media_type]
    schema = document()["components"]["schemas"][name]
    members = [member for member, about in schema["properties"].items() if about.get("type") == "string"]
    described = document()["paths"][route.path]["post"]["responses"]
    path = route.path.format(site="shop", receipt=stage.receipt)
    headers = {"Origin": HOME if "page" in route.askers else ORIGIN, "Cookie": f"console={stage.session}"}
    client = stage.server.app.test_client(use_cookies=False)

    @given(member=st.sampled_from(members), odd=ODD)
    @settings(max_examples=60, derandomize=True, database=None, phases=[Phase.generate])
    def ask(member: str, odd: str) -> None:
        right = stage.bodies[name] | ({"decision": str(uuid7(now()))} if name == "Decision" else {})
        if route.path.endswith("/withdraw"):
            right |= {"method": "withdraw", "choices": dict.fromkeys(right["choices"], False)}
        body = right | {member: odd}
        data = urlencode(body, errors="surrogatepass") if "form" in media_type else json.dumps(body)
        answer = client.post(path, data=data, content_type=media_type, headers=headers)
        assert str(answer.status_code) in described, (body, answer.text)
        assert answer.mimetype in described[str(answer.status_code)].get("content", {answer.mimetype: ""})

    ask()


def test_every_route_is_described_and_no_other(server: Server) -> None:
    """Each method of each path of the program stands in the document."""
    served = {
        (method.lower(), spelt(rule.rule))
        for rule in server.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    paths = document()["paths"]
    assert {(method, path) for path, operations in paths.items() for method in operations} == served


def spelt(rule: str) -> str:
    """Return a path as the document spells it."""
    return re.sub(r"<(?:path:)?(\w+?)(?:_id)?>", r"{\1}", rule)


def test_every_refusal_that_a_request_can_meet_is_described() -> None:
    """Each code with an HTTP status is named by some route, and each named one has a status."""
    named = {code for route in routes() for code in route.codes}
    assert all(400 <= status_of(code) < 600 for code in named)
    answered = {refusal.code for refusal in STATUS}
    assert answered - named == set()


def test_the_document_is_public(client: FlaskClient) -> None:
    """Any page may read it, and it names its version."""
    answer = client.get("/openapi.json")
    assert answer.json["openapi"].startswith("3.1")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_page_shows_every_route_and_runs_nothing(client: FlaskClient) -> None:
    """Plain HTML: no script, no address of another host, the strict policy of the other pages."""
    answer = client.get("/docs")
    page = answer.text
    assert all(f"{route.method.upper()} {route.path}" in page for route in routes())
    assert "<script" not in page
    assert "style=" not in page
    assert re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", page) == []
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
