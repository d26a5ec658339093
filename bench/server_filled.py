# ruff: noqa: INP001 - scripts beside each other
"""A full log: whether writing slows down, and how long an auditor and a visitor wait for an answer."""

from __future__ import annotations

import base64
import json
import random
import statistics
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from server_fill import fill, subject_of
from server_load import decisions, load, say
from server_running import SITE, postgresql, postgresql_place, resident, running, sqlite_place
from server_table import Row

from consent_server.app import open_store
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path

    from server_load import Load
    from server_running import Place, Running
    from server_table import Report
    from server_writes import Rounds

CHANCE = random.Random(7)  # noqa: S311 - which pages are asked for
ASKED = 15
"""How often each page is asked for, each time another one."""
PAGE = 20
"""Milliseconds within which a page comes."""
SLOWER = 0.9
"""The part of an empty log's rate that a full one must reach."""
PATIENCE = 30
"""Seconds after which a search page by page is given up."""


def on_sqlite(report: Report, directory: Path, rounds: Rounds, rows: int) -> None:
    """Measure a full log on SQLite."""
    _measure(
        report, "SQLite", (sqlite_place(directory / "full"), sqlite_place(directory / "empty")), rounds, rows
    )


def on_postgresql(report: Report, directory: Path, rounds: Rounds, rows: int) -> None:
    """Measure a full log on PostgreSQL."""
    with postgresql(directory) as database:
        full, empty = (postgresql_place(directory / name, database.url(name)) for name in ("full", "empty"))
        _measure(report, "PostgreSQL", (full, empty), rounds, rows)


def _measure(report: Report, name: str, places: tuple[Place, Place], rounds: Rounds, rows: int) -> None:
    """Fill a log, read its pages, and record into it and into an empty one in turn."""
    place, other = places
    filled, what = fill(place, rows), f"{name}, {rows:,} receipts"
    report.row(Row(f"{what}: inserted", filled.inserted, "/s"))
    report.row(Row(f"{what}: sealed", filled.sealed, "/s"))
    report.row(Row(f"{what}: disk for each", filled.bytes_each, "bytes"))
    ids = _ids(place, rows)
    start = time.perf_counter()
    with running(place) as server:
        report.row(Row(f"{what}: start of the server", time.perf_counter() - start, "s"))
        _read(report, server, what, rows, ids)
        with running(other) as empty:
            _compare(report, server, empty, what, rounds)


def _ids(place: Place, rows: int) -> list[str]:
    with closing(open_store(read_settings(place.environ))) as store:
        chosen = sorted(CHANCE.sample(range(rows), min(rows, ASKED + 1)))
        return [str(store.sealed(SITE, index, 1)[0].id) for index in chosen]


def _compare(report: Report, full: Running, empty: Running, what: str, rounds: Rounds) -> None:
    """Record into both in turn; the pairs are compared, so that what else the machine does matters less."""
    connections, sides = rounds.connections[0], {"full": full, "empty": empty}
    found: dict[str, list[Load]] = {side: [] for side in sides}
    for _ in range(rounds.rounds + 1):
        for side, server in sides.items():
            found[side].append(load(server, decisions(server), connections, rounds.seconds))
            say(f"{side}: {found[side][-1].rate:,.0f}/s")
    # The first of each warms up.
    pairs = list(zip(found["full"][1:], found["empty"][1:], strict=True))
    first = report.load(f"{what} before, c = {connections}", [one for one, _ in pairs])
    second = report.load(
        f"{what.partition(',')[0]}, an empty log, c = {connections}", [other for _, other in pairs]
    )
    ratio = statistics.median(one.rate / other.rate for one, other in pairs)
    report.row(Row(f"{what}: rate of writing to an empty log's", ratio, "times", SLOWER))
    report.row(Row(f"{what}: CPU of writing to an empty log's", first.cpu / second.cpu, "times"))
    report.row(Row(f"{what}: memory of the worker", resident(full.process) / 1e6, "MB"))


class _Reader:
    """Asks one server over one connection, as a proxy does; `headers` go with each request."""

    def __init__(self, server: Running) -> None:
        self._connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        self.headers: dict[str, str] = {}

    def ask(self, path: str, body: str | None = None) -> tuple[float, Any]:
        """Return the milliseconds of an answer, and the answer; ends the program where it is a refusal."""
        start = time.perf_counter()
        self._connection.request("POST" if body else "GET", path, body, self.headers)
        answer = self._connection.getresponse()
        content = answer.read()
        taken = (time.perf_counter() - start) * 1000
        if answer.status >= 400:  # noqa: PLR2004 - refusals begin there
            sys.exit(f"{path} was answered with {answer.status}: {content[:300]!r}")
        return taken, (answer, content)


def _read(report: Report, server: Running, what: str, rows: int, ids: list[str]) -> None:
    reader = _Reader(server)
    first, *others = ids
    proofs = [reader.ask(f"/v1/{SITE}/receipts/{name}/proof")[0] for name in (first, *others)]
    report.row(Row(f"{what}: the first proof of a new server", proofs[0], "ms"))
    report.row(Row(f"{what}: a proof", statistics.median(proofs[1:]), "ms", PAGE, at_most=True))
    token = auditor_token(server.place)
    reader.headers = {"Authorization": f"Bearer {token}"}
    for page, queries in _pages(rows).items():
        taken = [reader.ask(f"/v1/{SITE}/audit/{query}")[0] for query in queries]
        report.row(Row(f"{what}: {page}", statistics.median(taken), "ms", PAGE, at_most=True))
    report.row(Row(f"{what}: all of one subject, page after page", _search(reader, rows), "ms"))
    reader.headers = _session(server, token)
    middle = f"/console/receipts?cursor={rows // 2}"
    for page, path in (
        ("dashboard", "/console"),
        ("list", "/console/receipts"),
        ("middle of the list", middle),
    ):
        taken = [reader.ask(path)[0] for _ in range(ASKED)]
        report.row(Row(f"{what}: the console's {page}", statistics.median(taken), "ms", PAGE, at_most=True))


def _pages(rows: int) -> dict[str, list[str]]:
    """Return the questions of an auditor: what, and the queries of each."""
    places = [CHANCE.randrange(rows) for _ in range(ASKED)]
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=CHANCE.randrange(1, 360)) for _ in range(ASKED)]
    pages: dict[str, list[dict[str, Any]]] = {
        "first audit page": [{}] * ASKED,
        "audit page by cursor": [{"cursor": place} for place in places],
        "audit page of one state": [{"cursor": place, "state": "partial"} for place in places],
        "audit page of a state that is rare": [{"cursor": place, "state": "withdrawn"} for place in places],
        "audit page of one category": [{"cursor": place, "category": "analytics"} for place in places],
        "audit page of one day": [{"from": day, "to": day + timedelta(days=1)} for day in days],
        "audit page of one subject": [{"subject": _subject(place, rows)} for place in places],
    }
    queries = {what: [f"receipts?{urlencode(query)}" for query in asked] for what, asked in pages.items()}
    year = {"from": today - timedelta(days=365), "to": today}
    return {
        **queries,
        "statistics of 30 days": ["stats"] * ASKED,
        "statistics of a year": [f"stats?{urlencode(year)}"] * ASKED,
    }


def _subject(number: int, rows: int) -> str:
    return base64.urlsafe_b64encode(subject_of(number, rows)).decode().rstrip("=")


def _search(reader: _Reader, rows: int) -> float:
    """Return the milliseconds until every receipt of somebody who came twice is there."""
    start, cursor, found = time.perf_counter(), "0", 0
    while cursor is not None and time.perf_counter() - start < PATIENCE:
        query = urlencode({"cursor": cursor, "limit": 1000, "subject": _subject(0, rows)})
        page = json.loads(reader.ask(f"/v1/{SITE}/audit/receipts?{query}")[1][1])
        cursor, found = page["next"], found + len(page["items"])
    say(f"found {found} receipts of one subject{' and gave up' if cursor else ''}")
    return (time.perf_counter() - start) * 1000


def auditor_token(place: Place) -> str:
    """Make an auditor of the site by the command line; return the token."""
    command = [
        sys.executable,
        "-m",
        "consent_server",
        "auditor",
        "add",
        "Bench",
        "--site",
        SITE,
        "--expires",
        "1d",
    ]
    done = subprocess.run(command, env=place.environ, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.split()[-1]


def _session(server: Running, token: str) -> dict[str, str]:
    """Sign in to the console; return the headers of its pages."""
    reader = _Reader(server)
    reader.headers = {"Origin": server.url, "Content-Type": "application/x-www-form-urlencoded"}
    _, (answer, _) = reader.ask("/console/sign-in", urlencode({"token": token}))
    return {"Cookie": str(answer.getheader("Set-Cookie")).partition(";")[0]}
