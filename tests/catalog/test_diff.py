"""What changed between two catalogs, in words, and whether visitors are asked again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_server.catalog.change import ASKED, KEPT
from consent_server.catalog.diff import diff
from consent_server.catalog.model import Catalog
from consent_server.catalog.notice import build_notice
from consent_server.catalog.toml import parse_catalog
from consent_server.errors import CatalogError

Parse = Callable[..., Catalog]
Change = tuple[str, str]

SMALL = Path(__file__).with_name("small.toml").read_text(encoding="utf-8")

META = """[service.meta]
name = "Meta Pixel"
provider = "Meta Platforms Ireland Limited"
country = "IE"
privacy_policy = "https://meta.example/privacy"
"""
ROW = """[[cookie]]
name = "_fbp"
service = "meta"
category = "analytics"
lifespan = "90 days"
purpose = { en = "Shows offers.", lt = "Rodo pasiūlymus." }
"""
MARKETING = """[category.marketing]
title = { en = "Marketing", lt = "Rinkodara" }
text = { en = "Shows offers.", lt = "Rodo pasiūlymus." }
"""
STATEMENT = '[[statement]]\nid = "law"\ntitle = { en = "a", lt = "b" }\ntext = { en = "a", lt = "b" }\n'
BANNER = '[banner]\ntext = { en = "Hi {third_parties}", lt = "Ei {third_parties}" }\n'


def before(text: str, header: str = "[[cookie]]\n") -> Change:
    """Return the change that puts a text before a header of the small catalog."""
    return header, f"{text}{header}"


WITH_META = before(META + ROW)

ASKING: list[tuple[list[Change], list[Change], str, str]] = [
    (
        [],
        [WITH_META],
        "recipient",
        "Statistics now shares data with Meta Platforms Ireland Limited (Ireland), by Meta Pixel",
    ),
    (
        [WITH_META],
        [],
        "recipient-gone",
        "Statistics no longer shares data with Meta Platforms Ireland Limited (Ireland), by Meta Pixel",
    ),
    (
        [],
        [before(MARKETING, "[service.counter]\n"), ('category = "analytics"', 'category = "marketing"')],
        "category",
        "Marketing is a new category, and gives data to Counter, Inc. (United States), by Counter",
    ),
    (
        [before(MARKETING, "[service.counter]\n")],
        [],
        "category-gone",
        "Marketing is no longer a category",
    ),
    (
        [],
        [('provider = "Counter, Inc."', 'provider = "Bigger, Inc."')],
        "provider",
        "Counter, in Statistics, is run by Bigger, Inc., and was by Counter, Inc.",
    ),
    (
        [],
        [('country = "US"', 'country = "IE"')],
        "country",
        "The country of Counter, in Statistics, is Ireland, and was United States",
    ),
    (
        [],
        [('id = "shop"', 'id = "shop"\nrevision = 2')],
        "revision",
        "The revision set by hand is 2, and was 1",
    ),
    (
        [],
        [("[site.controller]\nname", '[site.controller]\ncountry = "LT"\nname')],
        "country",
        "The country of Example, in Necessary, is Lithuania, and was no country named",
    ),
]

KEEPING: list[tuple[list[Change], list[Change], str, str]] = [
    (
        [],
        [('["https://www.example.com", ', "[")],
        "address",
        "“https://www.example.com” is no longer an address of the website",
    ),
    (
        [],
        [('"https://example.com"]', '"https://example.com", "https://a.example.com"]')],
        "address",
        "“https://a.example.com” is a new address of the website",
    ),
    ([], [('["en", "lt"]', '["lt", "en"]')], "notice", "The default language is lt, and was en"),
    (
        [],
        [('cookie_domain = "example.com"\n', "")],
        "address",
        "The cookie domain is none, and was example.com",
    ),
    ([], [('jurisdiction = "EU"', 'jurisdiction = "LT"')], "notice", "The jurisdiction is LT, and was EU"),
    (
        [],
        [("example.com/privacy", "example.com/policy")],
        "link",
        "The address of the policy is https://www.example.com/policy, and was https://www.example.com/privacy",
    ),
    (
        [],
        [('"6 months"', '"1 year"')],
        "time",
        "The time after which visitors are asked again is 1 year, and was 6 months",
    ),
    (
        [],
        [('"5 years"', '"4 years"')],
        "time",
        "The time for which receipts are kept is 4 years, and was 5 years",
    ),
    ([], [('"Vilnius"', '"Kaunas"')], "notice", "The controller's address is Kaunas, and was Vilnius"),
    (
        [],
        [("privacy@example.com", "dpo@example.com")],
        "notice",
        "The controller's email is dpo@example.com, and was privacy@example.com",
    ),
    ([], [('"VDAI"', '"DPC"')], "notice", "The supervisory authority is DPC, and was VDAI"),
    (
        [],
        [before('[banner]\nbutton = "bottom-end"\n')],
        "look",
        "The banner's button for the settings is bottom-end, and was none",
    ),
    (
        [],
        [before('[banner]\nposition = "bottom-start"\n')],
        "look",
        "The banner's place is bottom-start, and was bottom-end",
    ),
    ([], [before(BANNER)], "text", "The banner's own text replaces the usual one"),
    ([before(BANNER)], [], "text", "The banner's own text gives way to the usual one"),
    (
        [before(BANNER)],
        [before(BANNER.replace("Hi", "Hey"))],
        "text",
        "The banner's own text is worded anew (en)",
    ),
    ([], [('"Statistics"', '"Numbers"')], "text", "The title of Numbers is worded anew (en)"),
    ([], [('"Skaičiuoja."', '"Skaičiai."')], "text", "The text of Statistics is worded anew (lt)"),
    (
        [],
        [('"You ask for it."', '"It is needed."')],
        "text",
        "The justification of Necessary is worded anew (en)",
    ),
    (
        [],
        [('["analytics_storage"]', '["ad_storage"]')],
        "grant",
        "“ad_storage” is a new consent mode key of Statistics",
    ),
    ([], [before(META)], "unused", "Meta Pixel is a new service"),
    ([before(META)], [], "unused", "Meta Pixel is no longer a service"),
    (
        [before(META)],
        [before(META.replace("IE", "US"))],
        "unused",
        "The country of Meta Pixel is US, and was IE",
    ),
    ([], [('name = "Counter"', 'name = "Teller"')], "text", "The name of Counter is Teller, and was Counter"),
    (
        [],
        [('"https://counter.example/privacy"', '"https://counter.example/p"')],
        "link",
        "The privacy policy of Counter is https://counter.example/p, and was https://counter.example/privacy",
    ),
    (
        [],
        [('scripts = ["*.counter.example"]', 'opt_out = "https://counter.example/no"')],
        "link",
        "The opt-out of Counter is https://counter.example/no, and was none",
    ),
    (
        [],
        [('scripts = ["*.counter.example"]\n', "")],
        "notice",
        "“*.counter.example” is no longer a host of scripts of Counter",
    ),
    (
        [],
        [('scripts = ["*.counter.example"]', 'scripts = ["*.counter.example"]\nthird_party = false')],
        "notice",
        "Counter is now said to be the controller's own",
    ),
    (
        [],
        [before(ROW.replace('"meta"', '"counter"'))],
        "row",
        "“_fbp” is new in Statistics (Counter, 90 days)",
    ),
    ([before(ROW.replace('"meta"', '"counter"'))], [], "row", "“_fbp” is gone from Statistics"),
    (
        [],
        [('lifespan = "2 years"', 'lifespan = "1 year"')],
        "lifespan",
        "The lifespan of “_count_*” is 1 year, and was 2 years",
    ),
    ([], [('"Counts visits."', '"Counts calls."')], "text", "The purpose of “_count_*” is worded anew (en)"),
    (
        [],
        [('lifespan = "2 years"', 'lifespan = "2 years"\nhttp_only = true')],
        "notice",
        "Whether scripts cannot read “_count_*” is yes, and was no",
    ),
    (
        [],
        [('lifespan = "2 years"', 'lifespan = "2 years"\npath = "/shop"')],
        "notice",
        "The path of “_count_*” is /shop, and was /",
    ),
    ([], [before(STATEMENT)], "promise", "“law” is a new statement of the policy"),
    (
        [before(STATEMENT)],
        [before(STATEMENT.replace('"b"', '"c"', 1))],
        "promise",
        "The title of the statement “law” is worded anew (lt)",
    ),
]


@pytest.mark.parametrize(("old", "new", "kind", "says"), ASKING, ids=lambda value: str(value)[:50])
def test_a_change_that_asks_again(
    parse: Parse, old: list[Change], new: list[Change], kind: str, says: str
) -> None:
    """Another recipient, category, country or number asks visitors again, in words and with the reason."""
    found = diff(parse(*old), parse(*new))
    assert (kind, says, True, ASKED[kind]) in [_told(change) for change in found.changes]
    assert found.asks


@pytest.mark.parametrize(("old", "new", "kind", "says"), KEEPING, ids=lambda value: str(value)[:50])
def test_a_change_that_asks_nobody(
    parse: Parse, old: list[Change], new: list[Change], kind: str, says: str
) -> None:
    """Everything else is told too, and why no choice is lost."""
    found = diff(parse(*old), parse(*new))
    assert (kind, says, False, KEPT[kind]) in [_told(change) for change in found.changes]
    assert not found.asks


def _told(change: Any) -> tuple[str, str, bool, str]:
    return change.kind, change.says, change.asks, change.why


def test_the_same_catalog(parse: Parse) -> None:
    """Nothing changed is no change."""
    assert diff(parse(), parse()).changes == ()


def test_a_moved_row(parse: Parse) -> None:
    """A row that moves is told beside what its move means: its service serves other categories."""
    marketing = before(MARKETING, "[service.counter]\n")
    found = diff(parse(marketing), parse(marketing, ('category = "analytics"', 'category = "marketing"')))
    assert [change.says for change in found.changes] == [
        "Statistics no longer shares data with Counter, Inc. (United States), by Counter",
        "Marketing now shares data with Counter, Inc. (United States), by Counter",
        "“_count_*” moved from Statistics to Marketing",
    ]


def test_another_setter(parse: Parse) -> None:
    """A row that another service sets is told beside the change of recipients."""
    found = diff(parse(WITH_META), parse(WITH_META, ('service = "meta"', 'service = "counter"')))
    assert "“_fbp” is set by Counter, and was set by Meta Pixel" in [change.says for change in found.changes]


def test_a_new_language(parse: Parse) -> None:
    """Texts in a new language are one change, not one for each text."""
    english = re.sub(r", lt = \"[^\"]*\"", "", SMALL).replace('["en", "lt"]', '["en"]')
    old, new = parse_catalog(english.encode(), "old"), parse()
    assert [change.says for change in diff(old, new).changes] == ["“lt” is a new language of the website"]


def test_another_order(parse: Parse) -> None:
    """Rows in another order make another notice, which is told."""
    row = ROW.replace('"meta"', '"counter"')
    last = ('lt = "Skaičiuoja apsilankymus." }\n', f'lt = "Skaičiuoja apsilankymus." }}\n{row}')
    found = diff(parse(before(row)), parse(last))
    assert [change.says for change in found.changes] == ["Rows or categories stand in another order"]


def test_two_sites(parse: Parse) -> None:
    """Two sites are not compared."""
    with pytest.raises(ValueError, match="these are two sites, 'shop' and 'other'"):
        diff(parse(), parse(('id = "shop"', 'id = "other"')))


MUTATIONS = [(old, new) for _, changes, _, _ in ASKING + KEEPING for old, new in changes]


@settings(deadline=None, max_examples=60)
@given(
    st.sets(st.integers(0, len(MUTATIONS) - 1), max_size=6),
    st.sets(st.integers(0, len(MUTATIONS) - 1), max_size=6),
)
def test_it_asks_exactly_where_the_server_asks(first: set[int], last: set[int]) -> None:
    """Whatever changed, some change asks again if and only if the revision is another one."""
    old, new = _mutated(first), _mutated(last)
    if old is None or new is None:
        return
    found = diff(old, new)
    revisions = {build_notice(catalog, "lt").revision for catalog in (old, new)}
    assert found.asks == any(change.asks for change in found.changes) == (len(revisions) == 2)
    assert bool(found.changes) == (old != new)


def _mutated(chosen: set[int]) -> Catalog | None:
    source = SMALL
    for index in sorted(chosen):
        source = source.replace(*MUTATIONS[index], 1)
    try:
        return parse_catalog(source.encode(), "catalog.toml")
    except CatalogError:
        return None
