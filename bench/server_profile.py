# ruff: noqa: INP001 - scripts beside each other
"""Where the time of a receipt goes: the program's own path from the request to the commit, sampled.

Requests are handed to the application in one thread of one process, without sockets, and that thread makes
their receipts too: what is left out is the HTTP server's share, and what it spares to make several in a row.
"""

from __future__ import annotations

import io
import signal
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from server_load import POSTING, bodies_of
from server_running import SITE, sqlite_place
from server_table import Row

from consent_server.app import build_server, now
from consent_server.consent.uuid7 import uuid7
from consent_server.settings import read_settings

SAMPLE = 0.001
"""Seconds of CPU between two samples; the kernel may take more of them at once."""
WARM = 300
LEAST = 0.01
"""The smallest share that has a line of its own."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from flask import Flask
    from server_table import Report


def environ_of(body: bytes) -> dict[str, Any]:
    """Return a request to record `body`, as an HTTP server hands it over (PEP 3333)."""
    headers = dict(header.split("=", 1) for header in POSTING)
    kind = headers.pop("Content-Type")
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": f"/v1/{SITE}/receipts",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1:8000",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def decide(app: Flask, bodies: list[str], receipts: int) -> float:
    """Record so many decisions; return the milliseconds of CPU that each took."""
    said: list[str] = []

    def start(status: str, *_: Any) -> Any:
        said.append(status)

    before = time.process_time()
    for number in range(receipts):
        body = bodies[number % len(bodies)].replace("{decision}", str(uuid7(now())))
        b"".join(app.wsgi_app(environ_of(body.encode()), start))
    taken = time.process_time() - before
    if refused := {status for status in said if not status.startswith("201")}:
        sys.exit(f"Decisions were answered with {', '.join(refused)}.")
    return 1000 * taken / receipts


@contextmanager
def sampled(found: Counter[tuple[str, ...]]) -> Iterator[None]:
    """Count this thread's stacks, outermost first: one a millisecond of CPU of any thread of this process.

    While another thread works for this one, this one waits, and its stack says for whom.
    """

    def sample(_signal: int, frame: FrameType | None) -> None:
        found[_stack(frame)] += 1

    before = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE, SAMPLE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stack(frame: FrameType | None) -> tuple[str, ...]:
    stack: list[str] = []
    while frame is not None:
        stack.append(f"{frame.f_globals.get('__name__')}:{frame.f_code.co_qualname}")
        frame = frame.f_back
    return tuple(reversed(stack))


def part_of(stack: tuple[str, ...]) -> str:
    """Return which module of the program a stack is in, or `flask` where it is between two of them."""
    for entry in reversed(stack):
        module = entry.partition(":")[0]
        if module.startswith("flask."):
            return "flask, werkzeug: everything round the route"
        if module.startswith("consent_server."):
            return module
    return "the bench itself"


def package_of(stack: tuple[str, ...]) -> str:
    """Return whose code runs at the end of a stack."""
    if stack[-1].startswith(("threading:", "consent_server.storage.")) and "storage" in part_of(stack):
        return "the database's thread: insert and commit"
    package = stack[-1].partition(":")[0].partition(".")[0]
    return f"{package} (standard library)" if package in sys.stdlib_module_names else package


def of_receipts(report: Report, directory: Path, receipts: int) -> None:
    """Record so many decisions in this thread, and so many again while stacks are sampled."""
    place, found = sqlite_place(directory / "data"), Counter[tuple[str, ...]]()
    with closing(build_server(read_settings(place.environ))) as server:
        # Leaves are made by a thread of their own, whose stack no signal would find.
        store: Any = server.store
        store.record_made = lambda make: store.record(make())
        envelope = server.app.test_client().get(f"/v1/{SITE}/notice.json").get_json()
        bodies = bodies_of(envelope)
        decide(server.app, bodies, WARM)
        each = decide(server.app, bodies, receipts)
        report.row(Row("a receipt without the HTTP server, CPU", each, "ms"))
        with sampled(found):
            decide(server.app, bodies, receipts)
    report.note("", *_table("part of the program, with the libraries that it calls", part_of, found, each))
    report.note("", *_table("whose code", package_of, found, each))


def _table(
    head: str, of: Callable[[tuple[str, ...]], str], found: Counter[tuple[str, ...]], each: float
) -> Iterator[str]:
    shares: Counter[str] = Counter()
    for stack, samples in found.items():
        shares[of(stack)] += samples
    total = shares.total()
    few = sum(samples for samples in shares.values() if samples < LEAST * total)
    yield f"| {head} | share | ms of a receipt |"
    yield "|---|--:|--:|"
    for name, samples in shares.most_common():
        if samples >= LEAST * total:
            yield f"| {name} | {100 * samples / total:.1f} % | {each * samples / total:.3f} |"
    yield f"| others, each below {100 * LEAST:.0f} % | {100 * few / total:.1f} % | {each * few / total:.3f} |"
