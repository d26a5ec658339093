"""The pictures themselves: each language on each device, light and dark, in each view."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from consent_server.errors import EvidenceInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from playwright.sync_api import Browser, Page

    from consent_server.catalog.notice import Notice

Scheme = Literal["light", "dark"]

VIEWS = ("banner", "preferences", "details")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_PATIENCE = 10_000  # milliseconds

_ENVELOPE = """() => {
  const { sha256, widget } = document.querySelector("script[src]").consentEnvelope;
  return { sha256, widget };
}"""
# A picture cannot be scrolled: the dialog loses its limits and takes the height of all that it holds.
_UNROLL = """() => {
  const dialog = document.querySelector("consent-preferences").shadowRoot.querySelector("dialog");
  for (const details of dialog.querySelectorAll("details")) details.open = true;
  for (const node of [dialog, ...dialog.children]) {
    node.style.setProperty("max-height", "none", "important");
    node.style.setProperty("overflow", "visible", "important");
    node.style.setProperty("flex", "none", "important");
  }
  return Math.ceil(dialog.getBoundingClientRect().height);
}"""
_MARGIN = 32  # CSS pixels, above and below together


@dataclass(frozen=True, slots=True)
class Device:
    """A window in CSS pixels. `touch` is a phone: it takes the page's own viewport, as phones do."""

    name: str
    width: int
    height: int
    touch: bool


DEVICES = (Device("phone", 390, 844, touch=True), Device("desktop", 1280, 800, touch=False))


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to take. `view` is one of VIEWS."""

    language: str
    device: Device
    scheme: Scheme
    view: str

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.language}-{self.device.name}-{self.scheme}-{self.view}.png"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was taken: a PNG."""

    shot: Shot
    content: bytes

    def entry(self) -> dict[str, Any]:
        """Describe it for `snapshot.json`."""
        return {
            "file": self.shot.file,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "language": self.shot.language,
            "device": self.shot.device.name,
            "window": f"{self.shot.device.width}x{self.shot.device.height}",
            "scheme": self.shot.scheme,
            "view": self.shot.view,
        }


def plan(languages: Iterable[str]) -> list[Shot]:
    """List every picture to take, those of one window together."""
    return [
        Shot(language, device, scheme, view)
        for language in languages
        for device in DEVICES
        for scheme in SCHEMES
        for view in VIEWS
    ]


class Camera:
    """Takes pictures of the page at `url`, which is ended by a language.

    `notices` and `widget` are what the page must show, by their SHA-256: EvidenceInvalid where it does not.
    """

    def __init__(self, browser: Browser, url: str, notices: dict[str, Notice], widget: str) -> None:
        self._browser = browser
        self._url = url
        self._notices = notices
        self._widget = widget

    def take(self, shots: Iterable[Shot]) -> Iterator[Picture]:
        """Take each of `shots`, in their order."""
        for (language, device, scheme), views in groupby(shots, attrgetter("language", "device", "scheme")):
            context = self._browser.new_context(
                viewport={"width": device.width, "height": device.height},
                is_mobile=device.touch,
                has_touch=device.touch,
                color_scheme=scheme,
                reduced_motion="reduce",
                locale=language,
            )
            context.set_default_timeout(_PATIENCE)
            with context:
                page = context.new_page()
                page.goto(f"{self._url}language={language}")
                page.locator("consent-banner").wait_for()
                self._check(page, language)
                for shot in views:
                    _show(page, shot)
                    yield Picture(shot, page.screenshot(animations="disabled"))

    def _check(self, page: Page, language: str) -> None:
        notice = self._notices[language]
        expected = {"sha256": notice.sha256, "widget": self._widget}
        if page.evaluate(_ENVELOPE) != expected:
            raise EvidenceInvalid(f"The browser was not shown the notice {notice.sha256}.")


def _show(page: Page, shot: Shot) -> None:
    """Bring the page from one view to the next."""
    if shot.view == "preferences":
        page.locator("#consent-choose").click()
        page.locator("consent-preferences dialog").wait_for()
    elif shot.view == "details":
        height = page.evaluate(_UNROLL)
        page.set_viewport_size({"width": shot.device.width, "height": height + _MARGIN})
