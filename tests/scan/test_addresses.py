"""Which pages a scan visits."""

from __future__ import annotations

import gzip

import pytest

from consent_server.errors import PageUnreachable, SettingsError
from consent_server.scan.addresses import linked_addresses, mapped_addresses, read_addresses

START = "https://shop.example/"


def test_paths_are_on_the_host_of_the_first_address() -> None:
    """Each once, without fragments, the bare host with its slash."""
    words = ["https://shop.example", "/cart#now", "https://other.example/a", "/cart"]
    assert read_addresses(words) == (START, "https://shop.example/cart", "https://other.example/a")


@pytest.mark.parametrize(
    "word", ["shop.example", "/cart", "ftp://shop.example", "https://", "http://[::1", ""]
)
def test_what_is_no_address_is_refused(word: str) -> None:
    """With an example of one."""
    with pytest.raises(SettingsError, match=r"is no address: write one such as https://www\.example\.com"):
        read_addresses([word])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/sitemap.xml": b"<urlset><url><loc>https://shop.example/a</loc></url></urlset>"}, ["a"]),
        ({"/sitemap.xml": b"<url><loc>\n<![CDATA[https://shop.example/a?x=1&y=2]]></loc>"}, ["a?x=1&y=2"]),
        (
            {"/robots.txt": b"SITEMAP:https://shop.example/m.txt\r\n", "/m.txt": b"https://shop.example/t\n"},
            ["t"],
        ),
        ({"/robots.txt": b"Sitemap: /m.gz", "/m.gz": gzip.compress(b"https://shop.example/z")}, ["z"]),
        (
            {"/sitemap.xml": b"".join(b"<loc>https://shop.example/%d</loc>" % n for n in range(9))},
            ["0", "1", "2"],
        ),
        ({"/sitemap.xml": b"<sitemapindex><loc>https://shop.example/sitemap.xml</loc>", "/x": b""}, []),
        ({"/sitemap.xml": b"<loc>javascript:alert(1)</loc>"}, []),
        ({"/sitemap.xml": b"\x1f\x8bbroken"}, []),
        ({}, []),
    ],
)
def test_site_maps_are_read(files: dict[str, bytes], expected: list[str]) -> None:
    """XML or text, packed or not, at most as many as wanted; a map that names itself ends."""

    def fetch(url: str) -> bytes | None:
        return files.get(url.removeprefix("https://shop.example"))

    if not expected:
        with pytest.raises(PageUnreachable, match=r"shop\.example has no site map"):
            mapped_addresses(START, fetch, 3)
        return
    assert mapped_addresses(START, fetch, 3) == tuple(START + path for path in expected)


def test_links_to_files_and_other_websites_are_left_out() -> None:
    """Each page once."""
    links = [
        "https://shop.example/a#1",
        "https://shop.example/a",
        "https://shop.example/a.PDF",
        "mailto:a@b.c",
    ]
    links.append("https://other.example/")
    assert linked_addresses(links, lambda url: "shop" in url) == ("https://shop.example/a",)
