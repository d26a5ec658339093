"""The demo website's pages: what each carries, in both languages, under its strict policy."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.demo import create_website

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

PAGES = ("/", "/privacy", "/sign-in", "/lt/", "/lt/privacy", "/lt/sign-in")
SCRIPT = '<script src="http://localhost:8000/v1/bacloud/consent.js" async></script>'


@pytest.mark.parametrize("path", PAGES)
def test_every_page_loads_the_consent_script_as_an_owner_pastes_it(visitor: FlaskClient, path: str) -> None:
    """Every page answers 200 with the script tag in its head."""
    answer = visitor.get(path)

    assert answer.status_code == 200
    assert SCRIPT in answer.text.partition("</head>")[0]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_offers_cookie_settings_and_the_policy(visitor: FlaskClient, path: str) -> None:
    """Every page has the permanent link that opens the choices, and works without JavaScript as a link."""
    page = visitor.get(path).text

    settings = re.search(
        r'<a href="http://localhost:8000/v1/bacloud/cookies" data-consent-open>(.+?)</a>', page
    )
    prefix = "/lt" if path.startswith("/lt") else ""
    assert settings is not None
    assert settings[1] == ("Slapukų nustatymai" if prefix else "Cookie settings")
    assert f'href="{prefix}/privacy"' in page


@pytest.mark.parametrize("path", PAGES)
def test_the_language_is_declared_and_can_be_switched(visitor: FlaskClient, path: str) -> None:
    """A page names its language on its root and links to itself in the other one."""
    page = visitor.get(path).text

    english = path.removeprefix("/lt")
    assert f'<html lang="{"lt" if path.startswith("/lt") else "en"}">' in page
    assert f'<a href="{english}" lang="en" hreflang="en"' in page
    assert f'<a href="/lt{english}" lang="lt" hreflang="lt"' in page


@pytest.mark.parametrize("path", [*PAGES, "/video/data-centre", "/no-such-page"])
def test_the_policy_loosens_nothing_and_no_page_needs_it_to(visitor: FlaskClient, path: str) -> None:
    """Pages are served under a strict policy and hold no inline style, handler or unmarked inline script."""
    answer = visitor.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.text)
    nonce = re.search(r"'nonce-(.+?)'", policy)
    assert nonce is not None
    inline = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", answer.text)
    assert all(f'nonce="{nonce[1]}"' in tag for tag in inline)


def test_a_nonce_is_used_once(visitor: FlaskClient) -> None:
    """Two answers never share a nonce (Content Security Policy Level 3, section 2.3.1)."""
    policies = {visitor.get("/").headers["Content-Security-Policy"] for _ in range(3)}

    assert len(policies) == 3


def test_only_the_consent_server_is_another_origin(visitor: FlaskClient) -> None:
    """Nothing that a page loads comes from anywhere but the website and the consent server."""
    loaded = re.findall(r'(?:\ssrc|data-src|<link[^>]*href)="([^"]+)"', visitor.get("/").text)

    assert {"/static/ga.js", "/static/site.css", "/video/data-centre"} <= set(loaded)
    assert all(re.match(r"/[^/]|http://localhost:8000/", address) for address in loaded)


@pytest.mark.parametrize(
    ("path", "language"), [("/nothing", "en"), ("/lt/nothing", "lt"), ("/static/nothing.css", "en")]
)
def test_an_unknown_page_is_a_page_of_the_website(visitor: FlaskClient, path: str, language: str) -> None:
    """A wrong address answers 404 in the language of the address, script and footer included."""
    answer = visitor.get(path)

    assert answer.status_code == 404
    assert f'<html lang="{language}">' in answer.text
    assert SCRIPT in answer.text


def test_the_consent_server_may_live_below_a_path() -> None:
    """A consent URL with a path is kept in the tags, and the policy names its origin alone."""
    answer = create_website("https://example.com/consent/", "shop").test_client().get("/")

    assert '<script src="https://example.com/consent/v1/shop/consent.js" async></script>' in answer.text
    assert "connect-src https://example.com;" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("url", ["", "localhost:8000", "/consent", "ftp://example.com", "https://"])
def test_a_consent_url_that_is_no_address_is_refused(url: str) -> None:
    """The factory takes absolute http and https addresses only."""
    with pytest.raises(ValueError, match="absolute"):
        create_website(url)


def test_websites_do_not_share_anything(website: Flask) -> None:
    """Two websites in one process speak to their own consent servers."""
    other = create_website("http://localhost:9000")

    assert "localhost:9000" in other.test_client().get("/").text
    assert "localhost:9000" not in website.test_client().get("/").text


def test_both_languages_have_the_same_texts() -> None:
    """Each key of the English texts exists in the Lithuanian ones, list lengths included, and vice versa."""
    folder = files("consent_server.demo") / "texts"
    english, lithuanian = (
        _shape(tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8")))
        for language in ("en", "lt")
    )

    assert english == lithuanian


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(part) for key, part in value.items()}
    return [_shape(part) for part in value] if isinstance(value, list) else type(value)
