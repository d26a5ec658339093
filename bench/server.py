# ruff: noqa: INP001, T201 - a script, which talks
"""Measure the server: receipts a second, a full log, the widget's delivery, memory; peers in the same run.

    python bench/server.py --harness DIR
    python bench/server.py --only sqlite,flush --seconds 5 --rounds 1
    python bench/server.py --only filled --rows 10000000

Needs wrk, which makes the load on the same machine (the profile alone does not). All data is in a temporary
directory below `--directory`, which must lie on the disk that is measured, and is deleted at the end.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import server_cost
import server_filled
from server_delivery import of_memory, of_widget
from server_load import missing, say
from server_peers import Peers
from server_peers import measure as measure_peers
from server_profile import of_receipts
from server_table import Report
from server_writes import Rounds, on_postgresql, on_slow_disk, on_sqlite

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable


def of_peers(report: Report, place: Path, words: Namespace) -> None:
    """Measure the peers, where a harness knows them."""
    if words.harness is None:
        say("skipped: without --harness there are no peers")
        return
    peers = Peers(words.harness.resolve(), (words.peers or place / "peers").resolve())
    measure_peers(report, place, Rounds(words.connections, 1, words.seconds), peers)


def _rounds(words: Namespace) -> Rounds:
    return Rounds(words.connections, words.rounds, words.seconds)


PARTS: dict[str, tuple[str, Callable[[Report, Path, Namespace], None]]] = {
    "peers": ("the peers; needs --harness", of_peers),
    "sqlite": (
        "receipts on SQLite",
        lambda report, place, words: on_sqlite(report, place, _rounds(words)),
    ),
    "postgresql": (
        "receipts on PostgreSQL",
        lambda report, place, words: on_postgresql(report, place, _rounds(words)),
    ),
    "flush": (
        "receipts on SQLite where each flush of the disk takes 2 ms",
        lambda report, place, words: on_slow_disk(report, place, _rounds(words)),
    ),
    "filled": (
        "a log on SQLite with --rows receipts: writing, auditors' pages, proofs, the console",
        lambda report, place, words: server_filled.on_sqlite(report, place, _rounds(words), words.rows),
    ),
    "filled-postgresql": (
        "the same on PostgreSQL; only where it is named",
        lambda report, place, words: server_filled.on_postgresql(report, place, _rounds(words), words.rows),
    ),
    "cost": (
        "what a receipt costs PostgreSQL, before and after its erasure; only where it is named",
        lambda report, place, words: server_cost.on_postgresql(report, place, _rounds(words), words.rows),
    ),
    "delivery": ("consent.js", lambda report, place, words: of_widget(report, place, _rounds(words))),
    "memory": (
        "memory of a worker over --requests",
        lambda report, place, words: of_memory(report, place, _rounds(words), words.requests),
    ),
    "profile": (
        "where the CPU of a receipt goes: the program's path alone, in one thread, sampled",
        lambda report, place, words: of_receipts(report, place, words.samples),
    ),
}
USUAL = [name for name in PARTS if name not in {"filled-postgresql", "cost"}]


def read_words() -> Namespace:
    """Read the command line."""
    parts = "\n".join(f"  {name:<19}{what}" for name, (what, _) in PARTS.items())
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=f"parts:\n{parts}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", type=_names, default=USUAL, help="parts, separated by commas; all without it"
    )
    parser.add_argument(
        "--harness", type=Path, help="the folder of a benchmark of back ends, which knows the peers"
    )
    parser.add_argument(
        "--peers", type=Path, help="where the peers are kept for the next run; nowhere without it"
    )
    parser.add_argument("--connections", type=_numbers, default=[16, 64], help="16,64 without it")
    parser.add_argument(
        "--rounds", type=int, default=3, help="of each load; the median counts (3; of peers 1)"
    )
    parser.add_argument("--seconds", type=float, default=6, help="of each load (6)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="receipts of the full log (1,000,000)")
    parser.add_argument("--requests", type=int, default=200_000, help="while memory is watched (200,000)")
    parser.add_argument("--samples", type=int, default=5000, help="receipts of the profile (5000)")
    parser.add_argument("--directory", type=Path, help="where the data goes; the system's own without it")
    parser.add_argument("--output", type=Path, help="the tables are written here too")
    return parser.parse_args()


def main() -> None:
    """Measure part by part, print the tables and write them."""
    words = read_words()
    if words.only != ["profile"] and (trouble := missing()):
        sys.exit(trouble)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what was started is stopped too
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    report, title = Report(), f"{machine}; load before {os.getloadavg()[0]:.1f}"
    with tempfile.TemporaryDirectory(prefix="consent-bench-", dir=words.directory) as directory:
        # Where the PostgreSQL server keeps its socket; read when its library is imported.
        os.environ.setdefault("XDG_RUNTIME_DIR", directory)
        for name in words.only:
            place = Path(directory) / name
            place.mkdir()
            say(f"{name}: {PARTS[name][0]}")
            start = time.monotonic()
            PARTS[name][1](report, place, words)
            shutil.rmtree(place)
            say(f"{name}: took {time.monotonic() - start:.0f} s")
    text = "\n".join([title, "", *report.lines()])
    print(text)
    if words.output:
        words.output.write_text(text + "\n", encoding="utf-8")


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {unknown[0]!r}, only {', '.join(PARTS)}")
    return names


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
