"""Listening to a browser: everything that its pages write, get and ask for goes into the collection."""

from __future__ import annotations

import time
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

from playwright.sync_api import Error

from consent_server.catalog.model import Storage
from consent_server.scan.collecting import Effect, plain

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, Response

    from consent_server.scan.collecting import Collection

_NAMES = """async () => {
  const names = (storage) => { try { return Object.keys(globalThis[storage]); } catch { return []; } };
  let databases = [];
  try { databases = (await indexedDB.databases()).map(({ name }) => name); } catch {}
  return {
    local_storage: names("localStorage"), session_storage: names("sessionStorage"), indexed_db: databases,
  };
}"""


class Listener:
    """Tells `collection` what happens in one browser profile; `page` is the tab that is watched.

    `may_leave` says whether another website that the page leads to is the site's as well: it is where the
    page was named, since its address may have moved.
    """

    may_leave = True

    def __init__(self, context: BrowserContext, page: Page, collection: Collection) -> None:
        self._context = context
        self._page = page
        self._collection = collection
        self._answers: list[Response] = []
        self._askers: dict[str, str | None] = {}
        context.expose_binding("__consentScan", self._hear_write)
        hook = files("consent_server.scan").joinpath("hook.js")
        context.add_init_script(hook.read_text(encoding="utf-8"))
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._hear_asker)
        context.on("request", self._hear_request)
        context.on("response", self._hear_answer)

    def look(self) -> None:
        """Note what lies in the browser now, and what the answers since the last look asked it to keep."""
        now = time.time()
        answers, self._answers = self._answers, []
        for answer in answers:
            self._read(answer, now)
        self._collection.holds_cookies([dict(cookie) for cookie in self._context.cookies()], now)
        for frame in self._page.frames:
            if not frame.url.startswith(("http:", "https:")):
                continue
            try:
                names = frame.evaluate(_NAMES)
            except Error:
                continue  # a frame that went away, or that may keep nothing
            for storage in get_args(Storage):
                self._collection.holds_names(storage, frame.url, names.get(storage, ()))
        self._collection.looked()

    def overlook(self) -> None:
        """Leave out what a page did that is not to be scanned after all."""
        self._answers.clear()
        self._collection.overlook([dict(cookie) for cookie in self._context.cookies()])

    def _is_away(self) -> bool:
        url = self._page.url
        return not self.may_leave and url.startswith(("http:", "https:")) and not self._collection.owns(url)

    def _read(self, answer: Response, now: float) -> None:
        try:
            headers = answer.headers_array()
        except Error:
            return
        for header in headers:
            if header["name"].lower() == "set-cookie":
                # Chromium joins several of one name by line ends.
                for one in header["value"].split("\n"):
                    self._collection.answered(answer.url, one, now)

    def _hear_write(self, source: dict[str, Any], told: dict[str, Any]) -> None:
        """Take what a page says with care: it may say anything."""
        storage: Any = told.get("storage")
        effect: Any = told.get("effect")
        name, by = told.get("name"), told.get("by")
        url = source["frame"].url
        if self._is_away() or storage not in get_args(Storage) or effect not in get_args(Effect):
            return
        if isinstance(name, str) and url.startswith(("http:", "https:")):
            script = plain(by) if isinstance(by, str) else None
            if told.get("inline") and script and self._collection.is_widget(script):
                # Our widget runs scripts that it held back; what they do is the page's doing.
                script = plain(url)
            self._collection.wrote(storage, name, url, script, effect)

    def _hear_asker(self, event: dict[str, Any]) -> None:
        initiator = event["initiator"]
        url = initiator.get("url") or _innermost(initiator.get("stack"))
        self._askers[event["request"]["url"]] = plain(url) if url else None

    def _hear_request(self, request: Request) -> None:
        if self._is_away() or _is_visit(request):
            return
        by = self._askers.get(request.url)
        if by is None:
            by = _frame_of(request)
        self._collection.asked(request.url, request.resource_type, by)

    def _hear_answer(self, answer: Response) -> None:
        self._answers.append(answer)


def _innermost(stack: dict[str, Any] | None) -> str | None:
    """Return the address of the script that asked, from a stack of the DevTools Protocol."""
    while stack:
        for call in stack["callFrames"]:
            if call["url"].startswith(("http:", "https:")):
                found: str = call["url"]
                return found
        stack = stack.get("parent")
    return None


def _is_visit(request: Request) -> bool:
    """Whether it is for the page itself: whoever goes to another website asks it for something."""
    try:
        return request.is_navigation_request() and request.frame.parent_frame is None
    except Error:
        # The frame is not there yet: only a page's own has none before it.
        return request.is_navigation_request()


def _frame_of(request: Request) -> str | None:
    try:
        url = request.frame.url
    except Error:
        return None
    return plain(url) if url.startswith(("http:", "https:")) else None
