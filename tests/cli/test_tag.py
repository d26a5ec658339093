"""What a website pastes, as the command prints it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from consent_server.assets import load
from consent_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = {
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
}


@pytest.fixture
def tag(catalog_path: Path, tmp_path: Path) -> Callable[..., Result]:
    """Give a function that runs the command; `before` is replaced by `after` in the shop's catalog."""

    def run(*words: str, before: str = "", after: str = "") -> Result:
        text = catalog_path.read_text(encoding="utf-8")
        assert before in text
        catalog_path.write_text(text.replace(before, after, 1), encoding="utf-8")
        environ = {
            "CONSENT_CATALOG": str(catalog_path),
            "CONSENT_DATA_DIR": str(tmp_path / "var"),
            "CONSENT_PUBLIC_URL": "https://consent.shop.example",
        }
        return CliRunner().invoke(main, ["catalog", "tag", *words], env=environ)

    return run


MODE = {
    "before": 'text.en = "Count visits."',
    "after": 'text.en = "Count."\nconsent_mode = ["analytics_storage"]',
}


def test_both_script_tags_are_printed(tag: Callable[..., Result]) -> None:
    """The tag of the living widget, and the pinned one with the hash and integrity of this build."""
    printed = tag().output
    assert '<script src="https://consent.shop.example/v1/shop/consent.js" async></script>' in printed
    build = load().build
    [pinned] = re.findall(r"<script src=[^>]*integrity[^>]*></script>", printed)
    assert f"/v1/assets/{build.sha256}.js" in pinned
    assert 'data-site="shop"' in pinned
    digest = base64.b64encode(hashlib.sha384(build.content).digest()).decode()
    assert f'integrity="sha384-{digest}" crossorigin="anonymous"' in pinned


def test_the_default_denies_all_seven_keys_once(tag: Callable[..., Result]) -> None:
    """One default call: six keys denied, security granted, and a wait for the widget's update."""
    [script] = re.findall(r"<script>(.*)</script>", tag(**MODE).output)
    [text] = re.findall(r"""gtag\("consent","default",({.*?})\)""", script)
    told = json.loads(text)
    assert told.pop("wait_for_update") >= 500
    assert told == {**dict.fromkeys(KEYS, "denied"), "security_storage": "granted"}


def test_the_policy_hash_is_that_of_the_script(tag: Callable[..., Result]) -> None:
    """What is printed for script-src is the SHA-256 of exactly what stands between the tags."""
    printed = tag(**MODE).output
    [script] = re.findall(r"<script>(.*)</script>", printed)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in printed


def test_without_consent_mode_there_is_no_default(tag: Callable[..., Result]) -> None:
    """Where no category tells Google's tags anything, nothing is denied that nobody would ever grant."""
    assert "<script>" not in tag().output


@pytest.mark.parametrize(("host", "call"), [("bat.bing.com", "uetq.push"), ("*.clarity.ms", "clarity(")])
def test_microsoft_tags_get_a_default_too(tag: Callable[..., Result], host: str, call: str) -> None:
    """Where a service loads Microsoft's scripts, they are told “denied” before they run."""
    provider = 'provider = "Counter Ltd"'
    scripts = f'{provider}\nscripts = ["{host}"]'
    [script] = re.findall(r"<script>(.*)</script>", tag(before=provider, after=scripts).output)
    assert call in script
    assert "denied" in script


def test_the_signal_file_of_the_website_is_printed(tag: Callable[..., Result]) -> None:
    """W3C GPC: the resource at the website's own root says that the signal is honoured, and since when."""
    printed = tag().output
    assert "https://shop.example/.well-known/gpc.json" in printed
    [line] = [line for line in printed.splitlines() if line.startswith('{"gpc"')]
    said = json.loads(line)
    assert said["gpc"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", said["lastUpdate"])


def test_an_unknown_site_is_refused(tag: Callable[..., Result]) -> None:
    """Exit 2, and the words name the sites that there are."""
    result = tag("--site", "other")
    assert result.exit_code == 2
    assert "only shop" in result.output
