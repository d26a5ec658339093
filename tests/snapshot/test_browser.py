"""Finding the browser that takes the pictures, and doing without it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from consent_server.errors import SettingsError
from consent_server.snapshot.browser import NAMES, find_browser

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "from consent_server.cli import main; main()"
NO_PLAYWRIGHT = f"import sys; sys.modules['playwright'] = None; {PROGRAM}"


def put(path: Path, exit_code: int) -> str:
    """Write a program that only exits."""
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_variable_wins_over_the_path(tmp_path: Path) -> None:
    """What the operator names is taken."""
    named = put(tmp_path / "mine", 0)
    put(tmp_path / NAMES[0], 0)
    assert find_browser({"CONSENT_BROWSER": named, "PATH": str(tmp_path)}) == named


@pytest.mark.parametrize("exit_code", [None, 1])
def test_a_named_program_that_does_not_start_is_refused(tmp_path: Path, exit_code: int | None) -> None:
    """Whether it is missing or fails; another is not taken in its place."""
    named = str(tmp_path / "mine") if exit_code is None else put(tmp_path / "mine", exit_code)
    with pytest.raises(SettingsError, match="mine, which does not start"):
        find_browser({"CONSENT_BROWSER": named})


@pytest.mark.skipif(sys.platform == "darwin", reason="Chrome may stand in its fixed place")
def test_a_stub_on_the_path_is_passed_over(tmp_path: Path) -> None:
    """The first that answers is taken; where none does, Playwright's own."""
    put(tmp_path / NAMES[0], 1)
    assert find_browser({"PATH": str(tmp_path)}) is None
    answers = put(tmp_path / NAMES[1], 0)
    assert find_browser({"PATH": str(tmp_path)}) == answers


@pytest.mark.parametrize(
    ("code", "changes", "says"),
    [
        (PROGRAM, {"CONSENT_BROWSER": "/nowhere/chromium"}, "CONSENT_BROWSER names /nowhere/chromium, which"),
        (PROGRAM, {"PATH": "/nowhere", "PLAYWRIGHT_BROWSERS_PATH": "/nowhere"}, "There is no browser to"),
        (NO_PLAYWRIGHT, {}, "This needs Playwright: pip install 'consent-server[scan]'."),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(
    catalog_path: Path, tmp_path: Path, code: str, changes: dict[str, str], says: str
) -> None:
    """Exit 2, one line, no folder left behind."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    words = ["catalog", "snapshot", str(catalog_path), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**environ, **changes},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
