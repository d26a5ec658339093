# ruff: noqa: INP001 - scripts beside each other
"""Receipts a second: on SQLite, on PostgreSQL, and on a disk whose flush takes 2 ms."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from server_load import decisions, load, say
from server_running import postgresql, postgresql_place, running, sqlite_place
from server_table import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server_load import Load, Request
    from server_running import Place, Running
    from server_table import Report

FLUSHING = Path(__file__).with_name("server_flush.c")
WARM = 2
"""Seconds of load before the first that counts: threads, statements and pages of the database are there."""
RATE, TIMES, LATENCY, CPU = 3000, 5, 25, 0.35
"""The goals at the first connections: a second, times the best peer's, ms for 99 %, ms of CPU each."""
FLUSH, FLUSH_RATE = 2000, 1500
"""Microseconds of a slow disk's flush, and the receipts a second that it must leave."""
RETURNING = 10
"""Of so many decisions one changes an earlier one."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How a load is repeated: over how many connections (each in turn), how often, for how many seconds."""

    connections: Sequence[int]
    rounds: int
    seconds: float


def on_sqlite(report: Report, directory: Path, rounds: Rounds) -> None:
    """Measure receipts on SQLite."""
    _measure(report, "SQLite", sqlite_place(directory / "data"), rounds)


def on_postgresql(report: Report, directory: Path, rounds: Rounds) -> None:
    """Measure receipts on PostgreSQL."""
    with postgresql(directory) as database:
        say(f"PostgreSQL: {database.about}")
        _measure(report, "PostgreSQL", postgresql_place(directory / "nodes", database.url("consent")), rounds)


def _measure(report: Report, name: str, place: Place, rounds: Rounds) -> None:
    with running(place) as server:
        requests = {f"{name}, c = {number}": (decisions(server), number) for number in rounds.connections}
        first, (request, connections) = next(iter(requests.items()))
        requests[f"{first}, one in ten with a token"] = (replace(request, returning=RETURNING), connections)
        found = loads(server, requests, rounds)
    results = {what: report.load(what, one) for what, one in found.items()}
    best = report.best(": record,")
    report.row(Row(f"receipts, {first}", results[first].rate, "/s", RATE))
    if best:
        report.row(Row(f"receipts, {first}, to the best peer", results[first].rate / best, "times", TIMES))
    report.row(Row(f"receipts, {first}, 99 % within", results[first].p99, "ms", LATENCY, at_most=True))
    report.row(Row(f"receipts, {first}, CPU of the server each", results[first].cpu, "ms", CPU, at_most=True))
    refused = sum(result.refused for result in results.values())
    report.row(Row(f"receipts, {name}, refused", refused, "", 0, at_most=True))


def on_slow_disk(report: Report, directory: Path, rounds: Rounds) -> None:
    """Measure receipts on SQLite where each flush takes 2 ms more; needs a C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        say("skipped: what makes the disk slow is compiled, which needs a C compiler (`apt-get install gcc`)")
        return
    library = directory / "flush.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(FLUSHING), "-ldl"]
    subprocess.run(command, check=True)  # noqa: S603 - our own source
    slow = {"LD_PRELOAD": str(library), "CONSENT_BENCH_FLUSH": str(FLUSH)}
    with running(sqlite_place(directory / "data"), **slow) as server:
        names = {number: f"SQLite, flush of 2 ms, c = {number}" for number in rounds.connections}
        requests = {what: (decisions(server), number) for number, what in names.items()}
        for what, one in loads(server, requests, rounds).items():
            result = report.load(what, one)
            report.row(Row(f"receipts, {what}", result.rate, "/s", FLUSH_RATE))


def loads(
    server: Running, requests: Mapping[str, tuple[Request, int]], rounds: Rounds
) -> dict[str, list[Load]]:
    """Send each of `requests` (with its connections) in each round; every 201 must be in the database."""
    before = server.place.count()[0]
    warm = load(server, *next(iter(requests.values())), WARM)
    found: dict[str, list[Load]] = {what: [] for what in requests}
    for _ in range(rounds.rounds):
        for what, (request, connections) in requests.items():
            result = load(server, request, connections, rounds.seconds)
            found[what].append(result)
            say(f"{what}: {result.rate:,.0f}/s, 99 % within {result.p99:.1f} ms, CPU {result.cpu:.2f} ms")
    answered = warm.answers + sum(result.answers for results in found.values() for result in results)
    _counted(server.place, answered, before)
    return found


def _counted(place: Place, answered: int, before: int) -> None:
    """Refuse to go on where a receipt that was answered with 201 is not stored, or is not sealed in time."""
    time.sleep(1)  # what was on its way when the load ended
    stored = place.count()[0] - before
    if stored < answered:
        sys.exit(f"{answered - stored} of {answered} receipts that were answered with 201 are not stored.")
    taken = place.wait_sealed()
    say(f"all {answered:,} receipts are stored, and {stored - answered} that were on their way")
    say(f"everything was sealed {taken:.1f} s later")
