"""What a page downloads: the widget with its notice, and everything by its hash."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli
import pytest

from consent_server.assets import load
from consent_server.consent.stored import Build

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from consent_server.catalog.notice import Notice

ROOT = Path(__file__).resolve().parents[2]


def envelope_of(script: bytes) -> tuple[dict[str, object], bytes]:
    """Split consent.js into its envelope and the build."""
    line, _, build = script.partition(b"\n")
    _, _, envelope = line.partition(b".consentEnvelope=")
    return json.loads(envelope.removesuffix(b";")), build


def test_consent_js_is_the_notice_and_the_exact_bytes_of_the_build(
    client: FlaskClient, notices: dict[str, Notice]
) -> None:
    """One request carries all that a banner takes, and the same bytes as the build by its hash."""
    answer = client.get("/v1/shop/consent.js")
    envelope, build = envelope_of(answer.data)
    assert answer.mimetype == "text/javascript"
    assert build == load().build.content
    excerpt = envelope.pop("notice")
    assert envelope == {
        "sha256": notices["en"].sha256,
        "revision": notices["en"].revision[:8],
        "widget": hashlib.sha256(build).hexdigest(),
    }
    assert is_part(excerpt, json.loads(notices["en"].canonical))


def is_part(part: object, whole: object) -> bool:
    """Tell whether everything in `part` is in `whole`; of a list, in its order."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        rest = iter(whole)
        return all(any(is_part(value, other) for other in rest) for value in part)
    return part == whole


def test_the_excerpt_says_nothing_that_is_null_or_false(client: FlaskClient) -> None:
    """The widget takes what is not there for either; every visitor would download it."""
    envelope, _ = envelope_of(client.get("/v1/shop/consent.js").data)
    said = json.dumps(envelope["notice"])
    assert "null" not in said
    assert "false" not in said
    assert '"required": true' in said


def test_the_excerpt_names_whatever_can_be_refused(client: FlaskClient, notices: dict[str, Notice]) -> None:
    """Every optional entry can be looked for, and every service be granted, without the whole notice."""
    envelope, _ = envelope_of(client.get("/v1/shop/consent.js").data)
    excerpt: Any = envelope["notice"]
    whole = notices["en"].body["categories"]
    for category, full in zip(excerpt["categories"], whole, strict=True):
        rows, kept = category["cookies"], full["cookies"]
        assert {row["service"] for row in rows} == {row["service"] for row in kept}
        if not full["required"]:
            assert [row["name"] for row in rows] == [row["name"] for row in kept]


@pytest.mark.parametrize(
    ("query", "language"), [("", "en"), ("?lang=lt", "lt"), ("?lang=xx", "en"), ("?lang=", "en")]
)
def test_the_language_is_the_one_asked_for_or_the_default(
    client: FlaskClient, query: str, language: str
) -> None:
    """An unknown language is the default one."""
    envelope, _ = envelope_of(client.get(f"/v1/shop/consent.js{query}").data)
    assert envelope["notice"]["language"] == language
    assert client.get(f"/v1/shop/notice.json{query}").json["language"] == language


def test_notice_json_is_the_envelope(client: FlaskClient, notices: dict[str, Notice]) -> None:
    """A pinned build fetches what consent.js carries, and the whole notice with it."""
    envelope, _ = envelope_of(client.get("/v1/shop/consent.js").data)
    notice = notices["en"]
    whole = {"revision": notice.revision, "language": "en", "notice": json.loads(notice.canonical)}
    assert client.get("/v1/shop/notice.json").json == {**envelope, **whole}


def test_a_notice_is_served_by_its_hash_as_its_canonical_bytes(
    client: FlaskClient, notices: dict[str, Notice]
) -> None:
    """Hashing the answer gives the hash in the receipt."""
    for notice in notices.values():
        answer = client.get(f"/v1/shop/notices/{notice.sha256}.json")
        assert hashlib.sha256(answer.data).hexdigest() == notice.sha256
        assert "immutable" in answer.headers["Cache-Control"]


def test_builds_and_chunks_are_served_by_their_hash(client: FlaskClient) -> None:
    """Both files of the widget, immutable, for any page."""
    assets = load()
    for asset in (assets.build, assets.preferences):
        answer = client.get(f"/v1/assets/{asset.sha256}.js")
        assert answer.data == asset.content
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_types_are_served(client: FlaskClient) -> None:
    """The declarations as they are, to be read in a browser too, for an hour, for any page."""
    answer = client.get("/consent.d.ts")
    assert answer.data == (ROOT / "widget" / "consent.d.ts").read_bytes()
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get("/consent.d.ts", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_an_older_build_is_still_served(client: FlaskClient, server: object) -> None:
    """A page that a browser kept may ask for the chunk of a build that is no longer current."""
    old = b"export const old=1"
    sha256 = hashlib.sha256(old).hexdigest()
    server.store.keep_build(Build(sha256, old), 1)  # type: ignore[attr-defined]
    assert client.get(f"/v1/assets/{sha256}.js").data == old


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/none/consent.js", "site_unknown"),
        ("/v1/none/notice.json", "site_unknown"),
        (f"/v1/shop/notices/{'ab' * 32}.json", "notice_unknown"),
        (f"/v1/assets/{'ab' * 32}.js", "build_unknown"),
        (f"/v1/assets/{'ab' * 32}.css", "not_found"),
        ("/v1/shop", "not_found"),
        ("/v1/shop/notices/..%2f..%2fetc%2fpasswd.json", "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem_document(client: FlaskClient, path: str, code: str) -> None:
    """404 with its code, in the one shape."""
    answer = client.get(path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert set(answer.json or ()) == {"type", "title", "status", "detail", "code"}
    assert answer.json["code"] == code


def test_another_method_is_405_with_allow(client: FlaskClient) -> None:
    """RFC 9110, 15.5.6."""
    answer = client.delete("/v1/shop/consent.js")
    assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(("coding", "decode"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_the_script_comes_compressed(client: FlaskClient, coding: str, decode: object) -> None:
    """The smallest coding that the browser takes, with the same bytes inside."""
    plain = client.get("/v1/shop/consent.js")
    packed = client.get("/v1/shop/consent.js", headers={"Accept-Encoding": coding})
    assert packed.headers["Content-Encoding"] == coding
    assert decode(packed.data) == plain.data  # type: ignore[operator]
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_a_browser_that_has_the_script_gets_304(client: FlaskClient) -> None:
    """By the strong tag of the coding it has."""
    first = client.get("/v1/shop/consent.js", headers={"Accept-Encoding": "br"})
    again = client.get(
        "/v1/shop/consent.js", headers={"Accept-Encoding": "br", "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


def test_the_script_may_be_kept_five_minutes_and_a_week_when_the_server_is_down(client: FlaskClient) -> None:
    """DESIGN 5: live, but the page does not depend on us."""
    expected = "public, max-age=300, stale-while-revalidate=86400, stale-if-error=604800"
    assert client.get("/v1/shop/consent.js").headers["Cache-Control"] == expected


def test_public_files_are_readable_from_any_page(client: FlaskClient) -> None:
    """CORS and CORP let every page load them, without credentials."""
    for path in (
        "/v1/shop/consent.js",
        "/v1/shop/notice.json",
        "/.well-known/jwks.json",
        "/v1/shop/cookies.json",
    ):
        headers = client.get(path, headers={"Origin": "https://anyone.example"}).headers
        assert headers["Access-Control-Allow-Origin"] == "*", path
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin", path
        assert "Access-Control-Allow-Credentials" not in headers, path


def test_nothing_sets_a_cookie_and_everything_is_hardened(client: FlaskClient) -> None:
    """The server keeps nothing on visitors' devices, and no answer can be sniffed into another type."""
    for path in ("/v1/shop/consent.js", "/v1/shop/cookies", "/v1/shop/guide", "/healthz", "/none"):
        headers = client.get(path).headers
        assert "Set-Cookie" not in headers, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
