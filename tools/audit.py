"""Ask the registries what is known against the packages that this project uses: `make audit`.

Python's packages are those of constraints.txt, asked for with pip-audit, which is installed into build/ for
this alone; the widget's tools are those of its lock file, asked for with `npm audit`. Says each weakness and
exits 1 where one is known. A registry that keeps no advisories, or cannot be reached, is named: its silence
proves nothing, and fails nothing either.

`--report`, with which `make test` ends, fails nothing, takes a minute at most, and passes over silence.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import node

PROJECT = node.PROJECT
PIP_AUDIT = "pip-audit==2.10.1"
PLACE = PROJECT / "build" / PIP_AUDIT.replace("==", "-")
SECONDS, REPORT_SECONDS = 240, 60
"""In all: until then an answer that has not come is none."""


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


def ask_pip(until: float) -> Told:
    """Ask for Python's packages, giving up at `until` (of `time.monotonic`)."""
    if not PLACE.exists() and not _installed(until):
        return Told("PyPI", 0)
    constraints = ["--requirement", str(PROJECT / "constraints.txt"), "--no-deps", "--disable-pip"]
    options = ["--format", "json", "--progress-spinner", "off", *constraints]
    return read_pip(_run([sys.executable, "-m", "pip_audit", *options], until, PYTHONPATH=str(PLACE)).stdout)


def _installed(until: float) -> bool:
    """Install pip-audit into `PLACE`, which is there whole or not at all; return whether it is."""
    PLACE.parent.mkdir(exist_ok=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1"]
    with tempfile.TemporaryDirectory(dir=PLACE.parent, suffix=".tmp") as place:
        fresh = Path(place) / "fresh"
        command = [sys.executable, "-m", "pip", "install", *options, "--target", str(fresh), PIP_AUDIT]
        if _run(command, until).returncode == 0:
            fresh.rename(PLACE)
    return PLACE.exists()


def ask_npm(until: float) -> Told:
    """Ask for the widget's tools, giving up at `until` (of `time.monotonic`)."""
    return read_npm(
        _run([sys.executable, str(PROJECT / "tools" / "node.py"), "audit", "--json"], until).stdout
    )


def ask(seconds: float) -> list[Told]:
    """Ask both at the same time; what has not come after so many seconds was not answered."""
    until = time.monotonic() + seconds
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda registry: registry(until), (ask_pip, ask_npm)))


def _run(command: list[str], until: float, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program; where it takes too long it is ended, with all that it started, and has said nothing."""
    silent = subprocess.CompletedProcess(command, 1, "", "")
    with subprocess.Popen(
        command,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as program:
        try:
            output, _ = program.communicate(timeout=max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return silent
        finally:
            # Not yet waited for, so that its number is still its own; Ctrl-C does not reach its session.
            if program.returncode is None:
                os.killpg(program.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, program.returncode, output, "")


def _object(output: str) -> dict[str, Any]:
    try:
        value = json.loads(output)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def main() -> int:
    """Ask and say; return 1 where something is weak. A report returns 0, and passes over silence."""
    report = sys.argv[1:] == ["--report"]
    answers = ask(REPORT_SECONDS if report else SECONDS)
    for told in answers:
        if told.asked or not report:
            print(told)
    return 0 if report else int(any(told.weak for told in answers))


if __name__ == "__main__":
    sys.exit(main())
