"""`consent-server doctor` from outside: the public address, the proxy, the tag on a page, the clock."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from examined import examine, proxy, website, wrongs
from started import started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from started import Running


def wait_for_the_log(url: str) -> None:
    """Wait until a server has sealed its log for the first time."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(HTTPError):
            urlopen(f"{url}/v1/shop/log/checkpoint", timeout=5).close()
            return
        time.sleep(0.1)


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


@pytest.mark.parametrize(
    ("path", "said"),
    [("/a b", "does not answer: URL can't contain control characters"), ("/", "does not answer: Date?")],
)
def test_a_page_that_cannot_be_read_is_doubtful(running: Running, path: str, said: str) -> None:
    """Its address cannot be asked for, or what answers speaks no HTTP: no stack trace either way."""
    with socket.create_server(("127.0.0.1", 0)) as odd:
        answering = threading.Thread(target=answer_oddly, args=[odd], daemon=True)
        answering.start()
        page = f"http://127.0.0.1:{odd.getsockname()[1]}{path}"
        code, found = examine(running.environ, "--page", page, CONSENT_PUBLIC_URL=running.url)
    assert (code, f"{page} {said}" in found) == (0, True), found


def answer_oddly(listening: socket.socket) -> None:
    """Answer one connection in a language of its own."""
    with contextlib.suppress(OSError):
        connection, _ = listening.accept()
        connection.sendall(b"Date?\r\n\r\n")
        connection.close()


@pytest.mark.parametrize(
    ("src", "said"),
    [
        ("file:///v1/shop/consent.js", "file:///v1/shop/consent.js is no address of http or https."),
        ("http://[/v1/shop/consent.js", "asks http://[/v1/shop/consent.js, which is no address."),
    ],
)
def test_a_tag_that_asks_no_server_is_wrong(running: Running, src: str, said: str) -> None:
    """Whatever stands on a page, no file of this machine is opened."""
    with website(f'<script src="{src}"></script>') as home:
        code, found = examine(running.environ, "--page", home, CONSENT_PUBLIC_URL=running.url)
    assert code == 1
    assert any(line.endswith(said) for line in wrongs(found)), found


def test_an_address_without_tls_is_wrong(running: Running) -> None:
    """But at home; what else is there is right."""
    with proxy(running.url, "X-Forwarded-For") as url, website("") as home:
        more = {"CONSENT_PUBLIC_URL": url, "CONSENT_TRUSTED_PROXIES": "127.0.0.2"}
        code, said = examine(running.environ, "--page", home, **more)
    assert (code, wrongs(said)) == (1, [f"{url} is not encrypted."]), said
    assert "CONSENT_TRUSTED_PROXIES" not in said


def test_a_proxy_that_hides_for_whom_it_asks_is_wrong(running: Running) -> None:
    """It looks like the machine itself, to which the metrics are open."""
    with proxy(running.url) as url, website("") as home:
        code, said = examine(running.environ, "--page", home, CONSENT_PUBLIC_URL=url)
    assert code == 1
    assert any(line.startswith("Everybody may read the metrics") for line in wrongs(said)), said


def test_proxies_that_nobody_named_are_doubtful(running: Running) -> None:
    """Without them no client is limited."""
    with proxy(running.url, "X-Forwarded-For") as url, website("") as home:
        said = examine(running.environ, "--page", home, CONSENT_PUBLIC_URL=url)[1]
    assert "warn  CONSENT_TRUSTED_PROXIES is not set" in said


def test_a_clock_that_is_off_is_wrong(running: Running) -> None:
    """The website's is compared with this one."""
    with website("", date="Thu, 01 Jan 2026 00:00:00 GMT") as home:
        code, said = examine(running.environ, "--page", home, CONSENT_PUBLIC_URL=running.url)
    assert code == 1
    assert re.fullmatch(rf"This clock and that of {home}/ are \d+ seconds apart\.", wrongs(said)[0]), said
