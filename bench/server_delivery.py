# ruff: noqa: INP001 - scripts beside each other
"""What a page asks for, again and again: the widget's delivery, and the memory of a worker that gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import Request as Asking
from urllib.request import urlopen

from server_load import BROWSER, Request, decisions, load, say
from server_running import SITE, resident, running, sqlite_place
from server_table import Row

if TYPE_CHECKING:
    from pathlib import Path

    from server_table import Report
    from server_writes import Rounds

SCRIPT = Request("GET", f"/v1/{SITE}/consent.js", 200, (*BROWSER, "Sec-Fetch-Dest=script"))
TIMES = 2
"""The widget a second, as many times the peer's answer before a decision."""
MEMORY, GROWTH = 150, 1.05
"""The most megabytes of a worker, and how much larger than after half of the requests it may end."""
SEGMENT = 5
"""Seconds between two looks at the memory."""


def of_widget(report: Report, directory: Path, rounds: Rounds) -> None:
    """Measure the widget's script, whole and where the browser has it already."""
    with running(sqlite_place(directory / "data")) as server:
        with urlopen(Asking(server.url + SCRIPT.path, headers={"Accept-Encoding": "br"})) as answer:  # noqa: S310
            tag, size = answer.headers["ETag"], len(answer.read())
        say(f"consent.js has {size:,} bytes of brotli")
        known = Request("GET", SCRIPT.path, 304, (*SCRIPT.headers, f"If-None-Match={tag}"))
        for what, request in {"consent.js": SCRIPT, "consent.js, not modified": known}.items():
            found = [load(server, request, 16, rounds.seconds) for _ in range(rounds.rounds)]
            result = report.load(f"{what}, c = 16", found)
            best = report.best("c15t: init")
            goal = "/s" if best is None else "times"
            report.row(
                Row(what, result.rate, goal)
                if best is None
                else Row(f"{what}, to the peer's init answer", result.rate / best, goal, TIMES)
            )


def of_memory(report: Report, directory: Path, rounds: Rounds, requests: int) -> None:
    """Measure a worker's memory while it records receipts and gives the widget, in turn."""
    with running(sqlite_place(directory / "data")) as server:
        loads = [(decisions(server), rounds.connections[-1]), (SCRIPT, 16)]
        load(server, *loads[0], 1)
        report.row(Row("memory of the worker, at first", resident(server.process) / 1e6, "MB"))
        answered, half = 0, 0.0
        while answered < requests:
            for request, connections in loads:
                answered += load(server, request, connections, SEGMENT).answers
            say(f"after {answered:,} requests: {resident(server.process) / 1e6:.1f} MB")
            if not half and answered >= requests / 2:
                half = resident(server.process)
                report.row(Row(f"memory of the worker, after {answered:,} requests", half / 1e6, "MB"))
        end = resident(server.process)
    report.row(
        Row(f"memory of the worker, after {answered:,} requests", end / 1e6, "MB", MEMORY, at_most=True)
    )
    report.row(Row("memory after all requests, to half of them", end / half, "times", GROWTH, at_most=True))
