"""Install a program with the system's own package manager, where that is allowed without asking anyone."""

from __future__ import annotations

import os
import shutil
import subprocess

MANAGERS = {
    "apt-get": ("install", "--yes", "--no-install-recommends"),
    "dnf": ("install", "--assumeyes"),
    "apk": ("add",),
    "pacman": ("--sync", "--refresh", "--noconfirm"),
    "brew": ("install",),
}
INSTALL_SECONDS = 900


class PackagesError(Exception):
    """The system's package manager could not be used; the message says why."""


def manager() -> str | None:
    """Return the name of this system's package manager, if it is one of `MANAGERS`."""
    return next((name for name in MANAGERS if shutil.which(name)), None)


def install(package: str) -> None:
    """Install `package`, refreshing apt's lists first. Raises PackagesError with the reason in one line."""
    name = manager()
    if name is None:
        raise PackagesError("none of the package managers " + ", ".join(MANAGERS) + " is here")
    command = [*_privilege(name), name]
    if name == "apt-get":
        # A list that cannot be refreshed may still be good enough: the installation tells.
        _run([*command, "update", "--quiet"])
    failure = _run([*command, *MANAGERS[name], package])
    if failure:
        raise PackagesError(f"`{name}` could not install {package}: {failure}")


def _privilege(name: str) -> list[str]:
    if name == "brew" or os.geteuid() == 0:
        return []
    if shutil.which("sudo") and not _run(["sudo", "--non-interactive", "true"]):
        return ["sudo", "--non-interactive"]
    raise PackagesError(f"`{name}` needs root or a sudo that asks no password")


def _run(command: list[str]) -> str:
    """Run a command in silence; return "" or the last line of what it complained about."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {INSTALL_SECONDS} seconds"
    lines = (done.stderr or done.stdout).strip().splitlines()
    return (lines[-1] if lines else f"exit code {done.returncode}") if done.returncode else ""
