"""`consent-server doctor`: a deployment that works, and what is said of one that does not."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from commands import command
from started import started

from consent_server.app import open_store
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from started import Running


def examine(environ: dict[str, str], *words: str, **more: str) -> tuple[int, str]:
    """Run the doctor; return its exit code and what it said."""
    done = command("doctor", *words, environ={**environ, **more})
    assert done.stderr == ""
    return done.returncode, done.stdout


def wrongs(said: str) -> list[str]:
    """Return what is wrong, without the advice."""
    return [line.removeprefix("wrong").strip() for line in said.splitlines() if line.startswith("wrong")]


@contextmanager
def website(html: str, policy: str = "") -> Iterator[str]:
    """Serve one page at every path; give its address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if policy:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for_the_log(url: str) -> None:
    """Wait until a server has sealed its log for the first time."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(HTTPError):
            urlopen(f"{url}/v1/shop/log/checkpoint", timeout=5).close()
            return
        time.sleep(0.1)


@pytest.fixture
def environ(catalog_path: Path, tmp_path: Path) -> dict[str, str]:
    """Give the environment of a server on SQLite that has started once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    given = {"CONSENT_CATALOG": str(catalog_path), "CONSENT_DATA_DIR": str(tmp_path / "var")}
    with closing(open_store(read_settings(given))):
        pass
    return kept | given


def test_a_deployment_that_works_is_found_to_work(
    serving: Callable[..., AbstractContextManager[Running]],
) -> None:
    """The server, its widget, its log and the tag on the site's page, with their policy."""
    with serving() as running, website("") as elsewhere:
        url = running.url
        wait_for_the_log(url)
        tag = f'<html><script async src="{url}/v1/shop/consent.js"></script>'
        policy = f"default-src 'none'; script-src {url}; connect-src 'self' {url}"
        with website(tag, policy) as home:
            code, said = examine(running.environ, "--page", home, CONSENT_PUBLIC_URL=url)
        assert (code, wrongs(said)) == (0, []), said
        for found in (
            "The catalog of shop can be served",
            "journal_mode = wal",
            "The log of shop is what was signed",
            f"The server is ready at {url}",
            "Pages of https://shop.example can record decisions",
            "is found and its script is served",
        ):
            assert found in said
        code, said = examine(running.environ, "--page", elsewhere, CONSENT_PUBLIC_URL=url)
        assert "has no consent tag" in said
        assert code == 0


@pytest.fixture(scope="module")
def running(shop: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve the shop for tests that only look at it."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "cookie_catalog.toml").write_text(shop, encoding="utf-8")
    with started(folder / "cookie_catalog.toml", folder / "served", {}) as running:
        yield running


@pytest.mark.parametrize(
    ("policy", "blocked"),
    [
        ("script-src 'self'; connect-src {url}", True),
        ("script-src {url}; connect-src 'self'", True),
        ("default-src 'self'", True),
        ("script-src 'nonce-abc'; connect-src *", False),
        ("img-src 'self'", False),
    ],
)
def test_a_policy_that_blocks_the_widget_is_wrong(running: Running, policy: str, *, blocked: bool) -> None:
    """The site's own Content-Security-Policy is held against the server's origin."""
    url = running.url
    tag = f'<script src="{url}/v1/shop/consent.js"></script>'
    with website(tag, policy.format(url=url)) as home:
        code, said = examine(running.environ, "--page", home, CONSENT_PUBLIC_URL=url)
    assert (code == 1, "blocks the widget" in said) == (blocked, blocked), said


def test_the_doctor_changes_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    """No key is generated and no table made by looking."""
    missing = tmp_path / "nothing"
    code, said = examine(environ, "--offline", CONSENT_DATA_DIR=str(missing))
    assert code == 0, said
    assert "is generated when the server starts" in said
    assert not missing.exists()


def test_a_key_that_others_may_read_is_wrong(environ: dict[str, str], tmp_path: Path) -> None:
    """With the command that mends it."""
    key = tmp_path / "var" / "signing-key.pem"
    key.write_text("made up")
    key.chmod(0o644)
    code, said = examine(environ, "--offline")
    assert code == 1
    assert wrongs(said) == [f"Others may read the key {key}."]
    assert f"chmod 600 {key}" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"CONSENT_PORT": "many"}, "CONSENT_PORT: 'many'"),
        ({"CONSENT_CATALOG": "/nowhere.toml"}, "The catalog cannot be served"),
        (
            {
                "CONSENT_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none?connect_timeout=1",
                "CONSENT_SIGNING_KEY": "x",
                "CONSENT_SECRET_KEY": "x",
                "CONSENT_LOG_KEY": "x",
            },
            "The database cannot be used now",
        ),
    ],
)
def test_what_stops_the_server_is_wrong(environ: dict[str, str], more: dict[str, str], words: str) -> None:
    """In one line, without a stack trace."""
    code, said = examine(environ, "--offline", **more)
    assert code == 1
    assert len(wrongs(said)) == 1
    assert words in wrongs(said)[0]


def test_a_server_that_does_not_answer_is_wrong(environ: dict[str, str]) -> None:
    """Its address is named."""
    code, said = examine(environ, CONSENT_PUBLIC_URL="http://127.0.0.1:9")
    assert code == 1
    assert any("http://127.0.0.1:9/readyz does not answer" in line for line in wrongs(said))


def test_a_postgresql_that_may_lose_commits_is_wrong(environ: dict[str, str], postgresql_url: str) -> None:
    """Each setting on which a 201 depends is looked at; the server's own way of committing holds."""
    keys = {"CONSENT_SIGNING_KEY": "x", "CONSENT_SECRET_KEY": "x", "CONSENT_LOG_KEY": "x"}
    said = examine(environ, "--offline", CONSENT_DATABASE_URL=postgresql_url, **keys)[1]
    assert "synchronous_commit = " in said
    assert "fsync = " in said
