"""How the project starts: the Makefile, what CI calls, and files that pin exact versions."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("help", "setup", "demo", "test", "check", "format", "audit", "build", "docs", "clean")


def lock() -> dict[str, Any]:
    """Return the packages of the widget's lock file, by their place in node_modules."""
    packages: dict[str, Any] = json.loads((ROOT / "widget" / "package-lock.json").read_text())["packages"]
    return packages


def test_ci_calls_make_test() -> None:
    """CI runs what a developer runs, and nothing else."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines == ["#!/bin/sh", "exec make test"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize(("failing", "run"), [("audit.py", True), ("pytest", False)])
def test_only_what_is_wrong_with_the_project_fails_make_test(
    failing: str, *, run: bool, tmp_path: Path
) -> None:
    """It ends with a report of known weaknesses, which cannot fail it even where it breaks; tests can."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\ncase "$*" in *{failing}*) exit 3; esac\n')
    python.chmod(0o755)
    # Its prerequisite, which would set up and check, is taken for done.
    command = ["make", "--no-print-directory", "--old-file=check", "test", f"RUN={python}"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode == 0) == run, told.stderr
    asked = (tmp_path / "told").read_text().splitlines()
    assert (asked[-1] == "tools/audit.py --report") == run
    assert any("-m pytest" in line for line in asked)


def test_make_alone_lists_every_target() -> None:
    """`make` without a target prints each target with one line on what it does."""
    told = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = re.findall(r"^  (\w+) +\S.*$", told.stdout, re.MULTILINE)
    assert tuple(listed) == TARGETS


@pytest.mark.parametrize("python", ["/nonexistent/python", "/bin/false"])
def test_unusable_python_is_said_plainly(python: str, tmp_path: Path) -> None:
    """A Python that is missing or too old ends the set-up with one sentence that names it."""
    command = ["make", "--no-print-directory", "setup", f"VENV={tmp_path / 'venv'}", f"PYTHON={python}"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode != 0
    assert f"Python 3.11 or newer is needed, and {python} is older or does not start" in told.stdout


def test_widget_lock_records_no_download_addresses() -> None:
    """The lock file pins versions and hashes, and leaves the choice of registry to whoever installs."""
    assert [place for place, package in lock().items() if "resolved" in package] == []
    assert [place for place, package in lock().items() if place and "integrity" not in package] == []


def test_widget_lock_is_whole() -> None:
    """What a locked package asks for on any platform is locked too, so that `npm ci` works everywhere."""
    asked = {name for package in lock().values() for name in package.get("optionalDependencies", {})}
    assert {name for name in asked if f"node_modules/{name}" not in lock()} == set()


def test_constraints_pin_exact_versions_only() -> None:
    """Each line is a package at one exact version: no address, no range, nothing local."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_constraints_name_every_direct_dependency() -> None:
    """What pyproject.toml asks for, to run, to test and to build, is pinned."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project = pyproject["project"]
    asked = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *pyproject["build-system"]["requires"],
    ]
    pinned = {_name(line) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {_name(requirement) for requirement in asked} - pinned == set()


def _name(requirement: str) -> str:
    return re.split(r"[=<>\[]", requirement)[0].lower().replace("_", "-")
