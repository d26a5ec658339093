"""The bench of the console can be started; what it does is in the browser tests, on few receipts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench" / "console.py"


def test_help_says_what_is_done_and_where_pictures_go() -> None:
    """`--help` answers without a browser."""
    command = [sys.executable, str(BENCH), "--help"]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert "as an auditor would" in said.stdout
    assert all(option in said.stdout for option in ("--rows", "--pictures", "--directory"))
