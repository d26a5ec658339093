"""What was shown, drawn again from what is stored."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import build_server, now
from consent_server.assets import load
from consent_server.catalog.texts import texts_in
from consent_server.consent.stored import Build
from consent_server.consent.uuid7 import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from consent_server.app import Server
    from consent_server.catalog.notice import Notice
    from consent_server.settings import Settings

OLD = b'(()=>{const tag=document.currentScript;document.title="old"+!!tag.consentEnvelope})();\n'
OLD_SHA256 = hashlib.sha256(OLD).hexdigest()
BUILD_SHA256 = load().build.sha256


def script_of(page: str) -> str:
    """Return the path of the one script that a page loads."""
    _, found, rest = page.partition('<script src="')
    assert found
    assert "<script" not in rest
    return rest.partition('"')[0]


def split(script: bytes) -> tuple[Any, bytes]:
    """Split a script into its envelope and the build."""
    line, _, build = script.partition(b"\n")
    return json.loads(line.partition(b".consentEnvelope=")[2].removesuffix(b";")), build


@pytest.fixture
def changed(server: Server, settings: Settings) -> Iterator[FlaskClient]:
    """Give a client of the server after its catalog changed: one language less, another text and cookie.

    A build that was in use before is in the database.
    """
    server.store.keep_build(Build(OLD_SHA256, OLD, main=True), 1)
    text = settings.catalog.read_text(encoding="utf-8").replace('["en", "lt"]', '["en"]')
    kept = [line for line in text.splitlines() if ".lt = " not in line]
    edited = "\n".join(kept).replace("Count visits.", "Count you.").replace('"offer"', '"gift"')
    settings.catalog.write_text(edited, encoding="utf-8")
    again = build_server(settings)
    yield again.app.test_client(use_cookies=False)
    again.close()


@pytest.mark.parametrize("language", ["en", "lt"])
def test_the_page_loads_the_stored_notice_in_the_exact_build(
    client: FlaskClient, notices: dict[str, Notice], language: str
) -> None:
    """The script is the envelope of the notice by its hash, then the build by its."""
    notice = notices[language]
    page = client.get(f"/v1/shop/notices/{notice.sha256}?widget={BUILD_SHA256}").text
    answer = client.get(script_of(page))
    envelope, build = split(answer.data)
    assert answer.mimetype == "text/javascript"
    assert build == load().build.content
    assert envelope == {
        "sha256": notice.sha256,
        "revision": notice.revision,
        "language": language,
        "widget": BUILD_SHA256,
        "notice": json.loads(notice.canonical),
    }
    assert envelope == client.get(f"/v1/shop/notice.json?lang={language}").json


@pytest.mark.parametrize("language", ["en", "lt"])
def test_an_old_notice_and_an_old_build_still_render_as_before(
    notices: dict[str, Notice], changed: FlaskClient, language: str
) -> None:
    """Whatever the catalog and the widget have become since, a language that is gone included."""
    notice = notices[language]
    assert changed.get("/v1/shop/notice.json").json["sha256"] not in {one.sha256 for one in notices.values()}
    page = changed.get(f"/v1/shop/notices/{notice.sha256}?widget={OLD_SHA256}")
    envelope, build = split(changed.get(script_of(page.text)).data)
    assert build == OLD
    assert hashlib.sha256(build).hexdigest() == envelope["widget"] == OLD_SHA256
    assert envelope["notice"] == notice.body
    assert f'<html lang="{language}"' in page.text
    assert "gift" not in page.text
    assert "offer" in page.text


def strings(value: object) -> Iterator[str]:
    """List every string that a visitor could be shown of a notice's texts, categories and services."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in {"id", "storage", "service", "scripts", "consent_mode", "country", "path"}:
                yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("language", ["en", "lt"])
def test_every_text_and_table_stands_there_without_a_script(
    client: FlaskClient, notices: dict[str, Notice], language: str
) -> None:
    """What the notice says, and that the page is a rendering in which nothing counts."""
    page = client.get(f"/v1/shop/notices/{notices[language].sha256}").text
    plain = page.replace("&#34;", '"').replace("&#39;", "'").replace("&amp;", "&")
    body = notices[language].body
    shown = [body["texts"], body["categories"], body["services"], body["controller"], body["policy_url"]]
    assert [text for text in strings(shown) if text not in plain] == []
    assert texts_in(language)["page"]["shown_rendering"] in plain


def test_a_page_whose_address_names_no_build_says_which_one_draws_it(
    client: FlaskClient, notices: dict[str, Notice]
) -> None:
    """The build in use when the notice was first served; caches may not keep that script."""
    path = f"/v1/shop/notices/{notices['en'].sha256}"
    said = texts_in("en")["page"]["shown_today"]
    assert said in client.get(path).text
    assert said not in client.get(f"{path}?widget={BUILD_SHA256}").text
    assert script_of(client.get(path).text).endswith(f"?widget={BUILD_SHA256}")
    assert client.get(f"{path}/consent.js").headers["Cache-Control"] == "no-cache"
    assert "immutable" in client.get(f"{path}/consent.js?widget={BUILD_SHA256}").headers["Cache-Control"]


def test_a_newer_build_does_not_redraw_what_an_older_one_showed(
    client: FlaskClient, server: Server, notices: dict[str, Notice]
) -> None:
    """A notice served before the build of today came is drawn by the one before it."""
    server.store.keep_build(Build(OLD_SHA256, OLD, main=True), now() + 1)
    page = client.get(f"/v1/shop/notices/{notices['en'].sha256}").text
    assert script_of(page).endswith(f"?widget={BUILD_SHA256}")


def test_the_page_is_shut_off_from_every_website(client: FlaskClient, notices: dict[str, Notice]) -> None:
    """An origin of its own without cookies and storage, and no permission to send anything."""
    page = client.get(f"/v1/shop/notices/{notices['en'].sha256}")
    policy = dict(
        part.strip().partition(" ")[::2] for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert "connect-src" not in policy
    assert "allow-same-origin" not in policy["sandbox"]
    assert policy["script-src"] == "'self'"
    script = client.get(script_of(page.text))
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("origin", ["null", "http://localhost"])
def test_what_such_a_page_sends_is_refused(
    post: Callable[..., Any], decide: Callable[..., Any], server: Server, origin: str
) -> None:
    """Neither a page without an origin nor our own server is the site: nothing is recorded."""
    answer = post(decide(decision=str(uuid7(now()))), Origin=origin)
    assert (answer.status_code, answer.json["code"]) == (403, "origin_forbidden")
    types = {leaf.type for leaf in server.store.unsealed("shop", None, 100)}
    types |= {leaf.type for leaf in server.store.sealed("shop", 0, 100)}
    assert "consent-receipt+jws" not in types


@pytest.mark.parametrize("tail", ["", "/consent.js"])
@pytest.mark.parametrize(
    ("site", "notice", "widget", "code"),
    [
        ("none", "", "", "site_unknown"),
        ("shop", "ab" * 32, "", "notice_unknown"),
        ("shop", "AB" * 32, "", "notice_unknown"),
        ("shop", "short", "", "notice_unknown"),
        ("shop", "", "ab" * 32, "build_unknown"),
        ("shop", "", "../etc/passwd", "build_unknown"),
        ("shop", "", "%00", "build_unknown"),
    ],
)
def test_what_is_not_there_is_a_problem_document(
    client: FlaskClient,
    notices: dict[str, Notice],
    site: str,
    notice: str,
    widget: str,
    code: str,
    tail: str,
) -> None:
    """An unknown site, notice or build is 404 with its code, for the page and for its script."""
    query = f"?widget={widget}" if widget else ""
    answer = client.get(f"/v1/{site}/notices/{notice or notices['en'].sha256}{tail}{query}")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.json["code"] == code
