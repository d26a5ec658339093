"""How events become entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from consent_server.catalog.files import read_catalogs
from consent_server.scan.collecting import Collection
from consent_server.scan.parties import Parties

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "https://www.shop.example/"
SCRIPT = "https://www.shop.example/a.js"
NOW = 1_800_000_000.0


@pytest.fixture
def parties(catalog_path: Path) -> Parties:
    """Give the shop's hosts."""
    return Parties(read_catalogs(catalog_path)[0].site, [PAGE])


@pytest.fixture
def collection(parties: Parties) -> Collection:
    """Begin a collection on the first page."""
    found = Collection(parties)
    found.page = PAGE
    return found


def cookie(name: str, domain: str = "www.shop.example", expires: float = -1) -> dict[str, Any]:
    """Make a cookie as the DevTools Protocol tells it."""
    return {
        "name": name,
        "domain": domain,
        "path": "/",
        "expires": expires,
        "httpOnly": False,
        "secure": True,
    }


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://shop.example/a", True),
        ("https://cdn.shop.example/a", True),
        ("https://myshop.example/a", False),
        ("https://shop.example:8443/a", False),
        ("https://far.example/shop.example", False),
    ],
)
def test_who_is_the_site_itself(parties: Parties, url: str, *, own: bool) -> None:
    """The catalog's and the scanned hosts, and all below them."""
    assert parties.owns(url) == own


def test_a_cookie_of_the_domain_above_is_one_entry_with_its_script(collection: Collection) -> None:
    """The script does not tell the domain; the browser does."""
    collection.wrote("cookie", "a", PAGE, SCRIPT, "set")
    collection.holds_cookies([cookie("a", ".shop.example", NOW + 60)], NOW)
    collection.looked()
    collection.wrote("cookie", "a", PAGE, SCRIPT, "set")
    (entry,) = collection.entries()
    assert (entry.where, entry.third_party, entry.seconds) == ("shop.example", False, 60)
    assert [(one.how, one.by) for one in entry.sightings] == [("set", SCRIPT)]


def test_what_the_site_sets_and_deletes_at_once_is_seen(collection: Collection) -> None:
    """By its header, though no look finds it; what another company asks for counts once it is there."""
    collection.answered(PAGE, "short=1; Max-Age=1; HttpOnly", NOW)
    collection.answered("https://far.example/p?visitor=7", "far=1; SameSite=None; Secure", NOW)
    assert [(one.name, one.http_only, one.seconds) for one in collection.entries()] == [("short", True, 1)]
    collection.holds_cookies([cookie("far", "far.example")], NOW)
    far = next(one for one in collection.entries() if one.name == "far")
    assert (far.third_party, far.sightings[0].by) == (True, "https://far.example/p")


def test_what_comes_back_after_refusing_is_named(collection: Collection) -> None:
    """Deleted by a script, by an answer, or found missing by a look; not in a new browser."""
    collection.phase = "refused"
    for name in ("by_script", "by_answer", "by_look"):
        collection.wrote("cookie", name, PAGE, SCRIPT, "set")
    collection.holds_cookies([cookie(name) for name in ("by_script", "by_answer", "by_look")], NOW)
    collection.looked()
    collection.wrote("cookie", "by_script", PAGE, SCRIPT, "gone")
    collection.answered(PAGE, "by_answer=; Max-Age=0", NOW)
    collection.holds_cookies([], NOW)
    collection.looked()
    assert not any(one.again for one in collection.entries())
    collection.holds_cookies([cookie(name) for name in ("by_script", "by_answer", "by_look")], NOW)
    assert [one.again for one in collection.entries()] == [True, True, True]


def test_a_new_browser_knows_nothing_of_the_last(collection: Collection) -> None:
    """What was deleted in one does not come back in another."""
    collection.wrote("local_storage", "a", PAGE, SCRIPT, "set")
    collection.wrote("local_storage", "a", PAGE, SCRIPT, "gone")
    collection.begin()
    collection.phase = "refused"
    collection.holds_names("local_storage", PAGE, ["a"])
    (entry,) = collection.entries()
    assert not entry.again


def test_what_stays_is_kept_and_seen_once_a_phase(collection: Collection) -> None:
    """The first page counts; the script is named where it is known."""
    collection.holds_names("local_storage", PAGE, ["a"])
    collection.looked()
    for phase, page in (("refused", "1"), ("refused", "2")):
        collection.phase = phase  # type: ignore[assignment]
        collection.page = page
        collection.holds_names("local_storage", PAGE, ["a"])
        collection.looked()
    (entry,) = collection.entries()
    assert [(one.phase, one.page, one.how) for one in entry.sightings] == [
        ("before", PAGE, "set"),
        ("refused", "1", "kept"),
    ]


def test_other_hosts_are_kept_without_what_was_asked(collection: Collection) -> None:
    """No query, no fragment, nothing of the site itself; our own widget's server is known by its script."""
    for url in (
        "https://far.example/p.gif?visitor=7#x",
        "https://far.example/q.js",
        f"{PAGE}a.js",
        "data:image/gif,1",
        "https://consent.example/v1/shop/consent.js",
    ):
        collection.asked(url, "image", None)
    widget, far = collection.contacts()
    assert (widget.host, widget.widget) == ("consent.example", True)
    assert (far.host, far.url, far.widget) == ("far.example", "https://far.example/p.gif", False)


def test_cookies_of_where_a_page_led_away_to_are_overlooked(collection: Collection) -> None:
    """They are another website's; the site's own are seen all the same."""
    collection.overlook([cookie("sso", "login.example"), cookie("own")])
    collection.holds_cookies([cookie("sso", "login.example"), cookie("own")], NOW)
    assert [one.name for one in collection.entries()] == ["own"]
