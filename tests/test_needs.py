"""A test whose program is missing is not passed over in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
NEEDY = """
import pytest
@pytest.mark.needs("{program}")
def test_something(): pass
"""


@pytest.mark.parametrize(
    ("program", "variable", "outcome"),
    [
        ("no-such-program", "", "1 skipped"),
        ("no-such-program", "true", "not installed: no-such-program"),
        ("sh", "true", "1 passed"),
    ],
)
def test_a_missing_program_skips_here_and_fails_in_ci(
    program: str, variable: str, outcome: str, tmp_path: Path
) -> None:
    """And one that is there lets the test run."""
    (tmp_path / "test_needy.py").write_text(NEEDY.format(program=program))
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "needs",
            "-p",
            "no:cacheprovider",
            "-rs",
            "test_needy.py",
        ],
        cwd=tmp_path,
        env={**os.environ, "CI": variable, "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in told.stdout
    assert (told.returncode == 1) == outcome.startswith("not installed")
