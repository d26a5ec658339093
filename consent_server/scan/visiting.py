"""Visiting the pages: in a new browser profile before a choice, after refusing, after accepting."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from playwright.sync_api import Error
from playwright.sync_api import TimeoutError as Late

from consent_server.errors import BannerMissing, PageUnreachable
from consent_server.scan.addresses import linked_addresses
from consent_server.scan.listening import Listener
from consent_server.scan.seen import Seen, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import BrowserContext, Locator, Page

    from consent_server.scan.collecting import Collection
    from consent_server.scan.parties import Parties
    from consent_server.scan.plan import Plan
    from consent_server.scan.seen import Phase

WINDOW = (1280, 800)  # CSS pixels
_OPEN = 30_000  # milliseconds until a page must have begun
_LOAD = 15_000  # milliseconds until all that it loads must be there; what comes later is not waited for
_QUIET = 5_000  # milliseconds
_BANNER = 8.0  # seconds until the banner must stand there
_QUALITY = 70  # of 100, by JPEG
_HTTP_ERROR = 400
_EMPTY = "it answers with an error and an empty page"
_LINKS = """() => Array.from(
  document.querySelectorAll("a[href]:not([download]):not([data-consent-open])"), ({ href }) => href,
)"""


class Scanner:
    """Visits what `plan` says and puts what it sees into `collection`.

    `browser` is its name, once it was started; `profile` starts one that was never used. The receipts of
    `site` are not sent: no visitor decided anything, so the log must not say so.
    """

    def __init__(
        self,
        profile: Callable[[], AbstractContextManager[BrowserContext]],
        plan: Plan,
        parties: Parties,
        collection: Collection,
        site: str,
    ) -> None:
        self._profile = profile
        self._plan = plan
        self._parties = parties
        self._collection = collection
        self._site = site
        self._receipts = re.compile(rf"/v1/{re.escape(site)}/receipts(?:/|\?|$)")
        self._pages = list(plan.urls)
        self._follow = plan.follow
        self._left_out: dict[str, str] = {}
        self._views: list[View] = []
        self.browser = ""

    def run(self) -> Iterator[tuple[int, int]]:
        """Visit everything; after each page say how many are done and how many there are, as far as known.

        Raises PageUnreachable where a named page does not answer, BannerMissing where no button is found.
        """
        done = 0
        for phase in self._plan.phases:
            self._collection.begin()
            with self._profile() as context:
                for _ in self._visit_all(context, phase):
                    done += 1
                    yield done, max(done, self._expected())

    def seen(self) -> Seen:
        """Return what was seen, once everything is visited."""
        return Seen(
            pages=tuple(self._pages),
            left_out=self._left_out,
            phases=self._plan.phases,
            entries=self._collection.entries(),
            contacts=self._collection.contacts(),
            views=tuple(self._views),
        )

    def _expected(self) -> int:
        return len(self._pages) * len(self._plan.phases)

    def _visit_all(self, context: BrowserContext, phase: Phase) -> Iterator[None]:
        page = context.pages[0]
        self.browser = f"Chromium {context.browser.version}" if context.browser else "Chromium"
        page.set_viewport_size({"width": WINDOW[0], "height": WINDOW[1]})
        self._hold_back(context, page)
        listener = Listener(context, page, self._collection)
        if phase != "before":
            self._choose(page, listener, phase)
        self._collection.phase = phase
        # The list grows while links are followed.
        for url in self._pages:
            if self._visit(page, listener, url):
                if url == self._pages[0]:
                    self._take(page, phase)
                if self._follow:
                    self._add_links(page)
            yield
        self._pages = [url for url in self._pages if url not in self._left_out]
        self._follow = False

    def _hold_back(self, context: BrowserContext, page: Page) -> None:
        """Let no receipt be sent."""
        context.route(self._receipts, lambda route: route.abort())
        # A page that is left at once takes what waits for that answer with it, past it: it outlives the page.
        # Here the browser refuses by itself.
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setBlockedURLs", {"urls": [f"*/v1/{self._site}/receipts*"]})

    def _choose(self, page: Page, listener: Listener, phase: Phase) -> None:
        url = self._pages[0]
        self._collection.phase = "before"
        self._visit(page, listener, url)
        selector = self._plan.accept if phase == "accepted" else self._plan.refuse
        button = _find(page, selector)
        self._collection.phase = phase
        try:
            button.click(timeout=_QUIET)
        except Error as error:
            raise BannerMissing(f"{selector!r} on {url} cannot be clicked: {_reason(error)}.") from None
        self._settle(page)
        listener.look()

    def _visit(self, page: Page, listener: Listener, url: str) -> bool:
        """Open a page and note what it does; False where a page that was only found cannot be visited."""
        self._collection.page = url
        named = url in self._plan.urls[: self._plan.named]
        listener.may_leave = named
        trouble = self._open(page, url, named=named)
        if trouble and named:
            raise PageUnreachable(f"{url} cannot be scanned: {trouble}.")
        if trouble:
            self._left_out[url] = trouble
            _leave(page)
            listener.overlook()
            return False
        self._settle(page)
        listener.look()
        return True

    def _open(self, page: Page, url: str, *, named: bool) -> str | None:
        """Open a page; return what is wrong with it, or None."""
        try:
            answer = page.goto(url, wait_until="commit", timeout=_OPEN)
        except Error as error:
            return _reason(error)
        if answer is None:
            return "it does not answer with a page"
        if answer.status >= _HTTP_ERROR:
            return f"it answers {answer.status} {answer.status_text}".rstrip()
        if "html" not in (answer.header_value("content-type") or "html"):
            return "it is no HTML page"
        if named:
            self._parties.add(page.url)
        elif not self._parties.owns(page.url):
            return f"it leads to another website, {page.url.split('?')[0]}"
        return None

    def _settle(self, page: Page) -> None:
        """Wait until a page is quiet, show it its own end, and watch it for as long as the plan says."""
        for state, patience in (("load", _LOAD), ("networkidle", _QUIET)):
            try:
                page.wait_for_load_state(state, timeout=patience)  # type: ignore[arg-type]
            except Late:
                continue
        try:
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            page.wait_for_timeout(self._plan.wait * 1000)
            page.evaluate("scrollTo(0, 0)")
        except Error:
            # The page went somewhere else meanwhile.
            page.wait_for_timeout(self._plan.wait * 1000)

    def _take(self, page: Page, phase: Phase) -> None:
        picture = page.screenshot(type="jpeg", quality=_QUALITY, animations="disabled")
        self._views.append(View(phase, page.url.split("?")[0], picture))

    def _add_links(self, page: Page) -> None:
        try:
            links = page.evaluate(_LINKS)
        except Error:
            return
        for url in linked_addresses(links, self._parties.owns):
            if len(self._pages) - len(self._left_out) >= self._plan.most:
                return
            if url not in self._pages:
                self._pages.append(url)


def _leave(page: Page) -> None:
    """Go to an empty page; one that failed may still put the browser's own in its place."""
    for _ in range(5):
        try:
            page.goto("about:blank")
        except Error:
            page.wait_for_timeout(100)
        else:
            return


def _find(page: Page, selector: str) -> Locator:
    """Find a button in the page or in a frame of it, in shadow roots too. Raises BannerMissing."""
    end = time.monotonic() + _BANNER
    while True:
        for frame in page.frames:
            try:
                found = frame.locator(selector).locator("visible=true")
                if found.count():
                    return found.first
            except Error as error:
                if "selector" in str(error).lower():
                    raise BannerMissing(f"{selector!r} is no selector that a browser understands.") from None
        if time.monotonic() > end:
            raise BannerMissing(
                f"{page.url} shows no banner: there is no button {selector!r}. Name the buttons of another "
                "banner with --accept SELECTOR and --reject SELECTOR, "
                "or leave choices out with --phase before."
            )
        page.wait_for_timeout(100)


def _reason(error: Error) -> str:
    """Say in short what the browser said."""
    first = error.message.splitlines()[0]
    found = re.search(r"net::(ERR_[A-Z_0-9]+)", first)
    if found:
        return _EMPTY if found[1] == "ERR_HTTP_RESPONSE_CODE_FAILURE" else f"the browser says {found[1]}"
    if isinstance(error, Late):
        return "it does not answer in time"
    if "Download is starting" in first:
        return "it is a file to keep, no page"
    return first.rstrip(".")
