"""Tests that run a program of others: `@pytest.mark.needs("jose")`.

Where it is missing they are skipped; in CI (`CI` is set), where nobody would see that, they fail.
"""

from __future__ import annotations

import os
import shutil

import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for what the test needs."""
    programs = [program for marker in item.iter_markers("needs") for program in marker.args]
    if missing := [program for program in programs if not shutil.which(program)]:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(f"not installed: {', '.join(missing)}")
