"""Find the Chromium that the browser tests use, or install one. Standard library only.

`chromium()` is what tests call: it returns the program to start, or None, which means: Playwright's own
download, so start it without `executable_path`. As a script it makes sure that one of the two is there:
Chromium from the system, else `playwright install`, else the system's package manager. To be run with the
Python of the project's environment.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import packages

VARIABLE = "CONSENT_TEST_CHROMIUM"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PACKAGES = {"brew": "--cask=chromium"}
DOWNLOAD_SECONDS = 600
CONNECTION_MILLISECONDS = 10_000
# Written where a download was made and started, so that later runs need not start a browser to know.
DOWNLOADED = Path(sys.prefix) / "playwright-chromium"
START = "from playwright.sync_api import sync_playwright as p\nwith p() as w: w.chromium.launch().close()"


class BrowserError(Exception):
    """There is no browser to be had; the message says why and what to do."""


@functools.cache
def chromium() -> Path | None:
    """Return the Chromium to test with: `CONSENT_TEST_CHROMIUM`, else the first of `NAMES` that answers.

    Raises BrowserError if the variable names a program that does not start.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not _answers(named):
            raise BrowserError(f"{VARIABLE} names {named}, which does not start.")
        return Path(named)
    # Ubuntu's chromium-browser can be a stub that only points at a snap, hence the question to each.
    found = next((path for name in NAMES if (path := shutil.which(name)) and _answers(path)), None)
    return Path(found) if found else None


def _answers(program: str) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def provide() -> None:
    """Make sure that there is a Chromium for the tests. Raises BrowserError with every way that failed."""
    if chromium() or DOWNLOADED.exists():
        return
    refusals = []
    for way in (_download, _install):
        refusal = way()
        if not refusal:
            return
        refusals.append(refusal)
    raise BrowserError(
        f"No Chromium for the browser tests: {'; '.join(refusals)}."
        f" Install Chromium or Google Chrome, or say where it is with {VARIABLE}=/path/to/it."
    )


def _download() -> str:
    """Let Playwright download its Chromium; return "" or why it could not."""
    print("Downloading Chromium with Playwright …", flush=True)
    refusal = _playwright("install", "chromium")
    if refusal:
        return f"Playwright could not download it ({refusal})"
    if sys.platform == "linux" and os.geteuid() == 0:
        # What it lacks shows when it is started.
        _playwright("install-deps", "chromium")
    started = subprocess.run([sys.executable, "-c", START], capture_output=True, check=False)
    if started.returncode:
        return "Playwright's Chromium does not start here (libraries are missing)"
    DOWNLOADED.touch()
    return ""


def _playwright(*arguments: str) -> str:
    """Run Playwright's own command in silence; return "" or the line that says what went wrong."""
    environment = {**os.environ, "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": str(CONNECTION_MILLISECONDS)}
    command = [sys.executable, "-m", "playwright", *arguments]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end after {DOWNLOAD_SECONDS} seconds"
    lines = [line.strip() for line in done.stderr.splitlines() if "rror" in line]
    return (lines[-1] if lines else f"exit code {done.returncode}") if done.returncode else ""


def _install() -> str:
    """Install Chromium with the system's package manager; return "" or why it could not."""
    manager = packages.manager() or ""
    if manager:
        print(f"Installing Chromium with {manager} …", flush=True)
    try:
        packages.install(PACKAGES.get(manager, "chromium"))
    except packages.PackagesError as error:
        return str(error)
    chromium.cache_clear()
    return "" if chromium() else f"{manager} installed a Chromium that does not start"


if __name__ == "__main__":
    try:
        provide()
    except BrowserError as error:
        sys.exit(str(error))
    print(f"Browser tests use {chromium() or 'the Chromium that Playwright downloaded'}")
