"""What was seen beside what the catalog says of it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.catalog.files import read_catalogs
from consent_server.scan.judging import judge, row_of
from consent_server.scan.page import as_html
from consent_server.scan.report import Report, as_json, as_markdown
from consent_server.scan.rows import Rows, general_name
from consent_server.scan.seen import PHASES, Contact, Entry, Seen, Sighting
from consent_server.scan.spans import in_words

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.catalog.model import Catalog
    from consent_server.scan.seen import Phase

PAGE = "https://shop.example/"


@pytest.fixture
def catalog(catalog_path: Path) -> Catalog:
    """Give the shop's catalog."""
    return read_catalogs(catalog_path)[0]


def entry(name: str, *phases: Phase, by: str | None = None, **facts: Any) -> Entry:
    """Make a cookie that was set in these phases."""
    sightings = tuple(Sighting(phase, PAGE, "set", by) for phase in phases)
    return Entry(
        name,
        **{"storage": "cookie", "where": "shop.example", "third_party": False, **facts},
        sightings=sightings,
    )


def seen(*entries: Entry, contacts: tuple[Contact, ...] = ()) -> Seen:
    """Make all that a scan saw."""
    return Seen((PAGE,), {}, tuple(PHASES), entries, contacts, ())


def report_of(catalog: Catalog, saw: Seen) -> Report:
    """Make a report."""
    judged = judge(catalog, saw)
    rows = Rows(catalog, judged).write()
    return Report(catalog, judged, rows, "2026-11-23T12:00:00Z", "consent-server", "Chromium", "catalog.toml")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (entry("basket", "before"), []),
        (entry("_count1", "accepted", seconds=60), []),
        (entry("consent", "refused", seconds=86_400), []),
        (
            entry("_count1", "before"),
            [("error", "_count1 (cookie, analytics) is set before a choice on https://shop.example/.")],
        ),
        (
            entry("_count1", "refused", by="https://counter.example/c.js", again=True),
            [
                (
                    "error",
                    (
                        "_count1 (cookie, analytics) is set after refusing on https://shop.example/ by "
                        "https://counter.example/c.js, though it had been deleted."
                    ),
                )
            ],
        ),
        (
            entry("new", "accepted"),
            [
                (
                    "error",
                    "new (cookie) is not in the catalog; it is set after accepting on https://shop.example/.",
                )
            ],
        ),
        (
            entry("basket", "accepted", storage="local_storage"),
            [
                (
                    "error",
                    (
                        "basket (local storage) is not in the catalog; it is set after accepting on "
                        "https://shop.example/."
                    ),
                )
            ],
        ),
        (
            entry("basket", "before", where="far.example", third_party=True),
            [
                (
                    "error",
                    (
                        "basket (cookie of far.example) is not in the catalog; it is set before a choice on "
                        "https://shop.example/."
                    ),
                )
            ],
        ),
        (
            entry("basket", "before", seconds=86_400),
            [("warning", 'basket (cookie) is kept for 1 day; the catalog says "session".')],
        ),
        (
            entry("basket", "before", http_only=True),
            [("warning", "basket (cookie) cannot be read by scripts; the catalog says http_only = false.")],
        ),
    ],
)
def test_each_entry_is_held_against_its_row(
    catalog: Catalog, found: Entry, expected: list[tuple[str, str]]
) -> None:
    """Undeclared anywhere, or optional and unasked: an error. Declared otherwise than it is: a warning."""
    judged = judge(catalog, seen(found))
    assert [(one.severity, one.text) for one in judged.findings] == expected
    assert judged.holds == all(severity == "warning" for severity, _ in expected)


@pytest.mark.parametrize(
    ("host", "phases", "expected"),
    [
        ("far.example", ("before", "refused"), ["error", "error"]),
        ("far.example", ("accepted",), ["warning"]),
        ("c.counter.example", ("before",), ["error"]),
        ("c.counter.example", ("accepted",), []),
        ("help.counter.example", ("before",), ["error"]),
    ],
)
def test_each_other_host_is_held_against_the_services(
    catalog: Catalog, host: str, phases: tuple[Phase, ...], expected: list[str]
) -> None:
    """A service's hosts may be asked when its category is allowed, nobody else's before that."""
    services = tuple(
        replace(one, scripts=("c.counter.example",)) if one.id == "counter" else one
        for one in catalog.services
    )
    contact = Contact(
        host, ("script",), f"https://{host}/", tuple(Sighting(one, PAGE, "set", None) for one in phases)
    )
    judged = judge(replace(catalog, services=services), seen(contacts=(contact,)))
    assert [one.severity for one in judged.findings] == expected


def test_the_server_of_our_own_widget_needs_no_row(catalog: Catalog) -> None:
    """It is what asks for consent."""
    sightings = (Sighting("before", PAGE, "set", None),)
    contact = Contact("consent.example", ("script",), "https://consent.example/", sightings, widget=True)
    assert judge(catalog, seen(contacts=(contact,))).holds


def test_the_exact_row_wins_over_the_pattern(catalog: Catalog) -> None:
    """And the longer pattern over the shorter one."""
    model = next(row for row in catalog.cookies if row.name == "_count*")
    more = tuple(replace(model, name=name) for name in ("_c*", "_count_exact", "_count_ex*"))
    wider = replace(catalog, cookies=(*catalog.cookies, *more))
    for name, row in (("_count_exact", "_count_exact"), ("_count_exit", "_count_ex*"), ("_c1", "_c*")):
        found = row_of(wider, entry(name, "accepted"))
        assert found is not None
        assert found.name == row


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "session"),
        (0, "1 second"),
        (57, "57 seconds"),
        (598, "10 minutes"),
        (7_195, "2 hours"),
        (86_390, "1 day"),
        (30 * 86_400 - 9, "30 days"),
        (15_768_000 - 9, "6 months"),
        (34_560_000 - 4, "400 days"),
        (63_072_000 - 30, "2 years"),
    ],
)
def test_a_lifespan_is_said_as_a_catalog_says_it(seconds: int | None, words: str) -> None:
    """What was set some seconds ago is not a second shorter."""
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("name", "general"),
    [
        ("_ga_AB12CD34EF", "_ga_*"),
        ("visid_incap_2104815", "visid_incap_*"),
        ("mp_d7d7628de9d5e6160010b84db960a7ee_mixpanel", "mp_*"),
        ("PHPSESSID", "PHPSESSID"),
        ("visitor_profile", "visitor_profile"),
        ("__utma", "__utma"),
    ],
)
def test_a_generated_ending_becomes_a_pattern(name: str, general: str) -> None:
    """Where it holds digits and is long; a word stays."""
    assert general_name(name) == general


def test_what_is_known_is_filled_in(catalog: Catalog) -> None:
    """Service, category, purpose in the site's languages; each row and service once."""
    found = [
        entry("_ga", "accepted", seconds=34_560_000),
        entry("_ga_AB12CD34EF", "accepted", by="https://x.example/g.js"),
    ]
    rows = report_of(catalog, seen(*found)).rows
    document = tomllib.loads(rows)
    first = document["cookie"][0]
    assert (first["service"], first["category"], first["lifespan"]) == (
        "google-analytics",
        "analytics",
        "2 years",
    )
    assert first["purpose"]["lt"]
    assert document["service"]["google-analytics"]["provider"] == "Google Ireland Limited"
    assert [row["name"] for row in document["cookie"]] == ["_ga", "_ga_*"]


def test_a_cookie_of_a_foreign_script_belongs_to_its_service(catalog: Catalog) -> None:
    """Even where the site's own domain holds it."""
    contact = Contact(
        "cdn.far.example",
        ("script",),
        "https://cdn.far.example/a.js",
        (Sighting("before", PAGE, "set", None),),
    )
    found = entry("odd", "before", by="https://cdn.far.example/a.js")
    document = tomllib.loads(report_of(catalog, seen(found, contacts=(contact,))).rows)
    assert document["cookie"][0]["service"] == "far"
    assert document["service"]["far"]["scripts"] == ["cdn.far.example"]


HOSTILE = 'a"\n[x]|`<script>alert(1)</script>*\\\x00\x1b[2J' + "x" * 500


def test_a_hostile_name_acts_in_no_report(catalog: Catalog) -> None:
    """TOML, Markdown, HTML and JSON hold it as a name and nothing else."""
    found = entry(HOSTILE, "before", storage="local_storage", where="https://shop.example")
    report = report_of(catalog, seen(found))
    assert tomllib.loads(report.rows)["cookie"][0]["name"] == HOSTILE
    assert "<script" not in as_html(report)
    markdown = as_markdown(report)
    (row,) = [line for line in markdown.splitlines() if line.startswith("| ``")]
    assert row.replace("\\|", "").count("|") == 9
    assert all(text.isprintable() and len(text) < 300 for text in (row, report.errors[0].text))
    assert as_json(report)["entries"][0]["name"] == HOSTILE


def test_rows_that_nothing_matched_are_named(catalog: Catalog) -> None:
    """Not those of the widget itself: they come only with a choice."""
    unseen = judge(catalog, seen(entry("basket", "before"))).unseen
    assert [row.name for row in unseen if row.name in {"basket", "consent", "_count*"}] == ["_count*"]
