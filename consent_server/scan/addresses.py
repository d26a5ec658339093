"""Which pages to visit: those named, those of a site map, those that a page links to."""

from __future__ import annotations

import re
import zlib
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

from consent_server.errors import PageUnreachable, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Fetch = Callable[[str], bytes | None]

MOST_MAPS = 50
"""How many site maps of one index are read."""

_LARGEST_MAP = 50 * 1024 * 1024  # bytes, by the protocol of sitemaps.org
_LOCATION = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*(.*?)\s*(?:\]\]>)?\s*</loc>", re.DOTALL)
_NO_PAGE = re.compile(
    r"\.(?:7z|avi|css|csv|docx?|gif|gz|ico|jpe?g|js|json|mp[34]|ods|odt|pdf|png|pptx?|rss|svg|tar|txt|webp"
    r"|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)


def read_addresses(words: Iterable[str]) -> tuple[str, ...]:
    """Read what was named: addresses, and paths on the host of the first. Raises SettingsError."""
    found: list[str] = []
    for word in words:
        if word.startswith("/") and found:
            found.append(urldefrag(urljoin(found[0], word)).url)
        else:
            found.append(_address(word))
    return tuple(dict.fromkeys(found))


def _address(word: str) -> str:
    try:
        parts = urlsplit(word)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise SettingsError(
            f"{word!r} is no address: write one such as https://www.example.com, then paths such as /prices."
        )
    return urldefrag(parts._replace(path=parts.path or "/").geturl()).url


def mapped_addresses(start: str, fetch: Fetch, most: int) -> tuple[str, ...]:
    """Read at most `most` addresses from the site maps of the host of `start`.

    They are those that its robots.txt names (RFC 9309 lets it), else /sitemap.xml. `fetch` returns the bytes
    at an address, or None. Raises PageUnreachable where there are none.
    """
    robots = (fetch(urljoin(start, "/robots.txt")) or b"").decode("utf-8", "replace")
    named = re.findall(r"(?im)^\s*sitemap\s*:\s*(\S+)", robots)
    found: dict[str, None] = {}
    for url in _walk([urljoin(start, one) for one in named] or [urljoin(start, "/sitemap.xml")], fetch):
        found.setdefault(url)
        if len(found) == most:
            break
    if not found:
        raise PageUnreachable(
            f"{urlsplit(start).netloc} has no site map: neither robots.txt nor /sitemap.xml names a page. "
            "Leave --sitemap out to follow links, or name the paths."
        )
    return tuple(found)


def _walk(maps: list[str], fetch: Fetch) -> Iterator[str]:
    """Give every address of these maps, and of the maps that they name in turn."""
    read: set[str] = set()
    while maps and len(read) < MOST_MAPS:
        here = maps.pop(0)
        if here in read:
            continue
        read.add(here)
        text = _text(fetch(here) or b"")
        urls = [url for url in _locations(text) if urlsplit(url).scheme in {"http", "https"}]
        if "<sitemapindex" in text:
            maps += urls
        else:
            yield from urls


def _locations(text: str) -> list[str]:
    """Read the addresses of one map: XML, or plain text with one a line."""
    if "<" not in text:
        return text.split()
    return [urldefrag(unescape(found)).url for found in _LOCATION.findall(text)]


def _text(source: bytes) -> str:
    if source.startswith(b"\x1f\x8b"):
        try:
            source = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(source, _LARGEST_MAP)
        except zlib.error:
            return ""
    return source[:_LARGEST_MAP].decode("utf-8", "replace")


def linked_addresses(links: Iterable[str], owns: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the addresses of pages among `links`, those of the site itself, without their fragments."""
    plain = (urldefrag(link).url for link in links if link.startswith(("http:", "https:")))
    return tuple(dict.fromkeys(url for url in plain if owns(url) and not _NO_PAGE.search(urlsplit(url).path)))
