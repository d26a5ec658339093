"""The doctor's look from outside: the public address, the proxy in front, the tag on a page."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

from consent_server.cli.findings import ok, warn, wrong
from consent_server.errors import PageUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from consent_server.catalog.model import Site
    from consent_server.cli.findings import Finding
    from consent_server.settings import Settings

_SECONDS = 10
_LARGEST = 5_000_000
_CLOCK_SECONDS = 60
_SCHEMES = ("http", "https")
_HOME = ("localhost", "127.0.0.1", "::1")
_TAG = re.compile(r"<script\b[^>]*\bsrc\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Message
    text: str


def _ask(url: str, method: str = "GET", **headers: str) -> _Answer:
    """Return what an address answers, whatever its status. Raises PageUnreachable."""
    try:
        asked = Request(url, method=method, headers={"User-Agent": "consent-server doctor", **headers})  # noqa: S310
        if asked.type not in _SCHEMES:  # a tag on a page may name anything
            raise PageUnreachable(f"{url} is no address of http or https.")
        with urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310
            text = answer.read(_LARGEST).decode("utf-8", "replace")
            return _Answer(answer.status, answer.headers, text)
    except HTTPError as refused:
        with refused:
            return _Answer(refused.code, refused.headers, "")
    except (URLError, OSError, ValueError, HTTPException) as error:
        raise PageUnreachable(f"{url} does not answer: {getattr(error, 'reason', error)}") from None


def look_at_server(settings: Settings, sites: list[Site]) -> Iterator[Finding]:
    """Look at the server under its public address."""
    url = settings.public_url
    if url is None:
        yield warn(
            "CONSENT_PUBLIC_URL is not set.", "Set it to the address under which browsers reach the server."
        )
        return
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _HOME:
        yield wrong(f"{url} is not encrypted.", "Put a TLS proxy in front, and name the https address.")
    try:
        yield from _alive(url)
        yield from _proxy(settings, url)
        for site in sites:
            yield from _doors(url, site)
    except PageUnreachable as refusal:
        advice = "Is the server running, does the proxy reach it, does its certificate hold?"
        yield wrong(refusal.detail, advice)


def _alive(url: str) -> Iterator[Finding]:
    ready = _ask(f"{url}/readyz")
    try:
        state = json.loads(ready.text or "{}")
    except ValueError:
        state = {}
    if ready.status != HTTPStatus.OK or not isinstance(state, dict) or "catalog" not in state:
        yield wrong(
            f"{url}/readyz answers {ready.status} and not as this server does when it is ready.",
            "See the server's log, and where the proxy sends requests.",
        )
        return
    yield ok(f"The server is ready at {url}.")
    if state["catalog"] != "ok":
        yield wrong(
            "The server serves an older catalog: the file cannot be used.", "consent-server catalog check"
        )
    sealing = state.get("sealing", "ok")
    if sealing == "stopped":
        yield wrong("A log is not what it was, and is not sealed any more.", "See the server's log.")
    elif sealing != "ok":
        yield wrong("The log is not sealed in time.", "See the server's log.")


def _proxy(settings: Settings, url: str) -> Iterator[Finding]:
    local = urlsplit(url).hostname in _HOME
    if not local and _ask(f"{url}/metrics").status == HTTPStatus.OK:
        yield wrong(
            "Everybody may read the metrics: the proxy hides that it asks for somebody else.",
            "Let it set X-Forwarded-For, and keep /metrics to itself.",
        )
    if settings.trusted_proxies is None and not local:
        yield warn(
            "CONSENT_TRUSTED_PROXIES is not set: writes through a proxy are not limited by client.",
            "Name the proxy's address, or “none” where there is none.",
        )


def _doors(url: str, site: Site) -> Iterator[Finding]:
    script = _ask(f"{url}/v1/{site.id}/consent.js")
    if script.status != HTTPStatus.OK or "javascript" not in script.headers.get("Content-Type", ""):
        yield wrong(f"The widget of {site.id} is not served: {script.status}.", "Is this the same catalog?")
        return
    yield ok(f"The widget of {site.id} is served.")
    for origin in site.origins:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = _ask(f"{url}/v1/{site.id}/receipts", "OPTIONS", **asked)
        if answer.headers.get_all("Access-Control-Allow-Origin") != [origin]:
            yield wrong(
                f"Pages of {origin} cannot read the server's answers.",
                "Let the proxy pass CORS headers and the Origin header on, and add none of its own.",
            )
        else:
            yield ok(f"Pages of {origin} can record decisions.")


def look_at_page(settings: Settings, site: str, page: str) -> Iterator[Finding]:
    """Look for the tag on a page of the website, and whether the page's policy lets it work."""
    try:
        answer = _ask(page)
    except PageUnreachable as refusal:
        yield warn(refusal.detail, "Name a page that does with --page, to have the tag looked for.")
        return
    yield from _clock(page, answer.headers)
    tags = _TAG.findall(answer.text)
    ours = [tag for tag in tags if f"/v1/{site}/consent.js" in tag or "/v1/assets/" in tag]
    if not ours:
        yield warn(
            f"{page} has no consent tag in its HTML.",
            f"Paste it: `consent-server catalog tag --site {site}`; fine where a tag manager adds it.",
        )
        return
    yield from _tag(settings, page, ours[0], answer.headers)


def _tag(settings: Settings, page: str, src: str, headers: Message) -> Iterator[Finding]:
    try:
        tag = urljoin(page, src)
        parts = urlsplit(tag)
    except ValueError:
        yield wrong(f"The tag on {page} asks {src}, which is no address.", "Correct it.")
        return
    origin = f"{parts.scheme}://{parts.netloc}"
    if settings.public_url and origin != settings.public_url:
        yield warn(f"The tag on {page} asks {origin}, not {settings.public_url}.", "Is that meant?")
    try:
        status = _ask(tag).status
    except PageUnreachable as refusal:
        yield wrong(refusal.detail, "The tag on the page names an address that does not answer.")
        return
    if status != HTTPStatus.OK:
        yield wrong(f"The tag on {page} asks {tag}, which answers {status}.", "Correct its address.")
        return
    yield ok(f"The tag on {page} is found and its script is served.")
    for policy in headers.get_all("Content-Security-Policy", []):
        for directive in ("script-src", "connect-src"):
            if not _lets(policy, directive, origin):
                yield wrong(f"The policy of {page} blocks the widget.", f"Add {origin} to {directive}.")


def _lets(policy: str, directive: str, origin: str) -> bool:
    """Whether a Content-Security-Policy lets an origin be used; that a nonce is ours is taken for granted."""
    directives = {words[0].lower(): words[1:] for part in policy.split(";") if (words := part.split())}
    names = ("script-src-elem", "script-src") if directive == "script-src" else (directive,)
    sources = next((directives[name] for name in (*names, "default-src") if name in directives), None)
    if sources is None:
        return True
    host = origin.partition("://")[2]
    wide = {"*", "https:", origin, host, f"{origin}/"}
    wild = {f"*.{host.partition('.')[2]}", f"https://*.{host.partition('.')[2]}"}
    trusted = directive == "script-src" and any(source.startswith("'nonce-") for source in sources)
    return trusted or any(source in wide | wild for source in sources)


def _clock(page: str, headers: Message) -> Iterator[Finding]:
    try:
        there = parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        return
    apart = abs(time.time() - there)
    if apart > _CLOCK_SECONDS:
        yield wrong(
            f"This clock and that of {page} are {apart:.0f} seconds apart.",
            "Set it and keep it set (NTP): decisions from the future are refused.",
        )
