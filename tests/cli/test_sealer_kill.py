"""A sealer that dies at any step of a sealing leaves the log whole, and another one takes over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from streaming import Visitors, sealed_receipts, serving_alone

if TYPE_CHECKING:
    from consent_server.catalog.notice import Notice

DYING = Path(__file__).with_name("sealer_that_dies.py")
STEPS = {
    "call waiting",
    "call append",
    "call _place",
    "return execute_sql of _place",
    "call _take_away",
    "call _write_tiles",
    "call count",
    "call state_erasures",
    "call commit of _seal_batch",
    "return commit of _seal_batch",
    "call keep",
    "c_call fsync",
    "c_return fsync",
    "call replace of keep",
    "return keep",
}


def test_a_sealer_killed_at_any_step_loses_and_doubles_nothing(
    either: dict[str, str], notices: dict[str, Notice], tmp_path: Path
) -> None:
    """Decisions stream in, the server seals too, and after each death every 201 is in the log once."""
    with (
        serving_alone(either, tmp_path / "log") as (_, url),
        Visitors(url, notices["en"].sha256, threads=2, pause=0.05) as visitors,
    ):
        died = subprocess.run(
            [sys.executable, DYING], env=either, check=True, capture_output=True, text=True, timeout=300
        )
    assert set(died.stdout.splitlines()) >= STEPS, died.stdout
    found = sealed_receipts(either)
    assert len(found) == len(set(found))
    assert set(visitors.recorded.values()) <= set(found)
