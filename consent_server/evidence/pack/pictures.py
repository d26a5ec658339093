"""Pictures in a pack: dated series of `catalog snapshot`, each with the index that names its files.

Nothing signs a picture. What proves what was shown are notice and build, which receipts name; pictures show
it to people who read no JSON (CNIL names dated screenshots among the proofs of consent).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.pack.layout import is_name, notice_file, picture_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

INDEX = "snapshot.json"
SCHEMA = "consent-snapshot/1"


@dataclass(frozen=True, slots=True)
class Index:
    """What an index says: the site, the SHA-256 of the notices shown, and of each picture by its name."""

    site: str
    notices: frozenset[str]
    pictures: Mapping[str, str]


def read_index(data: bytes) -> Index:
    """Read a `snapshot.json`. Raises EvidenceInvalid."""
    try:
        value = json.loads(data)
        if value["schema"] != SCHEMA:
            raise EvidenceInvalid(f"Its schema is {value['schema']!r}, not {SCHEMA!r}.")
        notices = frozenset(str(notice["sha256"]) for notice in value["notices"].values())
        pictures = {str(picture["file"]): str(picture["sha256"]) for picture in value["pictures"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise EvidenceInvalid("It is no index of pictures.") from None
    for name in pictures:
        if not is_name(picture_file(1, name)):
            raise EvidenceInvalid(f"It names {name!r}, which is no name of a picture.")
    return Index(str(value.get("site")), notices, pictures)


def check_series(number: int, data: bytes, site: str, files: Mapping[str, str]) -> None:
    """Check one series, `data` being its index and `files` the SHA-256 of every file of the pack.

    Raises EvidenceInvalid: for pictures of another site, or of notices that the pack does not hold; for
    one that is missing, changed, or not in the index.
    """
    index = read_index(data)
    check_shown(index, site, files)
    inside = {name for name in files if name.startswith(picture_file(number, ""))}
    listed = {picture_file(number, name): sha256 for name, sha256 in index.pictures.items()}
    for name in sorted(inside | listed.keys()):
        if name != picture_file(number, INDEX) and files.get(name) != listed.get(name):
            raise EvidenceInvalid(f"{name} is not what the index says.")


def check_shown(index: Index, site: str, names: Collection[str]) -> None:
    """Refuse pictures of another site, or of notices that are not among the files `names` of a pack."""
    if index.site != site:
        raise EvidenceInvalid(f"Its pictures are of {index.site}, not of {site}.")
    if not any(notice_file(sha256) in names for sha256 in index.notices):
        raise EvidenceInvalid("Its pictures show notices that no leaf of this pack names.")
