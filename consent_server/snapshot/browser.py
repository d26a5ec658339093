"""The browser that takes pictures and scans: Chromium, found and started through Playwright."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, BrowserContext, Playwright

    Profiles = Callable[[], AbstractContextManager[BrowserContext]]

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
# Some builds refuse cookies to third parties unasked; visitors' browsers mostly do not.
_PREFERENCES = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
_NO_PLAYWRIGHT = "This needs Playwright: pip install 'consent-server[scan]'."
_NO_BROWSER = (
    "There is no browser to do this with: install Chromium or Google Chrome, run "
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
    with _playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=find_browser(environ), args=_arguments())
        except _launch_error():
            raise SettingsError(_NO_BROWSER) from None
        with browser:
            yield browser


@contextmanager
def open_profiles(environ: Mapping[str, str] = os.environ) -> Iterator[Profiles]:
    """Give a function that starts the browser as on its first day, third-party cookies allowed.

    Raises SettingsError where it or Playwright is missing. Service workers are off: they would hide requests.
    """
    program = find_browser(environ)
    with _playwright() as playwright:

        @contextmanager
        def profile() -> Iterator[BrowserContext]:
            with tempfile.TemporaryDirectory(prefix="consent-", ignore_cleanup_errors=True) as directory:
                preferences = Path(directory) / "Default" / "Preferences"
                preferences.parent.mkdir()
                preferences.write_text(json.dumps(_PREFERENCES), encoding="utf-8")
                try:
                    context = playwright.chromium.launch_persistent_context(
                        directory,
                        executable_path=program,
                        args=_arguments(),
                        service_workers="block",
                        reduced_motion="reduce",
                    )
                except _launch_error():
                    raise SettingsError(_NO_BROWSER) from None
                with context:
                    yield context

        yield profile


@contextmanager
def _playwright() -> Iterator[Playwright]:
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise SettingsError(_NO_PLAYWRIGHT) from None
    with sync_playwright() as playwright:
        yield playwright


def _launch_error() -> type[Exception]:
    from playwright.sync_api import Error  # noqa: PLC0415 - an optional extra

    return Error


def _arguments() -> list[str]:
    # Chromium refuses to sandbox itself for root, who works in containers.
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    return [*QUIET, *root]
