# ruff: noqa: INP001 - scripts beside each other
"""What an auditor does in the console; each step ends the bench where it does not show what it must."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from babel.dates import format_date
from playwright.sync_api import expect
from server_fill import RARE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    Rows = list[list[str]]

PAGE = 50
"""Receipts on a page of the list."""
DRAWN = """charts => charts.map(chart => [...chart.querySelectorAll("rect.fill")].filter(box =>
  box.getBoundingClientRect().height > 0 && getComputedStyle(box).fill !== "none").length)"""
CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
WATCH = """said => { window.seen = [];
  new MutationObserver(() => window.seen.push(said.textContent)).observe(said, {childList: true}) }"""


class Auditor:
    """Somebody with a token and a browser before a log of `rows` receipts. A step returns what was seen."""

    def __init__(self, page: Page, url: str, token: str, rows: int, export: Path) -> None:
        self.page, self.url, self.token, self.rows, self.export = page, url, token, rows, export
        self.today = datetime.now(UTC).date()

    def sign_in(self) -> str:
        """Sign in by the form."""
        self.page.goto(f"{self.url}/console")
        self.page.get_by_label("Auditor's token").fill(self.token)
        self._press(self.page.get_by_role("button", name="Sign in"))
        expect(self.page.get_by_role("heading", name="Dashboard")).to_be_visible()
        return "the dashboard comes"

    def dashboard(self) -> str:
        """Read the last 30 days."""
        self._go("Dashboard")
        return self._figures(30)[1]

    def year(self) -> str:
        """Read a year; it must count every receipt."""
        self.page.get_by_label("From", exact=True).fill((self.today - timedelta(days=365)).isoformat())
        self._press(self.page.get_by_role("button", name="Show"))
        receipts, said = self._figures(365)
        assert receipts == self.rows, f"it counts {receipts} of {self.rows}"
        return f"{said}; none is missing"

    def receipts(self) -> str:
        """List the first receipts."""
        self._go("Receipts")
        rows = self._full_page()
        return f"{len(rows)} rows, the first of {rows[0][1]}"

    def next_page(self) -> str:
        """Turn the page; it must go on where the first one ended."""
        before = self._places()
        self._go("Next page")
        places = self._places()
        assert places[0] == before[-1] + 1, f"{places[0]} comes after {before[-1]}"
        return f"places {places[0]} to {places[-1]} of the log follow {before[-1]}"

    def by_state(self) -> str:
        """Filter by a state that two in ten receipts have."""
        self._filter(State="partial")
        states = {row[2] for row in self._full_page()}
        assert states == {"Consent given in part"}, f"the states are {states}"
        return f"{PAGE} rows, each “{states.pop()}”"

    def by_rare_state(self) -> str:
        """Filter by a state that one receipt of 100,000 has, to the end of the log."""
        self._filter(State="withdrawn")
        rows, pages = self._all_pages()
        assert len(rows) == (self.rows + RARE // 2 - 1) // RARE, f"{len(rows)} were found"
        return f"{len(rows)} of {self.rows:,}; pages turned: {pages - 1}"

    def by_category(self) -> str:
        """Filter by what was granted."""
        self._filter(Granted="analytics")
        words = self.page.locator("#category option:checked").inner_text()
        assert all(words in row[4] for row in self._full_page()), f"some do not grant {words}"
        return f"{PAGE} rows, each grants “{words}”"

    def by_day(self) -> str:
        """Filter by one day and turn all its pages: as many as the dashboard counts for it."""
        day = self.today - timedelta(days=180)
        self._filter(From=day.isoformat(), Through=day.isoformat())
        rows, pages = self._all_pages()
        words = format_date(day, "d MMM y", locale="en_GB")
        assert {row[1].partition(",")[0] for row in rows} == {words}, f"not all are of {words}"
        self.page.goto(f"{self.url}/console?from={day}&through={day}")
        counted = self._figures(1)[0]
        assert counted == len(rows), f"the dashboard counts {counted}, the list has {len(rows)}"
        return f"{len(rows)} receipts, as many as the dashboard counts; pages turned: {pages - 1}"

    def open_receipt(self) -> str:
        """Open a receipt in the middle of the log."""
        self._filter(From=(self.today - timedelta(days=182)).isoformat())
        number = self._full_page()[7][0].split()[0]
        self._go(number)
        expect(self.page.get_by_role("heading", level=1)).to_have_text(f"Receipt {number}")
        state = self.page.locator(".lead").inner_text()
        size = self.page.locator("dt:text-is('Tree size') + dd").inner_text()
        return f"“{state}”; a log of {int(size):,} leaves"

    def verify(self) -> str:
        """Press Verify."""
        self.page.get_by_role("button", name="Verify").click()
        verdict = self.page.locator("#verdict")
        expect(verdict).to_have_text(re.compile(r"^Verified: all \d checks passed\.$"))
        return verdict.inner_text()

    def notice(self) -> str:
        """See what the visitor was shown: the text on the page, and drawn again by the widget."""
        self.page.get_by_text("The notice as text").click()
        title = self.page.locator(".shown h3").first.inner_text()
        self._go("See it drawn again by the widget")
        banner = self.page.locator("consent-banner")
        expect(banner.locator("h2")).to_have_text(title)
        expect(banner.locator("#consent-reject-all")).to_be_visible()
        return f"the banner “{title}”, the title of the notice's text"

    def take_export(self) -> str:
        """Download everything; progress must be shown on the way, and every line be there."""
        self.page.goto(f"{self.url}/console/export")
        said = self.page.locator("#said")
        said.evaluate(WATCH)
        with self.page.expect_download(timeout=600_000) as downloading:
            self.page.get_by_role("link", name="Download NDJSON").click()
        expect(said).to_have_text(re.compile("^Done: "))
        downloading.value.save_as(self.export)
        with self.export.open("rb") as file:
            leaves = sum(1 for _ in file) - 1
        seen: list[str] = self.page.evaluate("window.seen")
        assert leaves >= self.rows, f"the file has {leaves} leaves"
        assert f"Done: {leaves:,} leaves" in seen[-1], f"{leaves} leaves, and the page says {seen[-1]}"
        steps = [words for words in seen if words.endswith("leaves …") and not words.startswith("0 ")]
        assert steps, f"no progress was shown: {seen}"
        return f"“{seen[-1]}”; progress said {len(seen) - 1} times, such as “{steps[len(steps) // 2]}”"

    def verify_export(self) -> str:
        """Verify the file with the program, offline."""
        command = [sys.executable, "-m", "consent_server", "verify", str(self.export)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own
        assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return f"exit 0: {' '.join(done.stdout.split()).removeprefix('Verifying ')}"

    def sign_out(self) -> str:
        """Sign out: the session is gone, not only the page."""
        self._press(self.page.get_by_role("button", name="Sign out"))
        expect(self.page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert not self.page.context.cookies(), "a cookie is left"
        return "the form is there again, no cookie is left"

    def _press(self, what: Locator) -> None:
        with self.page.expect_navigation():
            what.click()

    def _go(self, link: str) -> None:
        self._press(self.page.get_by_role("link", name=link, exact=True))

    def _figures(self, days: int) -> tuple[int, str]:
        """Return what the dashboard on the screen counts, and that in words; its charts must be drawn."""
        receipts = int(self.page.locator(".figures strong").first.inner_text().replace(",", ""))
        states, rates = self.page.locator("svg.columns").evaluate_all(DRAWN)
        assert states >= rates >= min(days, receipts) > 0, f"{states} and {rates} boxes, {receipts} receipts"
        return receipts, f"{receipts:,} receipts; charts of {states} and {rates} boxes"

    def _filter(self, **fields: str) -> None:
        """Filter the list by these fields alone."""
        self._go("Receipts")
        for label, value in fields.items():
            field = self.page.get_by_label(label, exact=True)
            field.select_option(value) if label in {"State", "Granted"} else field.fill(value)
        self._press(self.page.get_by_role("button", name="Filter"))

    def _rows(self) -> Rows:
        rows: Rows = self.page.locator(".listing tbody tr").evaluate_all(CELLS)
        return rows

    def _full_page(self) -> Rows:
        rows = self._rows()
        assert len(rows) == PAGE, f"there are {len(rows)} rows"
        return rows

    def _places(self) -> list[int]:
        return [int(row[0].split()[-4]) for row in self._full_page()]

    def _all_pages(self) -> tuple[Rows, int]:
        """Press Next page until there is none; return all rows, and how many pages there were."""
        rows, pages = self._rows(), 1
        while self.page.get_by_role("link", name="Next page").count():
            self._go("Next page")
            rows, pages = rows + self._rows(), pages + 1
        return rows, pages
