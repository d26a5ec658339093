"""Pictures in a pack: of this site and its notices, and just those that their index names."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from packs import TOOLS, relist, repack, unpack, verify_alone, verify_here

from consent_server.consent.packing import Packer
from consent_server.consent.publisher import Shelf
from consent_server.errors import EvidenceInvalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packs import Files, Made, Shop

PICTURES = {"en-phone-light-banner.png": b"a picture", "en-phone-dark-banner.png": b"another"}
FOLDER = "pictures/1/"
INDEX = "pictures/1/snapshot.json"


def index(shop: Shop, **changes: Any) -> bytes:
    """Make the index of the pictures, as `catalog snapshot` does."""
    value = {
        "schema": "consent-snapshot/1",
        "site": "shop",
        "notices": {"en": {"sha256": shop.notice.sha256}},
        "pictures": [
            {"file": name, "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in PICTURES.items()
        ],
    }
    return json.dumps(value | changes).encode()


def pack(shop: Shop, *series: dict[str, bytes]) -> bytes:
    """Pack the shop's log with series of pictures."""
    file = io.BytesIO()
    packer = Packer(shop.exporter, Shelf(shop.store, shop.store, shop.store, shop.store), shop.clock)
    for _ in packer.write(packer.plan("shop"), file, series):
        pass
    return file.getvalue()


@TOOLS
def test_pictures_are_packed_and_verified(made: Made, tmp_path: Path) -> None:
    """Several series, each in its folder, by both verifiers."""
    series = {"snapshot.json": index(made.shop), **PICTURES}
    data = pack(made.shop, series, series)
    assert unpack(data)["pictures/2/en-phone-dark-banner.png"] == b"another"
    assert verify_here(data, tmp_path).receipts == verify_here(made.whole, tmp_path).receipts
    assert verify_alone(data, tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"site": "other"}, "are of other, not of shop"),
        ({"notices": {"en": {"sha256": "ab" * 32}}}, "no leaf of this pack names"),
        ({"schema": "x"}, "Its schema is 'x'"),
        ({"pictures": 3}, "no index of pictures"),
        ({"pictures": [{"file": "../x.png", "sha256": ""}]}, "no name of a picture"),
    ],
)
def test_pictures_of_something_else_are_not_packed(made: Made, changes: dict[str, Any], words: str) -> None:
    """They would say nothing of this log."""
    with pytest.raises(EvidenceInvalid, match=words):
        pack(made.shop, {"snapshot.json": index(made.shop, **changes), **PICTURES})


def without(name: str) -> Callable[[Files, Shop], None]:
    """Make a damage that takes a file away."""

    def damage(files: Files, _: Shop) -> None:
        del files[name]

    return damage


def with_content(name: str, content: bytes) -> Callable[[Files, Shop], None]:
    """Make a damage that changes a file, or adds one."""
    return lambda files, _: files.update({name: content})


def with_index(**changes: Any) -> Callable[[Files, Shop], None]:
    """Make a damage that changes the index."""
    return lambda files, shop: files.update({INDEX: index(shop, **changes)})


DAMAGES = {
    "a picture is gone": without(f"{FOLDER}en-phone-dark-banner.png"),
    "a picture is another": with_content(f"{FOLDER}en-phone-dark-banner.png", b"retouched"),
    "a picture was added": with_content(f"{FOLDER}en-phone-dark-other.png", b"added"),
    "the index is gone": without(INDEX),
    "the index is nonsense": with_content(INDEX, b"[]"),
    "the index names nothing": with_index(pictures=[]),
    "the index is of another site": with_index(site="other"),
    "the index is of another notice": with_index(notices={"en": {"sha256": "ab" * 32}}),
}


@TOOLS
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_pictures_are_named_by_both_verifiers(made: Made, tmp_path: Path, name: str) -> None:
    """Also where the manifest was made to agree."""
    files = unpack(pack(made.shop, {"snapshot.json": index(made.shop), **PICTURES}))
    DAMAGES[name](files, made.shop)
    relist(files)
    with pytest.raises(EvidenceInvalid, match=f"^{INDEX}: "):
        verify_here(repack(files), tmp_path)
    assert f"hold. {INDEX}: " in verify_alone(repack(files), tmp_path).stderr
