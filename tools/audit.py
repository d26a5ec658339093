"""Ask the registries what is known against the packages that this project uses: `make audit`.

Python's packages are those of constraints.txt, asked for with pip-audit, which is installed into build/ for
this alone; the widget's tools are those of its lock file, asked for with `npm audit`. Says each weakness and
exits 1 where one is known. A registry that keeps no advisories, or cannot be reached, is named: its silence
proves nothing, and fails nothing either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import node

PROJECT = node.PROJECT
PIP_AUDIT = "pip-audit==2.10.1"
PLACE = PROJECT / "build" / "pip-audit"
SECONDS = 120


@dataclass(frozen=True, slots=True)
class Told:
    """What a registry told: the packages it told of, those it did not know, and what is weak, a line each.

    `asked` is 0 where it did not answer.
    """

    registry: str
    asked: int
    unknown: int = 0
    weak: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one sentence, and each weakness in a line."""
        if not self.asked:
            return f"{self.registry} told no advisories: nothing is known, neither good nor bad."
        rest = f", {self.unknown} more it did not know" if self.unknown else ""
        known = "weak are" if self.weak else "none with a known weakness."
        return "\n  ".join([f"{self.registry} told of {self.asked} packages{rest}: {known}", *self.weak])


def read_pip(output: str) -> Told:
    """Read what `pip-audit --format json` prints."""
    dependencies = [one for one in _object(output).get("dependencies", []) if isinstance(one, dict)]
    known = [one for one in dependencies if "vulns" in one]
    weak = tuple(
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for one in known
        for flaw in one["vulns"]
    )
    return Told("PyPI", len(known), len(dependencies) - len(known), weak)


def read_npm(output: str) -> Told:
    """Read what `npm audit --json` prints."""
    said = _object(output)
    if "vulnerabilities" not in said:
        return Told("The npm registry", 0)
    weak = tuple(
        f"{name} {found['range']}: {found['severity']}" for name, found in said["vulnerabilities"].items()
    )
    return Told("The npm registry", said["metadata"]["dependencies"]["total"], weak=weak)


def ask_pip() -> Told:
    """Ask for Python's packages."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]
    if not PLACE.exists() and _run([*pip, "--target", str(PLACE), PIP_AUDIT]).returncode:
        return Told("PyPI", 0)
    constraints = ["--requirement", str(PROJECT / "constraints.txt"), "--no-deps", "--disable-pip"]
    options = ["--format", "json", "--progress-spinner", "off", *constraints]
    return read_pip(_run([sys.executable, "-m", "pip_audit", *options], PYTHONPATH=str(PLACE)).stdout)


def ask_npm() -> Told:
    """Ask for the widget's tools."""
    return read_npm(_run([sys.executable, str(PROJECT / "tools" / "node.py"), "audit", "--json"]).stdout)


def _run(command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **more}
    try:
        return subprocess.run(
            command, env=environment, timeout=SECONDS, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "")


def _object(output: str) -> dict[str, Any]:
    try:
        value = json.loads(output)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    answers = [ask_pip(), ask_npm()]
    print(*answers, sep="\n")
    sys.exit(any(told.weak for told in answers))
