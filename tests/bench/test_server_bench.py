"""The bench of the server can be run by whoever doubts its figures."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "server.py"
PARTS = (
    "peers",
    "sqlite",
    "postgresql",
    "flush",
    "filled",
    "filled-postgresql",
    "cost",
    "delivery",
    "memory",
    "profile",
)


def bench(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the bench."""
    environ = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, str(BENCH), *words], check=False, env=environ, capture_output=True, text=True
    )


def test_help_names_every_part_and_says_what_is_needed() -> None:
    """`--help` names every part and says what makes the load."""
    said = bench("--help")
    assert said.returncode == 0
    assert all(f"\n  {part} " in said.stdout for part in PARTS)
    assert "wrk" in said.stdout


def test_an_unknown_part_is_refused_with_the_names_of_those_there_are() -> None:
    """A part that does not exist is refused, and those that do are named."""
    said = bench("--only", "sqlit")
    assert said.returncode == 2
    assert "there is no part 'sqlit', only peers, sqlite" in said.stderr


def test_without_wrk_the_bench_says_how_to_get_it() -> None:
    """Where wrk is missing the bench says how to install it."""
    said = bench("--only", "sqlite", PATH="")
    assert said.returncode == 1
    assert "apt-get install wrk" in said.stderr


def test_the_profile_says_where_the_time_of_a_receipt_goes(tmp_path: Path) -> None:
    """The profile is a table by parts of the program, printed and written, and leaves nothing behind."""
    table = tmp_path / "table.md"
    place = tmp_path / "place"
    place.mkdir()
    said = bench("--only", "profile", "--samples", "400", "--directory", str(place), "--output", str(table))
    assert said.returncode == 0, said.stderr
    assert table.read_text() == said.stdout
    assert "| a receipt without the HTTP server, CPU |" in said.stdout
    assert "| consent_server.storage.writer |" in said.stdout
    assert not list(place.iterdir())
