"""Checkpoints are stamped by an authority now and then, and no fault of its stops anything else."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from authority import found, listening

from consent_server.authority import Authority
from consent_server.consent.stamper import EVERY, Stamper
from consent_server.errors import AuthorityUnavailable
from consent_server.evidence.timestamp import load_roots, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consent_server.app import Server

pytestmark = pytest.mark.needs("openssl")
NOW = 1_790_000_000_000


class Clock:
    """A clock that stands until it is set."""

    time = NOW

    def __call__(self) -> int:
        """Tell the time."""
        return self.time


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, bytes]]:
    """Give the address of an authority and its root certificate."""
    post, root = found(tmp_path_factory.mktemp("tsa") / "one")
    with listening(post) as url:
        yield url, root


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def stamper(server: Server, authority: tuple[str, bytes], clock: Clock) -> Stamper:
    """Give a stamper of the server's logs."""
    return Stamper(server.store, server.store, Authority(authority[0]), clock)


def test_a_stamp_is_fetched_and_kept_with_its_checkpoint(
    server: Server, stamper: Stamper, authority: tuple[str, bytes]
) -> None:
    """What is kept verifies offline with the authority's root certificate."""
    server.seal()
    made = stamper.stamp("shop")
    assert made is not None
    assert server.store.stamps("shop") == [made]
    assert verify(made.response, made.checkpoint, load_roots(authority[1]))


def test_a_log_is_stamped_once_an_hour_and_only_when_it_grew(
    server: Server, stamper: Stamper, clock: Clock, post: Callable[..., Any], decide: Callable[..., Any]
) -> None:
    """An empty log, the same log again, and a log that was stamped minutes ago wait."""
    assert stamper.stamp("shop") is None
    server.seal()
    assert stamper.stamp("shop")
    clock.time += EVERY
    assert stamper.stamp("shop") is None
    post(decide())
    server.seal()
    clock.time -= 1
    assert stamper.stamp("shop") is None
    clock.time += 1
    assert stamper.stamp("shop")
    assert len(server.store.stamps("shop")) == 2


def answering(status: int, media_type: str, content: bytes) -> type[BaseHTTPRequestHandler]:
    """Make an authority that answers always the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.mark.parametrize(
    ("status", "media_type", "content", "words"),
    [
        (503, "text/plain", b"", "answered 503"),
        (200, "text/html", b"<p>", "answered text/html"),
        (200, "application/timestamp-reply", b"nonsense", "no response of a time stamp authority"),
    ],
)
def test_an_authority_that_answers_nonsense_is_named_and_leaves_no_stamp(
    server: Server,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    status: int,
    media_type: str,
    content: bytes,
    words: str,
) -> None:
    """The log says which site has no stamp and why, and goes on."""
    server.seal()
    with HTTPServer(("127.0.0.1", 0), answering(status, media_type, content)) as listener:
        thread = Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        stamper = Stamper(
            server.store, server.store, Authority(f"http://127.0.0.1:{listener.server_port}/"), clock
        )
        with caplog.at_level(logging.WARNING, "consent_server.consent.stamper"):
            stamper.stamp_all(server.sites)
        listener.shutdown()
        thread.join()
    assert "The log of shop has no new time stamp" in caplog.text
    assert words in caplog.text
    assert server.store.stamps("shop") == []


def test_an_authority_that_cannot_be_reached_is_named() -> None:
    """In words, not by a traceback of sockets."""
    with pytest.raises(AuthorityUnavailable, match="does not answer"):
        Authority("http://127.0.0.1:9/")(b"")
