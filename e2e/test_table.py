"""The cookie table in a website's own page: `<div data-consent-table>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.test_accessibility import flaws

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from e2e.demo import Demo
    from e2e.visitor import Visitor

PLACE = '<div data-consent-table{of}><a href="{home}/cookies">All our cookies</a></div>'
HTML = '<!doctype html><html lang="{language}"><title>Policy</title>{tag}<body>{body}</html>'


def page(demo: Demo, body: str, language: str = "en", tag: str | None = None) -> str:
    """Return a page of a website with this body and the script tag."""
    return HTML.format(language=language, tag=demo.tag if tag is None else tag, body=body)


def place(demo: Demo, category: str = "") -> str:
    """Return a place for the table, of one category or of all."""
    return PLACE.format(home=demo.home, of=f'="{category}"' if category else "")


def names(table: Locator) -> list[str]:
    """Return the names in a table, once it is there."""
    table.locator("consent-table code").first.wait_for()
    return table.locator("consent-table code").all_inner_texts()


def declared(demo: Demo, category: str = "", language: str = "en") -> list[str]:
    """Return what the notice says is stored."""
    categories = demo.notice(language)["notice"]["categories"]
    return [row["name"] for each in categories if category in {"", each["id"]} for row in each["cookies"]]


@pytest.mark.parametrize("category", ["", "analytics"])
def test_a_page_shows_the_table(visitor: Visitor, demo: Demo, category: str) -> None:
    """Every cookie stands in the page, or those of one category, with who sets it and links."""
    visitor.open_other(demo.pages.put("/table", page(demo, place(demo, category))))
    table = visitor.page.locator("[data-consent-table]")
    assert sorted(names(table)) == sorted(declared(demo, category))
    expect(table).to_contain_text("Google Ireland Limited, Ireland")
    expect(table.get_by_role("link", name="All our cookies")).to_be_hidden()
    expect(table.get_by_role("link", name="All cookies (opens a new tab)")).to_be_visible()
    links = table.locator("consent-table a").evaluate_all("all => all.map((link) => link.target)")
    assert set(links) == {"_blank"}  # which implies noopener
    assert visitor.complaints == []


def test_the_strictest_policy_lets_the_table_show(visitor: Visitor, demo: Demo) -> None:
    """A page that allows the server's origin alone, and no string to become code, needs nothing more."""
    policy = (
        f"default-src 'none'; script-src {demo.server}; connect-src {demo.server}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    visitor.open_other(demo.pages.put("/strict-table", page(demo, place(demo)), policy))
    table = visitor.page.locator("[data-consent-table]")
    assert names(table)
    assert (
        table.locator("table").first.evaluate("node => getComputedStyle(node).borderCollapse") == "collapse"
    )
    assert visitor.complaints == []


def test_a_place_that_comes_later_is_filled(visitor: Visitor, demo: Demo) -> None:
    """A page that builds itself by scripts gets the table as soon as its place is there."""
    visitor.open_other(demo.pages.put("/late-table", page(demo, "<main></main>")))
    visitor.banner.wait_for()
    for category in ("analytics", "necessary"):
        visitor.page.evaluate(
            """(id) => {
              const place = document.createElement("section");
              place.dataset.consentTable = id;
              const article = document.createElement("article");
              article.append(place);
              document.querySelector("main").replaceChildren(article);
            }""",
            category,
        )
        assert sorted(names(visitor.page.locator("[data-consent-table]"))) == sorted(declared(demo, category))


def test_a_decision_leaves_the_table_as_it_is(visitor: Visitor, demo: Demo) -> None:
    """The table is built once: what somebody reads does not jump when they decide."""
    visitor.open_other(demo.pages.put("/read-table", page(demo, place(demo))))
    table = visitor.page.locator("[data-consent-table]")
    names(table)
    table.locator("consent-table").evaluate("node => { node.id = 'mine'; }")
    visitor.accept_all()
    expect(table.locator("consent-table#mine")).to_have_count(1)


@pytest.mark.parametrize(("language", "heading"), [("lt", "Statistika"), ("en", "Statistics")])
def test_the_table_speaks_the_pages_language(
    visitor: Visitor, demo: Demo, language: str, heading: str
) -> None:
    """Titles, purposes and lifespans are in the language of the page."""
    html = page(demo, place(demo, "analytics"), language)
    visitor.open_other(demo.pages.put(f"/table-{language}", html))
    table = visitor.page.locator("consent-table")
    expect(table.get_by_role("heading", name=heading)).to_be_visible()
    assert table.get_attribute("lang") == language


def test_without_the_chunk_the_link_stays(visitor: Visitor, demo: Demo) -> None:
    """Where the table cannot be had, or no such category is, what the page wrote inside stays and works."""
    address = demo.pages.put("/no-table", page(demo, place(demo) + place(demo, "nonsense")))
    visitor.page.route("**/assets/*.js", lambda route: route.abort())
    visitor.expects("ERR_FAILED|dynamically imported")
    with visitor.page.expect_event("requestfailed"):
        visitor.open_other(address)
    links = visitor.page.get_by_role("link", name="All our cookies")
    expect(links).to_have_count(2)
    visitor.page.unroute("**/assets/*.js")
    visitor.page.reload()
    assert names(visitor.page.locator("[data-consent-table]").first)
    expect(links).to_have_count(1)
    expect(links).to_be_visible()


def test_nothing_of_the_page_is_changed(visitor: Visitor, demo: Demo) -> None:
    """The page's own nodes and attributes stay, its styles stay outside, and an odd place is left."""
    styles = "<style>td, code { color: rgb(255, 0, 0) !important } div { margin: 7px }</style>"
    odd = '<img data-consent-table alt="odd">'
    visitor.open_other(demo.pages.put("/own-table", page(demo, styles + odd + place(demo))))
    table = visitor.page.locator("div[data-consent-table]")
    names(table)
    assert table.evaluate("node => node.outerHTML") == place(demo).replace("-table>", '-table="">')
    assert table.evaluate("node => getComputedStyle(node).marginTop") == "7px"
    assert table.locator("code").first.evaluate("node => getComputedStyle(node).color") != "rgb(255, 0, 0)"


def test_the_table_fits_a_phone(visitor: Visitor, demo: Demo) -> None:
    """On 320 pixels nothing is wider than the page, parts of a row fill it, lifespans say what they are."""
    visitor.page.set_viewport_size({"width": 320, "height": 640})
    phone = '<meta name="viewport" content="width=device-width">'
    visitor.open_other(demo.pages.put("/phone-table", page(demo, phone + place(demo))))
    table = visitor.page.locator("[data-consent-table]")
    names(table)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 320
    said = table.locator("td").nth(1).evaluate("node => getComputedStyle(node, '::before').content")
    assert "How long it stays" in said or "attr" in said
    expect(table.get_by_role("table").first).to_be_visible()
    widths = "row => [row, ...row.children].map((part) => part.offsetWidth)"
    assert len(set(table.locator("tbody tr").first.evaluate(widths))) == 1


def test_the_table_turns_round_and_takes_the_pages_colours(visitor: Visitor, demo: Demo) -> None:
    """Right to left its first column is the rightmost, names stay as they are, and properties colour it."""
    colours = (
        "<style>:root { --consent-text: rgb(1, 2, 3); --consent-background: rgb(250, 251, 252) }</style>"
    )
    visitor.open_other(demo.pages.put("/round-table", page(demo, colours + place(demo))))
    table = visitor.page.locator("consent-table")
    table.evaluate("node => { node.dir = 'rtl'; }")
    first, last = (
        table.locator(f"thead th:{which}-child").first.bounding_box() for which in ("first", "last")
    )
    assert first
    assert last
    assert first["x"] > last["x"]
    assert table.locator("code").first.evaluate("node => getComputedStyle(node).direction") == "ltr"
    colours = "node => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]"
    assert table.evaluate(colours) == ["rgb(1, 2, 3)", "rgb(250, 251, 252)"]


@pytest.mark.parametrize(("width", "theme"), [(1200, "light"), (360, "dark")])
def test_axe_finds_nothing_in_the_table(visitor: Visitor, demo: Demo, width: int, theme: str) -> None:
    """Neither on a wide light page nor on a dark phone."""
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    style = "<style>:root { color-scheme: light dark }</style>"
    body = f"{style}<main><h1>Policy</h1><h2>Cookies</h2>{place(demo)}</main>"
    visitor.open_other(demo.pages.put("/axe-table", page(demo, body)))
    names(visitor.page.locator("[data-consent-table]"))
    assert flaws(visitor) == []
