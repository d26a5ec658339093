"""For a website's own server: reads the consent cookie, and sends it again so that browsers keep it.

Standard library only, on any framework, WSGI or ASGI: everything takes the request's `Cookie` header as it
came. What cannot be read for certain grants nothing.

    notices = Notices("https://consent.example.com/v1/bacloud/notice.json")
    if granted(environ.get("HTTP_COOKIE"), notices.now(), "analytics"):
        ...  # render the tag

The cookie is `consent=1.<revision, 8 hex>.<Unix time>.<categories joined by ->[.<service>=0|1 …]`. It says
what a browser remembers, and proves nothing: anybody can write one. The proof is the receipt.
"""

from __future__ import annotations

import json
import logging
import re
import time
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

NAME = "consent"
"""The consent cookie's name."""
LONGEST = 1024
"""The most characters of a value that is read; real ones are far shorter."""
LONGEST_LIFE = 395 * 86_400
"""The most seconds that a browser is told to keep it."""

_FRESH = 300.0
_PATIENCE = 2.0
_REVISION_DIGITS = 8
_VALUE = re.compile(r"1\.([0-9a-f]{8})\.([0-9]{1,12})\.([^.]*)((?:\.[^.=]+=[01])*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a cookie is compared with.

    `revision` in hex (8 digits are enough), `ask_again_after` in seconds, `categories` maps each category
    that visitors are asked about to the services that store something in it, `required` does so for those
    that are always granted.
    """

    revision: str
    ask_again_after: int
    categories: Mapping[str, frozenset[str]]
    required: Mapping[str, frozenset[str]] = field(default_factory=lambda: {"necessary": frozenset()})
    cookie_domain: str | None = None

    @classmethod
    def of(cls, envelope: Mapping[str, Any]) -> Notice:
        """Take what is needed from the answer of `notice.json`. Raises LookupError or TypeError."""
        body = envelope["notice"]
        asked: dict[str, frozenset[str]] = {}
        required: dict[str, frozenset[str]] = {}
        for category in body["categories"]:
            services = frozenset(cookie["service"] for cookie in category["cookies"])
            (required if category["required"] else asked)[category["id"]] = services
        return cls(envelope["revision"], body["ask_again_after"], asked, required, body["cookie_domain"])


@dataclass(frozen=True, slots=True)
class Choice:
    """What a visitor said: when (Unix seconds), of each category, and of services they chose one by one."""

    time: int
    categories: Mapping[str, bool]
    services: Mapping[str, bool]


def read(header: str | None, notice: Notice | None, now: float | None = None) -> Choice | None:
    """Return what the `Cookie` header says, or None where the visitor has to be asked.

    That is: no cookie, several that differ, a damaged one, one of another revision, of a time to come, or
    from longer ago than `ask_again_after`. `now` in Unix seconds.
    """
    values = {
        value.strip()
        for name, _, value in (part.partition("=") for part in (header or "").split(";"))
        if name.strip() == NAME
    }
    if notice is None or len(values) != 1:
        return None
    choice = _parse(values.pop(), notice)
    age = (time.time() if now is None else now) - choice.time if choice else -1
    return choice if 0 <= age < notice.ask_again_after else None


def granted(header: str | None, notice: Notice | None, wanted: str, now: float | None = None) -> bool:
    """Tell whether a category or a service is granted, as `consent.granted()` does in the browser.

    A service has to be granted in every category where it stores something. What the notice does not know
    is never granted.
    """
    if notice is None:
        return False
    choice = read(header, notice, now)

    def allows(category: str, service: str) -> bool:
        if category in notice.required:
            return True
        return choice is not None and choice.services.get(service, choice.categories[category])

    known = {**notice.required, **notice.categories}
    if wanted in known:
        return allows(wanted, "")
    storing = [category for category, services in known.items() if wanted in services]
    return bool(storing) and all(allows(category, wanted) for category in storing)


def resend(
    header: str | None, notice: Notice | None, host: str, *, https: bool, now: float | None = None
) -> str | None:
    """Return a `Set-Cookie` header's value that keeps the same choice until its own end, or None.

    Safari keeps what a script set for seven days, and what a server set for as long as it was told. `host` is
    the request's `Host` header, `https` whether the visitor's browser used it. Send it with pages that
    no cache keeps, and only with what a visitor navigates to: an answer that was under way while they
    decided anew would bring the old choice back.
    """
    choice = read(header, notice, now)
    if notice is None or choice is None:
        return None
    life = min(notice.ask_again_after, LONGEST_LIFE) - int(
        (time.time() if now is None else now) - choice.time
    )
    if life <= 0:
        return None
    domain = notice.cookie_domain
    within = domain is not None and f".{host.partition(':')[0].lower()}".endswith(f".{domain}")
    return (
        f"{NAME}={_value(choice, notice)}; Path=/; Max-Age={life}; SameSite=Lax"
        f"{'; Secure' if https else ''}{f'; Domain={domain}' if within else ''}"
    )


class Notices:
    """A site's notice as its consent server serves it, fetched anew when it is older than five minutes.

    `url` is that of `notice.json`. While the consent server does not answer the last notice counts on;
    before the first answer there is none, and nothing is granted.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"{url!r} is no address of a notice.json.")
        self._url = url
        self._clock = clock
        self._notice: Notice | None = None
        self._due = float("-inf")

    def now(self) -> Notice | None:
        """Return the notice. Waits at most two seconds for the server, once in five minutes."""
        if self._clock() >= self._due:
            # First, so that other threads go on with the last one.
            self._due = self._clock() + _FRESH
            self._fetch()
        return self._notice

    def _fetch(self) -> None:
        try:
            with urllib.request.urlopen(self._url, timeout=_PATIENCE) as answer:  # noqa: S310 - http(s) alone
                self._notice = Notice.of(json.load(answer))
        except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
            log.warning("The notice at %s cannot be read: %s", self._url, error)


def _parse(value: str, notice: Notice) -> Choice | None:
    found = _VALUE.fullmatch(value) if len(value) <= LONGEST else None
    if found is None or found[1] != notice.revision[:_REVISION_DIGITS]:
        return None
    # An id may hold a hyphen, so known ones are looked up; what is left over would make it longer.
    categories = {category: f"-{category}-" in f"-{found[3]}-" for category in notice.categories}
    pairs = [part.split("=") for part in found[4].split(".")[1:]]
    services = {service: flag == "1" for service, flag in pairs}
    whole = len("-".join(category for category, on in categories.items() if on)) == len(found[3])
    known = frozenset().union(*notice.categories.values(), *notice.required.values())
    if not whole or len(services) != len(pairs) or not known.issuperset(services):
        return None
    return Choice(int(found[2]), categories, services)


def _value(choice: Choice, notice: Notice) -> str:
    categories = "-".join(category for category, on in choice.categories.items() if on)
    services = "".join(f".{service}={on:d}" for service, on in choice.services.items())
    return f"1.{notice.revision[:_REVISION_DIGITS]}.{choice.time}.{categories}{services}"
