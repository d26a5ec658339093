"""What tests of evidence share: a shop with packs, and the notices of the shipped catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from answers import CATALOG as SHIPPED
from packs import CATALOG, Made, Shop

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.notice import Notice, notices_of
from consent_server.catalog.toml import parse_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.consent.stored import Leaf

    Files = dict[str, bytes]


@pytest.fixture(scope="module")
def shipped() -> dict[str, Notice]:
    """Give the notices of the catalog that is shipped."""
    return notices_of(read_catalogs(SHIPPED)[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Give a shop with ten receipts, two of them erased, and its packs."""
    folder = tmp_path_factory.mktemp("shop")
    shop = Shop(folder, notices_of(parse_catalog(CATALOG.encode(), "shop.toml")))
    leaves: list[Leaf] = []
    for day in range(1, 11):
        leaves.append(shop.decide(day, leaves[day - 5] if day % 5 == 1 and day > 1 else None))
    early = [shop.seal()]
    shop.erase(11, leaves[3], leaves[4])
    early.append(shop.seal())
    shop.decide(12)
    yield Made(shop, shop.pack(), shop.pack(3, 6), early)
    shop.store.close()
