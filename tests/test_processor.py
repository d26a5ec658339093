"""Which processor what runs Python stays on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from consent_server.settings import Settings

ANSWER = """
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from consent_server.app import create_app

app = create_app()

def ask():
    assert app.test_client().get("/healthz").status_code == 200
    return len(os.sched_getaffinity(0))

own = [thread.native_id for thread in threading.enumerate() if thread is not threading.main_thread()]
assert own
with ThreadPoolExecutor(1) as pool:
    running = {pool.submit(ask).result(), *(len(os.sched_getaffinity(one)) for one in own)}
print(len(os.sched_getaffinity(0)), *running)
"""


@pytest.mark.parametrize(("setting", "processors"), [("on", 1), ("off", len(os.sched_getaffinity(0)))])
def test_threads_that_answer_or_write_stay_on_one_processor_unless_told_otherwise(
    settings: Settings, tmp_path: Path, setting: str, processors: int
) -> None:
    """The thread that built the app, from which the server starts its own, has all of them again."""
    environ = {
        **os.environ,
        "CONSENT_CATALOG": str(Path(settings.catalog).resolve()),
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_PIN": setting,
    }
    said = subprocess.run(
        [sys.executable, "-c", ANSWER], env=environ, check=True, capture_output=True, text=True, timeout=60
    )
    assert said.stdout.split() == [str(len(os.sched_getaffinity(0))), str(processors)]
