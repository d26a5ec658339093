"""A visitor with a browser of their own: what they do, and what can be seen of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from e2e.demo import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, WebError

    from e2e.demo import Demo


class Visitor:
    """One browser profile with one page. Whatever its console complains about is kept in `complaints`."""

    def __init__(self, context: BrowserContext, demo: Demo) -> None:
        self.context = context
        self.demo = demo
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        self._known = set(demo.auditor.receipts())
        self._allowed: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", self._hear_error)
        context.on("request", self._note)
        self.page: Page = context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _hear_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error}")

    def _note(self, request: Request) -> None:
        self.requests.append(request)

    def expects(self, complaint: str) -> None:
        """Let the console say what matches this pattern."""
        self._allowed.append(complaint)

    def unexpected(self) -> list[str]:
        """Return what the console said and no test expected."""
        return [said for said in self.complaints if not any(re.search(each, said) for each in self._allowed)]

    # What a visitor does

    def open(self, path: str = "/") -> None:
        """Open a page of the demo website."""
        self.page.goto(self.demo.website + path)

    def open_other(self, path: str) -> None:
        """Open a page of our own."""
        self.page.goto(self.demo.other + path)

    def new_tab(self) -> Page:
        """Return another tab of the same browser."""
        return self.context.new_page()

    @property
    def banner(self) -> Locator:
        """The banner."""
        return self.page.locator("consent-banner")

    @property
    def preferences(self) -> Locator:
        """The preferences' dialog, and what a withdrawal's report is shown in."""
        return self.page.locator("consent-preferences dialog")

    @property
    def settings_link(self) -> Locator:
        """The website's own way back to the preferences."""
        return self.page.locator("footer [data-consent-open]")

    def press(self, button: str, where: str = "consent-banner") -> None:
        """Press a button by its id without `consent-`, in the banner unless said otherwise."""
        self.page.locator(f"{where} #consent-{button}").click()

    def accept_all(self) -> None:
        """Accept everything in the banner and wait for the receipt."""
        self._decide("accept-all")

    def refuse_all(self) -> None:
        """Refuse everything in the banner and wait for the receipt."""
        self._decide("reject-all")

    def choose(self) -> None:
        """Open the preferences from the banner."""
        self.press("choose")
        self.preferences.wait_for()

    def open_settings(self) -> None:
        """Open the preferences from the website's link."""
        self.settings_link.click()
        self.preferences.wait_for()

    def save(self, **categories: bool) -> None:
        """Set these switches in the open preferences, save, and wait for the receipt."""
        for category, on in categories.items():
            self.switch(category).set_checked(on)
        self._decide("save", "consent-preferences")

    def withdraw(self) -> None:
        """Withdraw in the open preferences; wait for the receipt and the report."""
        self._decide("withdraw", "consent-preferences")
        self.report()

    def report(self) -> dict[str, set[str]]:
        """Wait for the report of what was taken back; return the names under each of its titles."""
        self.page.locator("consent-preferences [aria-busy=false]").wait_for()
        found: dict[str, list[str]] = self.preferences.locator(".g").evaluate_all(
            """groups => Object.fromEntries(groups.map((group) => [
              group.querySelector("h3")?.textContent ?? group.textContent,
              [...group.querySelectorAll("code")].map((name) => name.textContent),
            ]))"""
        )
        return {title: set(names) for title, names in found.items() if names}

    def allow_film(self) -> None:
        """Press the button of the film's placeholder and wait for the receipt."""
        before = self.receipt_id()
        self.page.locator("consent-frame").get_by_role("button", name="Always allow").click()
        self._settle(before)

    def _decide(self, button: str, where: str = "consent-banner") -> None:
        before = self.receipt_id()
        self.press(button, where)
        self._settle(before)

    def _settle(self, before: str | None) -> None:
        self.until(lambda: self.receipt_id() != before and not self.pending(), "a receipt")

    # What can be seen

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition of the page while it goes on living."""

        def holds() -> bool:
            if condition():
                return True
            self.page.wait_for_timeout(20)
            return False

        until(holds, what)

    def cookies(self) -> dict[str, str]:
        """Return every cookie of the website's host, HttpOnly ones included."""
        return {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}

    def stored(self) -> dict[str, str]:
        """Return the page's localStorage."""
        found: dict[str, str] = self.page.evaluate("({...localStorage})")
        return found

    def pending(self) -> list[dict[str, Any]]:
        """Return the decisions that wait for the server."""
        found: list[dict[str, Any]] = json.loads(self.stored().get("consent.pending", "[]"))
        return found

    def receipt(self) -> dict[str, Any]:
        """Return the visitor's copy of the last receipt; empty where there is none."""
        found: dict[str, Any] = json.loads(self.stored().get("consent.receipt", "{}"))
        return found

    def receipt_id(self) -> str | None:
        """Return the id of the last receipt."""
        return self.receipt().get("id")

    def receipts(self) -> list[dict[str, Any]]:
        """Return what the auditor has of this test, verified, oldest first."""
        auditor = self.demo.auditor
        return [auditor.verify(jws) for found, jws in auditor.receipts().items() if found not in self._known]

    def analytics_runs(self) -> int:
        """Return how often the statistics ran in this page."""
        runs: int = self.page.evaluate("window.__analyticsRuns ?? 0")
        return runs

    def film_plays(self) -> bool:
        """Whether the film's frame shows the film."""
        return any(frame.url.endswith("/video/data-centre") for frame in self.page.frames)

    def switch(self, category: str) -> Locator:
        """Return a category's switch in the preferences."""
        return self.page.locator(f'consent-preferences input[name="{category}"]')

    def focused(self) -> str:
        """Return the id of what has the focus, or its tag in lower case; in a shadow root, the host's."""
        found: str = self.page.evaluate("document.activeElement.id || document.activeElement.localName")
        return found

    def hosts(self) -> set[str]:
        """Return every host and port that was asked for anything."""
        return {urlsplit(request.url).netloc for request in self.requests if request.url.startswith("http")}

    def posts(self) -> list[str]:
        """Return the path of everything that was sent."""
        return [urlsplit(request.url).path for request in self.requests if request.method == "POST"]

    def forget_cache(self) -> None:
        """Let the browser's cache grow old at once: the script is fresh for five minutes."""
        session = self.context.new_cdp_session(self.page)
        session.send("Network.clearBrowserCache")
        session.detach()
