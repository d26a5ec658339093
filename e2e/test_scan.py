"""`consent-server scan`, run as it is run, on the demo website and on small ones with real sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from browser import chromium

from consent_server.cli.demo import shipped_catalog
from e2e.website import Website, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from e2e.demo import Demo

    Run = Callable[..., subprocess.CompletedProcess[str]]

SECRET = "value-that-nobody-may-keep"
BUTTONS = ("--accept", "#yes", "--reject", "#no")
BANNER = """<button id="yes" onclick="choose(true)">Yes</button>
<button id="no" onclick="choose(false)">No</button>
<script>
  function choose(yes) {
    localStorage.setItem("choice", yes ? "yes" : "no");
    document.cookie = "_early=; max-age=0";
  }
</script>"""


@pytest.fixture
def website() -> Iterator[Website]:
    """Serve an empty website."""
    yield from serve(Website())


@pytest.fixture
def stranger() -> Iterator[Website]:
    """Serve another company's website."""
    yield from serve(Website())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give a function that scans and writes every report into a folder of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    found = chromium()
    environ |= {"CONSENT_BROWSER": str(found)} if found else {}
    environ["CONSENT_CATALOG"] = str(shipped_catalog())

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        outputs = ("--json", "report.json", "--markdown", "report.md", "--html", "page")
        command = [sys.executable, "-m", "consent_server", "scan", "--wait", "0.2", *words, *outputs]
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=180, check=False
        )

    return run


@pytest.fixture
def report(tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """Give a function that reads the JSON report."""

    def report() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        return found

    return report


def ways(found: dict[str, Any]) -> set[tuple[str, str]]:
    """Return in which phases an entry was set or kept."""
    return {(sighting["phase"], sighting["how"]) for sighting in found["seen"]}


def named(report: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the only entry of a name."""
    (found,) = [entry for entry in report["entries"] if entry["name"] == name]
    return dict(found)


def codes(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return severity, code and subject of every finding."""
    return {(one["severity"], one["code"], one["about"]) for one in report["findings"]}


def test_the_demo_website_keeps_what_its_catalog_promises(
    run: Run, report: Callable[[], dict[str, Any]], demo: Demo, tmp_path: Path
) -> None:
    """Exit 0: every entry is declared, optional ones come after accepting alone, and no receipt is sent."""
    before = demo.auditor.receipts()
    done = run(f"{demo.website}/", "/privacy", "--catalog", str(demo.catalog))
    assert (done.returncode, done.stdout.splitlines()[-2]) == (
        0,
        "Everything is declared, and nothing optional came unasked.",
    )
    found = report()
    assert found["holds"]
    assert found["findings"] == []
    assert found["pages"] == [f"{demo.website}/", f"{demo.website}/privacy"]
    assert named(found, "visid_incap_2104815")["declared"]["name"] == "visid_incap_*"
    assert named(found, "visid_incap_2104815")["http_only"]
    utma = named(found, "__utma")
    assert ways(utma) == {("accepted", "set")}
    assert utma["seen"][0]["by"] == f"{demo.website}/static/ga.js"
    assert (utma["lifespan"], utma["declared"]["lifespan"]) == ("400 days", "2 years")
    assert {phase for phase, _ in ways(named(found, "consent"))} == {"refused", "accepted"}
    # An inline script that the widget held back is the page's own doing.
    assert named(found, "visitor_id")["seen"][0]["by"] == f"{demo.website}/"
    (server,) = found["contacts"]
    assert (f"http://{server['host']}", server["widget"]) == (demo.server, True)
    assert demo.auditor.receipts() == before
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 3
    assert "<script" not in page


def test_what_a_careless_website_does_is_found(
    run: Run, report: Callable[[], dict[str, Any]], website: Website, stranger: Website, tmp_path: Path
) -> None:
    """Entries of every kind, third parties and HttpOnly ones too, with who set them when; never a value."""
    there = f"http://127.0.0.1:{stranger.port}"
    stranger.pages = {"/pixel.js": "document.cookie = 'by_pixel=1; max-age=3600'", "/frame": "<p>Framed</p>"}
    stranger.headers["/frame"] = [
        ("Set-Cookie", f"far={SECRET}; HttpOnly; SameSite=None; Secure; Max-Age=31536000"),
        ("Set-Cookie", f"refused_by_browsers={SECRET}; SameSite=Lax"),
    ]
    website.pages["/"] = (
        f"<!doctype html><title>Careless</title>{BANNER}"
        f"<script src='{there}/pixel.js?visitor={SECRET}'></script>"
        f"<iframe src='{there}/frame'></iframe><script>"
        f"localStorage.setItem('kept', '{SECRET}'); sessionStorage.tab = '{SECRET}'; indexedDB.open('base');"
        f"document.cookie = '__utma={SECRET}; max-age=99999999'; document.cookie = '_early={SECRET}';"
        "</script>"
    )
    website.headers["/"] = [("Set-Cookie", f"hidden={SECRET}; HttpOnly; Max-Age=86400")]
    done = run(website.url, *BUTTONS)
    assert (done.returncode, done.stdout.splitlines()[-2]) == (1, "12 things to correct.")
    found = report()
    assert not found["holds"]
    names = {(entry["name"], entry["storage"]) for entry in found["entries"]}
    assert names == {
        ("__utma", "cookie"),
        ("_early", "cookie"),
        ("by_pixel", "cookie"),
        ("far", "cookie"),
        ("hidden", "cookie"),
        ("choice", "local_storage"),
        ("kept", "local_storage"),
        ("tab", "session_storage"),
        ("base", "indexed_db"),
    }
    assert codes(found) >= {
        ("error", "undeclared", "hidden"),
        ("error", "undeclared", "base"),
        ("error", "early", "__utma"),
        ("error", "after_refusal", "__utma"),
        ("error", "contact_undeclared", f"127.0.0.1:{stranger.port}"),
    }
    hidden, far, early = named(found, "hidden"), named(found, "far"), named(found, "_early")
    assert (hidden["http_only"], hidden["lifespan"], hidden["seen"][0]["by"]) == (
        True,
        "1 day",
        f"{website.url}/",
    )
    assert (far["third_party"], far["http_only"], far["where"], far["seen"][0]["by"]) == (
        True,
        True,
        "127.0.0.1",
        f"{there}/frame",
    )
    assert named(found, "by_pixel")["seen"][0]["by"] == f"{there}/pixel.js"
    # The banner deletes it when it is refused; the page sets it again.
    assert early["set_again"]
    assert ("refused", "set") in ways(early)
    for file in (tmp_path / "report.json", tmp_path / "report.md", tmp_path / "page" / "index.html"):
        assert SECRET not in file.read_text(encoding="utf-8")
    assert SECRET not in done.stdout + done.stderr


def test_a_cookie_that_our_widget_deletes_and_the_page_sets_again(
    run: Run, report: Callable[[], dict[str, Any]], demo: Demo
) -> None:
    """It is found before a choice, after refusing, and named as come back."""
    script = "<script>document.cookie = '__utmz=1; path=/; max-age=900';</script>"
    path = demo.pages.put("/careless", f"<!doctype html><title>Careless</title>{demo.tag}{script}")
    done = run(demo.other + path, "/careless", "--catalog", str(demo.catalog))
    assert done.returncode == 1
    assert codes(report()) == {("error", "early", "__utmz"), ("error", "after_refusal", "__utmz")}
    assert named(report(), "__utmz")["set_again"]
    assert "though it had been deleted" in done.stdout


def test_links_are_followed_up_to_a_number(
    run: Run, report: Callable[[], dict[str, Any]], website: Website
) -> None:
    """Pages of the same website alone; what cannot be visited is named and does not fail the scan."""
    website.pages = {
        "/": "<a href='/missing'>x</a><a href='/two#part'>2</a><a href='/paper.pdf'>p</a>"
        "<a href='/away'>a</a><a href='https://www.example.com/'>e</a><a href='mailto:a@b.example'>m</a>",
        "/two": "<a href='/'>1</a><a href='/three'>3</a><a href='/four'>4</a>",
        "/three": "3",
        "/four": "4",
        "/away": "",
    }
    website.headers["/away"] = [("Location", f"http://127.0.0.1:{website.port}/three")]
    done = run(website.url, "--phase", "before", "--max-pages", "4")
    assert done.returncode == 0
    found = report()
    assert found["pages"] == [f"{website.url}{path}" for path in ("/", "/two", "/three")]
    assert found["left_out"] == [
        {"page": f"{website.url}/missing", "reason": "it answers 404 Not Found"},
        {
            "page": f"{website.url}/away",
            "reason": f"it leads to another website, http://127.0.0.1:{website.port}/three",
        },
    ]
    assert found["phases"] == ["before"]


def test_a_site_map_is_read_as_robots_txt_names_it(
    run: Run, report: Callable[[], dict[str, Any]], website: Website
) -> None:
    """An index of maps too, entities decoded, each page once."""
    website.pages = {
        "/": "home",
        "/robots.txt": f"User-agent: *\nSitemap: {website.url}/all.xml\n",
        "/all.xml": f"<sitemapindex><sitemap><loc>{website.url}/pages.xml</loc></sitemap></sitemapindex>",
        "/pages.xml": f"<urlset><url><loc>{website.url}/</loc></url>"
        f"<url><loc> {website.url}/list?a=1&amp;b=2 </loc></url></urlset>",
        "/list": "list",
    }
    assert run(website.url, "--phase", "before", "--sitemap").returncode == 0
    assert report()["pages"] == [f"{website.url}/", f"{website.url}/list?a=1&b=2"]


def test_the_suggested_rows_pass_once_they_are_filled_in(
    run: Run, report: Callable[[], dict[str, Any]], website: Website, tmp_path: Path
) -> None:
    """What is known is filled in; what is empty is named by the check; with it the same scan passes."""
    website.pages["/"] = (
        "<!doctype html><title>Shop</title><script>"
        "document.cookie = 'basket_AB12CD34=1; max-age=7200'; document.cookie = 'PHPSESSID=1';</script>"
    )
    assert run(website.url, "--phase", "before").returncode == 1
    rows = report()["rows"]
    assert 'name = "basket_*"' in rows
    assert 'lifespan = "2 hours"' in rows
    catalog = tmp_path / "cookie_catalog.toml"
    text = shipped_catalog().read_text(encoding="utf-8")
    catalog.write_text(f"{text}\n{rows}", encoding="utf-8")
    refused = run(website.url, "--phase", "before", "--catalog", str(catalog))
    assert refused.returncode == 2
    assert "purpose" in refused.stderr
    filled = rows.replace('category = ""', 'category = "necessary"').replace(' = ""', ' = "Filled in."')
    catalog.write_text(f"{text}\n{filled}", encoding="utf-8")
    passed = run(website.url, "--phase", "before", "--catalog", str(catalog))
    assert (passed.returncode, passed.stderr.replace("Scanning\n", "")) == (0, "")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["/missing"], "/missing cannot be scanned: it answers 404 Not Found."),
        (["/data.txt"], "/data.txt cannot be scanned: it is no HTML page."),
        ([], "shows no banner: there is no button '#consent-reject-all'. Name the buttons of another"),
        (["--reject", "##"], "'##' is no selector that a browser understands."),
        (["--sitemap"], "has no site map: neither robots.txt nor /sitemap.xml names a page."),
    ],
)
def test_what_cannot_be_scanned_is_one_sentence(
    run: Run, website: Website, words: list[str], says: str
) -> None:
    """Exit 2, what is wrong and where."""
    website.pages = {"/": "no banner here", "/data.txt": "data"}
    done = run(website.url, *words, *([] if "--reject" in words or not words else ["--phase", "before"]))
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_website_that_does_not_answer(run: Run, website: Website) -> None:
    """Exit 2, with what the browser said."""
    website.server.server_close()
    done = run(website.url)
    assert done.returncode == 2
    assert done.stderr.endswith(
        f"{website.url}/ cannot be scanned: the browser says ERR_CONNECTION_REFUSED.\n"
    )
