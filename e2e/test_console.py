"""The auditor's console in a real browser: sign in, filter, verify one receipt, take everything home."""

from __future__ import annotations

import base64
import re
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from consent_server.evidence.export import ExportCheck
from e2e.demo import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Locator, Page

    from e2e.demo import Demo
    from e2e.visitor import Visitor

PASSED = re.compile(r"Verified: all \d checks passed\.")
FAILED = re.compile(r"Verification failed")


@pytest.fixture
def decided(visit: Callable[..., Visitor], own_demo: Demo) -> list[str]:
    """Let a visitor refuse, then accept statistics alone; wait for the log. Give both receipts' numbers."""
    before = set(own_demo.auditor.receipts())
    visitor = visit(own_demo)
    visitor.open()
    visitor.refuse_all()
    visitor.open_settings()
    visitor.save(analytics=True)
    mine = [receipt for receipt in own_demo.auditor.receipts() if receipt not in before]
    sealed = "SELECT count(*) FROM unsealed"
    until(lambda: not any(rows(own_demo, sealed)[0]), "the log")
    return mine


@pytest.fixture
def page(visit: Callable[..., Visitor], own_demo: Demo) -> Page:
    """Bring an auditor who is signed in; they may not meet one complaint of their browser."""
    return enter(visit(own_demo), own_demo)


def enter(auditor: Visitor, demo: Demo) -> Page:
    """Sign in by the form."""
    page = auditor.page
    page.goto(f"{demo.server}/console")
    page.get_by_label("Auditor's token").fill(demo.auditor.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    return page


def rows(demo: Demo, query: str, *values: object) -> list[tuple[object, ...]]:
    """Run a query on the server's own database file, past the server."""
    with closing(sqlite3.connect(demo.catalog.parent / "consent.db", timeout=10)) as database, database:
        return database.execute(query, values).fetchall()


@contextmanager
def changed(
    demo: Demo, table: str, column: str, where: str, change: Callable[[object], object]
) -> Iterator[None]:
    """Change one stored value as somebody with the database in their hands could; put it back."""
    ((kept,),) = rows(demo, f"SELECT {column} FROM {table} WHERE {where}")  # noqa: S608 - our own words
    update = f"UPDATE {table} SET {column} = ? WHERE {where}"  # noqa: S608 - as above
    rows(demo, update, change(kept))
    try:
        yield
    finally:
        rows(demo, update, kept)


def verify(page: Page, demo: Demo, receipt: str) -> Locator:
    """Open a receipt's page and press Verify; give what it says in the end."""
    page.goto(f"{demo.server}/console/receipts/{receipt}")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("button", name="Verify")).to_be_enabled()
    verdict = page.locator("#verdict")
    expect(verdict).not_to_have_text("Checking …")
    return verdict


def outcomes(page: Page) -> dict[str, str]:
    """Return each step's outcome in words."""
    steps = page.locator("[data-step]").all()
    return {str(step.get_attribute("data-step")): step.locator(".verdict").inner_text() for step in steps}


def test_an_auditor_finds_a_receipt_and_verifies_it(page: Page, own_demo: Demo, decided: list[str]) -> None:
    """From the dashboard by a filter to one receipt, where every check passes in the browser."""
    page.get_by_role("link", name="Receipts", exact=True).click()
    page.get_by_label("State").select_option(label="Consent given in part")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("link", name=decided[0])).to_have_count(0)
    page.get_by_role("link", name=decided[1]).click()
    expect(page.get_by_text("Own choice in the cookie settings")).to_be_visible()
    page.get_by_role("button", name="Verify").click()
    expect(page.locator("#verdict")).to_have_text(PASSED)
    assert set(outcomes(page)) == {"signature", "content", "notice", "previous", "inclusion", "checkpoint"}
    assert set(outcomes(page).values()) == {"Passed."}
    page.get_by_role("link", name=decided[0]).click()
    expect(verify(page, own_demo, decided[0])).to_have_text(PASSED)


def forge(jws: object) -> str:
    """Turn a receipt's state into another and leave its signature."""
    header, payload, signature = str(jws).split(".")
    padded = payload + "=" * (-len(payload) % 4)
    other = base64.urlsafe_b64decode(padded).replace(b'"partial"', b'"refused"')
    return f"{header}.{base64.urlsafe_b64encode(other).decode().rstrip('=')}.{signature}"


def test_a_changed_receipt_is_found(page: Page, own_demo: Demo, decided: list[str]) -> None:
    """Neither the signature nor the place in the log is right; the notice still is."""
    number = f"id = x'{decided[1].replace('-', '')}'"
    with changed(own_demo, "leaf", "jws", number, forge):
        expect(verify(page, own_demo, decided[1])).to_have_text(FAILED)
        found = outcomes(page)
    assert {step for step, said in found.items() if said == "Failed."} == {"signature", "inclusion"}
    assert found["notice"] == "Passed."


def test_a_changed_earlier_receipt_is_found(page: Page, own_demo: Demo, decided: list[str]) -> None:
    """The receipt after it names its hash."""
    number = f"id = x'{decided[0].replace('-', '')}'"
    with changed(own_demo, "leaf", "jws", number, lambda jws: f"{str(jws)[:-2]}AA"):
        expect(verify(page, own_demo, decided[1])).to_have_text(FAILED)
        assert {step for step, said in outcomes(page).items() if said == "Failed."} == {"previous"}
        expect(page.get_by_text("Its SHA-256 is not the one that was named")).to_be_visible()


def reword(canonical: object) -> bytes:
    """Change a word of a notice."""
    assert isinstance(canonical, bytes)
    return canonical.replace(b"Reject", b"Rejoin")


def flatten(hashes: object) -> bytes:
    """Put other hashes into a tile, as many."""
    assert isinstance(hashes, bytes)
    return b"\1" * len(hashes)


def test_a_changed_notice_is_found(page: Page, own_demo: Demo, decided: list[str]) -> None:
    """The words that the visitor saw are not those that the receipt names."""
    sha256 = own_demo.notice()["sha256"]
    where = f"sha256 = '{sha256}'"
    with changed(own_demo, "notice", "canonical", where, reword):
        expect(verify(page, own_demo, decided[1])).to_have_text(FAILED)
        assert {step for step, said in outcomes(page).items() if said == "Failed."} == {"notice"}
        expect(page.get_by_text("This receipt is damaged.")).to_be_visible()


def resign(note: object) -> str:
    """Change one letter of a checkpoint's signature."""
    text = str(note)
    return f"{text[:-12]}{'A' if text[-12] != 'A' else 'B'}{text[-11:]}"


def test_a_changed_checkpoint_is_found(page: Page, own_demo: Demo, decided: list[str]) -> None:
    """The log's own signature does not fit any more."""
    with changed(own_demo, "log", "checkpoint", "site = 'bacloud'", resign):
        expect(verify(page, own_demo, decided[1])).to_have_text(FAILED)
        assert {step for step, said in outcomes(page).items() if said == "Failed."} == {"checkpoint"}


def test_a_changed_tree_is_found(page: Page, own_demo: Demo, decided: list[str]) -> None:
    """Stored hashes that lead elsewhere put the receipt out of the log."""
    with changed(own_demo, "tile", "hashes", "level = 0 AND tile_index = 0", flatten):
        expect(verify(page, own_demo, decided[1])).to_have_text(FAILED)
        assert "inclusion" in {step for step, said in outcomes(page).items() if said == "Failed."}


def test_a_browser_without_ed25519_says_so(
    visit: Callable[..., Visitor], own_demo: Demo, decided: list[str]
) -> None:
    """Everything else is checked, and nothing is claimed that was not."""
    auditor = visit(own_demo)
    auditor.context.add_init_script(
        """const known = SubtleCrypto.prototype.importKey;
        SubtleCrypto.prototype.importKey = function (format, ...rest) {
          if (format === "raw") return Promise.reject(new DOMException("unknown", "NotSupportedError"));
          return known.call(this, format, ...rest);
        };"""
    )
    page = enter(auditor, own_demo)
    expect(verify(page, own_demo, decided[1])).to_have_text(re.compile("No check failed; 1 of 6"))
    assert outcomes(page)["checkpoint"] == "Not checked."


def test_the_export_is_downloaded_with_progress_and_verifies(
    page: Page, tmp_path: Path, decided: list[str]
) -> None:
    """The lines are counted on the page, and the file is one that the auditor's own tools accept."""
    page.get_by_role("link", name="Export", exact=True).click()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download NDJSON").click()
    downloading.value.save_as(tmp_path / "export.ndjson")
    lines = (tmp_path / "export.ndjson").read_text(encoding="utf-8").splitlines()
    expect(page.locator("#said")).to_have_text(re.compile(rf"Done: {len(lines) - 1} leaves"))
    assert downloading.value.suggested_filename == "bacloud-export.ndjson"
    found = {payload.get("id") for _, payload in ExportCheck().read(lines)}
    assert set(decided) <= found


def test_a_download_that_breaks_off_is_no_file(visit: Callable[..., Visitor], own_demo: Demo) -> None:
    """Where the session has ended meanwhile the page says so, and nothing is saved."""
    auditor = visit(own_demo)
    auditor.expects("401")
    page = enter(auditor, own_demo)
    page.get_by_role("link", name="Export", exact=True).click()
    auditor.context.clear_cookies()
    page.get_by_role("link", name="Download CSV").click()
    expect(page.locator("#said")).to_have_text(re.compile("nothing was kept.*sign in again"))


def test_without_javascript_everything_but_the_check_works(
    visit: Callable[..., Visitor], own_demo: Demo, decided: list[str]
) -> None:
    """Pages open, the links download, and no dead button is shown."""
    page = enter(visit(own_demo, script=False), own_demo)
    page.goto(f"{own_demo.server}/console/receipts/{decided[1]}")
    expect(page.get_by_role("button", name="Verify")).to_have_count(0)
    page.goto(f"{own_demo.server}/console/export")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download CSV").click()
    assert decided[1] in Path(downloading.value.path()).read_text(encoding="utf-8")


def test_the_keyboard_is_enough(visit: Callable[..., Visitor], own_demo: Demo, decided: list[str]) -> None:
    """Sign in, jump to the content, verify, sign out: no mouse."""
    page = visit(own_demo).page
    page.goto(f"{own_demo.server}/console")
    page.get_by_label("Auditor's token").focus()
    page.keyboard.type(own_demo.auditor.token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    page.goto(f"{own_demo.server}/console/receipts/{decided[1]}")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Verify")
    for _ in range(10):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#verdict")).to_have_text(PASSED)
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("path", ["", "/receipts", "/export", "/accesses"])
def test_a_phone_shows_all_of_it(page: Page, own_demo: Demo, path: str) -> None:
    """Nothing is wider than a small screen."""
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{own_demo.server}/console{path}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
