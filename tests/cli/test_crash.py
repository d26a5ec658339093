"""A kill -9 in the middle of everything: no receipt that got its 201 is lost, doubled or unprovable."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING

from streaming import Visitors, await_ready, sealed_receipts, serving_alone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent_server.catalog.notice import Notice


def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")


def workers(log: Path) -> list[int]:
    """Return the processes that answered for a server, oldest first, as its log names them."""
    return [int(pid) for pid in re.findall(r"Spawning worker-\d+ with PID: (\d+)", log.read_text("utf-8"))]


def test_nothing_recorded_is_lost_by_a_kill_of_the_server(
    either: dict[str, str], notices: dict[str, Notice], tmp_path: Path
) -> None:
    """Every 201 is in the log exactly once and verifies, after kills while writing and sealing."""
    recorded: dict[str, str] = {}
    for _ in range(2):
        with (
            serving_alone(either, tmp_path / "log") as (process, url),
            Visitors(url, notices["en"].sha256) as visitors,
        ):
            time.sleep(2.2)  # long enough to be in the middle of a sealing
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        recorded |= visitors.recorded
    found = sealed_receipts(either)
    assert len(recorded) > 50
    assert len(found) == len(set(found))
    assert set(recorded.values()) <= set(found)


def test_a_killed_worker_is_replaced_and_nothing_is_lost(
    either: dict[str, str], notices: dict[str, Notice], tmp_path: Path
) -> None:
    """Decisions are recorded again without anybody's doing, and every 201 is in the log once."""
    log = tmp_path / "log"
    with serving_alone(either, log) as (process, url), Visitors(url, notices["en"].sha256) as visitors:
        time.sleep(1.5)
        first = workers(log)
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(workers(log)) > len(first))
        await_ready(url)
        before = len(visitors.recorded)
        until(lambda: len(visitors.recorded) > before + 20)
        assert process.poll() is None
    found = sealed_receipts(either)
    assert len(found) == len(set(found))
    assert set(visitors.recorded.values()) <= set(found)
