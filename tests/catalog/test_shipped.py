"""The catalog that comes with the project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.notice import notices_of
from consent_server.catalog.toml import parse_catalog
from consent_server.errors import CatalogError

if TYPE_CHECKING:
    from consent_server.catalog.model import Catalog

SHIPPED = Path(__file__).parents[2] / "cookie_catalog.toml"
SOURCE = SHIPPED.read_bytes()


@pytest.fixture
def catalog() -> Catalog:
    """Read the shipped catalog."""
    (found,) = read_catalogs(SHIPPED)
    return found


def test_site(catalog: Catalog) -> None:
    """The shipped catalog holds: one site in two languages."""
    assert (catalog.site.id, catalog.site.languages) == ("bacloud", ("en", "lt"))
    assert [category.id for category in catalog.categories] == ["necessary", "functional", "analytics"]


@pytest.mark.parametrize(
    ("category", "service", "names"),
    [
        ("analytics", "google-analytics", ["__utma", "__utmb", "__utmc", "__utmt", "__utmz"]),
        ("necessary", "incapsula", ["visid_incap_*", "incap_ses_*", "nlbi_*"]),
        ("necessary", "site", ["bacloud_session", "WHMCS*", "WHMCSUser"]),
        ("functional", "site", ["visitor_profile", "visitor_id"]),
    ],
)
def test_cookies_of_the_policy(catalog: Catalog, category: str, service: str, names: list[str]) -> None:
    """Every cookie that the policy speaks of is a row, and those that recognise visitors need consent."""
    found = [
        row.name
        for row in catalog.cookies
        if (row.category, row.service, row.own) == (category, service, False)
    ]
    assert found == names


def test_promises_of_the_policy(catalog: Catalog) -> None:
    """Each promise of the policy is a statement."""
    assert [statement.id for statement in catalog.statements] == [
        "ip-addresses",
        "contact-information",
        "service-information",
        "third-party-information",
        "use-of-data",
        "third-party-providers",
        "change-and-deletion",
        "access",
        "security",
        "links",
        "cookies",
        "cookie-management",
    ]


def test_notices(catalog: Catalog) -> None:
    """The shipped banner is short in both languages and counts two third parties."""
    texts = [notice.body["texts"]["banner_text"] for notice in notices_of(catalog).values()]
    assert [len(text) <= 330 and ": 2." in text for text in texts] == [True, True]


def test_assumed_is_marked() -> None:
    """What the policy does not say is marked for the lawyers to check."""
    assert SOURCE.count(b"assumed") > 10


def _parse_or_refuse(source: bytes) -> None:
    try:
        parse_catalog(source, "catalog.toml")
    except CatalogError as error:
        assert error.flaws  # noqa: PT017


@given(st.binary(max_size=500))
def test_any_bytes(source: bytes) -> None:
    """Any bytes are a catalog or a CatalogError."""
    _parse_or_refuse(source)


@settings(deadline=None)
@given(st.data())
def test_any_damage(data: st.DataObject) -> None:
    """The shipped catalog with any piece cut out or replaced is a catalog or a CatalogError."""
    start = data.draw(st.integers(0, len(SOURCE)))
    length = data.draw(st.integers(0, 200))
    piece = data.draw(
        st.one_of(st.binary(max_size=8), st.sampled_from([b'"', b"[[", b"= 1\n", b"{}", b"''"]))
    )
    _parse_or_refuse(SOURCE[:start] + piece + SOURCE[start + length :])


values = st.recursive(
    st.sampled_from(["1", "true", '""', '"x"', "2026-01-01", "nan", '"en"']),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"k{index} = {item}" for index, item in enumerate(items)) + "}"
        ),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.data())
def test_any_value(data: st.DataObject) -> None:
    """A value of any type in any place of the shipped catalog is a catalog or a CatalogError."""
    lines = SOURCE.decode().split("\n")
    places = [index for index, line in enumerate(lines) if " = " in line and not line.startswith(("#", " "))]
    index = data.draw(st.sampled_from(places))
    lines[index] = f"{lines[index].split(' = ')[0]} = {data.draw(values)}"
    _parse_or_refuse("\n".join(lines).encode())
