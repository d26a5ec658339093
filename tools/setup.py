"""Make the project's Python environment: .venv, with this project (editable) and all that its tests need.

Run with any Python from 3.11 on; standard library only. Everything is installed at the versions that
constraints.txt names. Building the project builds the widget too (hatch_build.py), for which Node.js is
installed as a wheel where the system has none. Doing it twice changes nothing.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

import node

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
# Written last, so that what was broken off is taken up again.
STAMP = VENV / "installed"
EDITABLES = "editables~=0.3"  # what hatchling asks for when an installation is editable
NO_ROUTE = ("NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "ConnectionError")
NO_VENV = (
    "This Python cannot make virtual environments: install its venv module"
    " (Debian and Ubuntu: apt-get install python3-venv), then try again."
)


class SetupError(Exception):
    """The environment could not be made; the message says why and what to do."""


def make_environment() -> Path:
    """Return the Python of .venv, making it where it is missing or broken. Raises SetupError."""
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if _works(python):
        return python
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SetupError(NO_VENV)
    print(f"Making a Python environment in {VENV} …", flush=True)
    done = _run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if done.returncode or not _works(python):
        raise SetupError(f"No Python environment could be made in {VENV}: {_last_line(done)}")
    return python


def install_project(python: Path) -> None:
    """Install what building needs, then the project itself with what its tests need. Raises SetupError."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    builders = [*pyproject["build-system"]["requires"], EDITABLES]
    if node.system() is None:
        builders.append(node.WHEEL)
    print("Installing the Python packages …", flush=True)
    _pip(python, builders)
    # Before the build asks for it from within pip, where its reasons for failing would drown.
    if subprocess.run([python, PROJECT / "tools" / "node.py", "install"], check=False).returncode:
        sys.exit(1)  # it has said why
    print("Installing the project and building its widget …", flush=True)
    # Without isolation, what builds the project has the tested versions too.
    _pip(python, ["--no-build-isolation", "--editable", f"{PROJECT}[dev]"])


def _pip(python: Path, arguments: list[str]) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    constraints = ["--constraint", str(PROJECT / "constraints.txt")]
    done = _run([str(python), "-m", "pip", "install", *options, *constraints, *arguments])
    if not done.returncode:
        return
    if any(word in done.stderr for word in NO_ROUTE):
        raise SetupError(
            "There is no route to the Python package registry:"
            " connect this machine, or point pip at a mirror (PIP_INDEX_URL)."
        )
    _, widget_failed, reason = done.stderr.partition("The widget could not be built: ")
    if widget_failed:
        raise SetupError(widget_failed + reason.partition("[end of output]")[0].rstrip())
    raise SetupError(f"pip could not install what is needed.\n{(done.stdout + done.stderr).strip()}")


def _works(python: Path) -> bool:
    return python.exists() and not _run([str(python), "-m", "pip", "--version"]).returncode


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    return ((done.stderr or done.stdout).strip().splitlines() or ["no reason given"])[-1]


if __name__ == "__main__":
    try:
        install_project(make_environment())
    except SetupError as error:
        sys.exit(str(error))
    STAMP.touch()
