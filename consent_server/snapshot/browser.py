"""The browser that takes the pictures: Chromium, found and started through Playwright."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser

VARIABLE = "CONSENT_BROWSER"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_SECONDS = 30
_NO_PLAYWRIGHT = "Pictures need Playwright: pip install 'consent-server[scan]'."
_NO_BROWSER = (
    "There is no browser to take pictures with: install Chromium or Google Chrome, run "
    f"`playwright install chromium`, or name one with {VARIABLE}=/path/to/it."
)


def find_browser(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the Chromium to start, None for the one that Playwright downloaded.

    It is the one that CONSENT_BROWSER names, else the first on the PATH that answers. Raises SettingsError
    where the variable names what does not start.
    """
    named = environ.get(VARIABLE)
    if named:
        if not _answers(named):
            raise SettingsError(f"{VARIABLE} names {named}, which does not start.")
        return named
    paths = (shutil.which(name, path=environ.get("PATH")) for name in NAMES)
    return next((path for path in paths if path and _answers(path)), None)


def _answers(program: str) -> bool:
    """Ask for its version: what some systems call chromium-browser only says where to get it."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - the operator's own
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@contextmanager
def open_browser(environ: Mapping[str, str] = os.environ) -> Iterator[Browser]:
    """Start the browser, close it at the end. Raises SettingsError where it or Playwright is missing."""
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise SettingsError(_NO_PLAYWRIGHT) from None
    program = find_browser(environ)
    # Chromium refuses to sandbox itself for root, who works in containers.
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=(*QUIET, *root))
        except Error:
            raise SettingsError(_NO_BROWSER) from None
        with browser:
            yield browser
