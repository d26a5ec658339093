"""`consent-server catalog preview`, in a browser, while the file is edited."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from consent_server.cli.demo import shipped_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Page, WebError

PATIENCE = 8000  # milliseconds


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Copy the shipped catalog, to be edited."""
    path = tmp_path / "cookie_catalog.toml"
    path.write_bytes(shipped_catalog().read_bytes())
    return path


@pytest.fixture
def address(catalog: Path) -> Iterator[str]:
    """Start the preview of the catalog."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    command = [
        sys.executable,
        "-u",
        "-m",
        "consent_server",
        "catalog",
        "preview",
        str(catalog),
        "--port",
        "0",
    ]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    found = re.search(r"http://localhost:\d+/", process.stdout.readline())
    assert found
    yield found[0]
    process.terminate()
    assert process.communicate(timeout=30)[0].endswith("Stopped.\n")


@pytest.fixture
def board(browser: Browser, address: str) -> Iterator[Page]:
    """Open the board; nothing may complain on its console."""
    context = browser.new_context(viewport={"width": 1680, "height": 1000}, color_scheme="null")
    complaints: list[str] = []

    def hear(said: ConsoleMessage) -> None:
        # What is clicked in a preview is no visitor's decision: the server refuses it.
        if said.type == "error" and not said.location["url"].endswith("/receipts"):
            complaints.append(said.text)

    context.on("console", hear)

    def fail(error: WebError) -> None:
        # A frame that is loaded anew takes the requests with it that were under way.
        if "Failed to fetch" not in str(error.error):
            complaints.append(str(error.error))

    context.on("weberror", fail)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.goto(address)
    yield page
    context.close()
    assert complaints == []


def edit(path: Path, before: str, after: str) -> None:
    """Replace a text in the file, as an editor does: a new file in the place of the old one."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    fresh = path.with_suffix(".swp")
    fresh.write_text(text.replace(before, after, 1), encoding="utf-8")
    fresh.replace(path)


def frame(board: Page, view: str, device: str) -> FrameLocator:
    """Return what a frame shows."""
    return board.frame_locator(f'iframe[title="{view}, {device}"]')


def test_every_view_is_shown_on_each_device(board: Page) -> None:
    """Banner, open preferences, cookie page and guide, 390 and 1280 pixels wide."""
    for device, width in (("Phone", 390), ("Desktop", 1280)):
        expect(frame(board, "Banner", device).locator("#consent-reject-all")).to_be_visible()
        expect(frame(board, "Preferences", device).locator("consent-preferences dialog")).to_be_visible()
        expect(frame(board, "Cookie page", device).locator("h1")).to_contain_text("www.bacloud.com")
        expect(frame(board, "Guide", device).locator("h1")).to_be_visible()
        assert frame(board, "Banner", device).locator("html").evaluate("innerWidth") == width
    expect(board.locator("#stale")).to_be_hidden()


def test_a_saved_change_appears_without_a_reload(board: Page, catalog: Path) -> None:
    """In every frame, with what it means for those who have chosen; no click hides a banner for long."""
    board.evaluate("window.mark = true")
    frame(board, "Banner", "Phone").locator("#consent-reject-all").click()
    edit(catalog, 'title.en = "Statistics"', 'title.en = "Counting visits"')
    expect(frame(board, "Banner", "Phone").locator("p")).to_contain_text("Counting visits")
    expect(frame(board, "Preferences", "Desktop").locator("dialog")).to_contain_text("Counting visits")
    expect(frame(board, "Cookie page", "Desktop").locator("body")).to_contain_text("Counting visits")
    expect(board.locator("#changes > p")).to_have_text("Nobody is asked again.")
    edit(catalog, 'provider = "Imperva, Inc."', 'provider = "Imperva Ltd"')
    expect(board.locator("#changes > p")).to_have_text("Visitors will be asked again.")
    assert board.evaluate("window.mark")


def test_a_broken_file_keeps_the_last_good_version(board: Page, catalog: Path) -> None:
    """The error stands beside it with line and column until it is corrected."""
    expect(frame(board, "Banner", "Phone").locator("p")).to_contain_text("Statistics")
    edit(catalog, 'lifespan = "10 minutes"', 'lifespan = "ten"')
    expect(board.locator("#errors li")).to_contain_text("'ten' is not a lifespan")
    expect(board.locator("#errors .place")).to_have_text(re.compile(r"^Line \d+, column \d+$"))
    expect(board.locator("#pill")).to_have_text("1 error")
    expect(board.locator("#stale")).to_contain_text("Below is the last good version, of ")
    expect(frame(board, "Banner", "Phone").locator("#consent-reject-all")).to_be_visible()
    edit(catalog, 'lifespan = "ten"', 'lifespan = "10 minutes"')
    expect(board.locator("#stale")).to_be_hidden()
    expect(board.locator("#errors")).to_be_hidden()


def test_language_and_colours_are_chosen_above(board: Page) -> None:
    """Each frame follows; the language is kept in the address."""
    reject = frame(board, "Banner", "Desktop").locator("#consent-reject-all")
    expect(reject).to_have_text("Reject all")
    board.get_by_role("radio", name="Lietuvių").check()
    expect(reject).to_have_text("Atmesti visus")
    expect(frame(board, "Guide", "Phone").locator("html")).to_have_attribute("lang", "lt")
    assert board.url.endswith("#lang=lt")
    board.get_by_role("radio", name="Dark").check()
    dark = "matchMedia('(prefers-color-scheme: dark)').matches"
    board.wait_for_function(f"document.querySelector('iframe').contentWindow.{dark}")
    assert not board.evaluate(dark)
