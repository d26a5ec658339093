# ruff: noqa: INP001, T201 - a script, which talks
"""Use the auditor's console in Chromium on a log of many really signed receipts, as an auditor would.

    python bench/console.py --rows 100000 --pictures DIR

It signs in, reads the dashboard, filters and turns pages, verifies a receipt, takes the export home and
verifies it offline. It prints a table of the steps, and exits with 1 where a step does not show what it must
or the browser complains of anything. Seconds are by the clock, until what a step must show is there.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from console_steps import Auditor
from playwright.sync_api import Error, expect, sync_playwright
from server_fill import fill
from server_filled import auditor_token
from server_load import say
from server_running import running, sqlite_place

sys.path.append(str(Path(__file__).parent.parent / "tools"))

from browser import chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

    Step = tuple[str, Callable[[Auditor], str], str]

STEPS: list[Step] = [
    ("sign in", Auditor.sign_in, ""),
    ("dashboard, 30 days", Auditor.dashboard, "dashboard"),
    ("dashboard, a year", Auditor.year, "year"),
    ("list of receipts", Auditor.receipts, "list"),
    ("next page", Auditor.next_page, ""),
    ("filter by state", Auditor.by_state, ""),
    ("filter by a state that is rare", Auditor.by_rare_state, "rare"),
    ("filter by category", Auditor.by_category, ""),
    ("filter by day, all its pages", Auditor.by_day, ""),
    ("open a receipt of half a year ago", Auditor.open_receipt, ""),
    ("Verify", Auditor.verify, "receipt"),
    ("its notice, drawn again", Auditor.notice, "notice"),
    ("export", Auditor.take_export, "export"),
    ("`consent-server verify` on the export", Auditor.verify_export, ""),
    ("sign out", Auditor.sign_out, ""),
]
"""What is done, in order, and the name of its pictures where any are taken."""
PATIENCE = 30_000
"""Milliseconds that a page may take."""
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
"""The pictures' widths; the last is that of the steps."""
ROOT = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
"""Chromium refuses to sandbox itself for root."""


def open_page(browser: Browser, complaints: list[str]) -> Page:
    """Open a page of a new profile; whatever its console complains of is kept."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    width, height = SIZES["desktop"]
    context = browser.new_context(locale="en-GB", viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE)
    context.on("console", hear)
    context.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
    return context.new_page()


def take_pictures(page: Page, directory: Path, name: str) -> None:
    """Take a picture of the whole page in each width."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=directory / f"{name}-{size}.png", full_page=True)


def walk(auditor: Auditor, pictures: Path | None, complaints: list[str]) -> Iterator[str]:
    """Do every step; give a line of the table for each. Exits where one fails."""
    for name, step, picture in STEPS:
        start = time.perf_counter()
        try:
            seen = step(auditor)
        except (AssertionError, Error) as error:
            sys.exit(f"“{name}” failed on {auditor.page.url}: {error}")
        taken = time.perf_counter() - start
        if complaints:
            sys.exit("\n".join([f"At “{name}” the browser complains:", *complaints]))
        say(f"{name}: {taken:.2f} s; {seen}")
        yield f"| {name} | {taken:.2f} | {seen} |"
        if pictures and picture:
            take_pictures(auditor.page, pictures, picture)


def main() -> None:
    """Fill a log, start the server, and walk through the console."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000, help="receipts, 10,000 or more (100,000)")
    parser.add_argument("--pictures", type=Path, help="pictures of the pages go here; none without it")
    parser.add_argument("--directory", type=Path, help="where the data goes; the system's own without it")
    words = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # what was started is stopped too
    expect.set_options(timeout=PATIENCE)
    if words.pictures:
        words.pictures.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="consent-bench-", dir=words.directory) as home,
        sync_playwright() as playwright,
    ):
        place = sqlite_place(Path(home) / "full")
        fill(place, words.rows)
        with (
            running(place) as server,
            playwright.chromium.launch(executable_path=chromium(), args=ROOT) as browser,
        ):
            complaints: list[str] = []
            page = open_page(browser, complaints)
            token = auditor_token(place)
            auditor = Auditor(page, server.url, token, words.rows, Path(home) / "export.ndjson")
            lines = list(walk(auditor, words.pictures, complaints))
            about = f"{os.cpu_count()} cores, Python {platform.python_version()}, Chromium {browser.version}"
    print(f"{about}; load before {load:.1f}\n\n| {words.rows:,} receipts | s | seen |\n|---|--:|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
