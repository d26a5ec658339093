"""What a pack holds: names, limits, and the manifest that lists every file.

leaves.ndjson       the lines of an export (DESIGN 6): the whole log, or a range of it
proofs.ndjson       of a range only: the inclusion proof of each sealed leaf, in the order of the leaves
notices/, builds/   every notice and build of the widget that these leaves name, each named by its SHA-256
keys/, checkpoint.txt
timestamps/         N.tsr stamps the checkpoint N.txt of the first N leaves; N.json proves that the log
                    grew from there
pictures/N/         where there are any: series of pictures of what was shown, each with its snapshot.json
VERIFY.md, verify.sh, verify.py, manifest.json
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.verify import json_object

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = "consent-pack/1"
LEAVES, PROOFS, CHECKPOINT = "leaves.ndjson", "proofs.ndjson", "checkpoint.txt"
JWKS, LOG_KEY = "keys/jwks.json", "keys/log-key.txt"
MANIFEST = "manifest.json"
NOTICES = "notices/"
ALONE = ("VERIFY.md", "verify.sh", "verify.py")
"""What lets a pack be verified without this project."""
REQUIRED = frozenset({LEAVES, CHECKPOINT, JWKS, LOG_KEY, *ALONE})
STREAMED = frozenset({LEAVES, PROOFS})
"""Files that are read line by line, and may be of any size."""

MOST_FILES = 100_000
LARGEST = 16 * 1024 * 1024
"""Bytes of a file that is read whole."""
LARGEST_MANIFEST = 64 * 1024 * 1024
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes: room for an erasure of millions of leaves."""
MOST_PACKED = 100
"""How many times larger than in the archive a file may be: proofs repeat themselves, and come to 15."""

_NAME = re.compile(
    r"leaves\.ndjson|proofs\.ndjson|checkpoint\.txt|manifest\.json|VERIFY\.md|verify\.sh|verify\.py"
    r"|keys/(?:jwks\.json|log-key\.txt)|(?P<kind>notices|builds)/(?P<sha256>[0-9a-f]{64})\.(?:json|js)"
    r"|timestamps/(?P<size>[1-9][0-9]{0,18})\.(?:tsr|txt|json)"
    r"|pictures/(?P<series>[1-9][0-9]{0,3})/(?:snapshot\.json|[A-Za-z0-9][A-Za-z0-9-]{0,99}\.png)"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def notice_file(sha256: str) -> str:
    """Return where a notice stands."""
    return f"{NOTICES}{sha256}.json"


def build_file(sha256: str) -> str:
    """Return where a build of the widget stands."""
    return f"builds/{sha256}.js"


def stamp_files(size: int) -> tuple[str, str, str]:
    """Return where the stamp, the checkpoint and the proof of growth stand for a stamped checkpoint."""
    return f"timestamps/{size}.tsr", f"timestamps/{size}.txt", f"timestamps/{size}.json"


def picture_file(number: int, name: str) -> str:
    """Return where a picture of a series, or its index, stands."""
    return f"pictures/{number}/{name}"


def is_name(name: str) -> bool:
    """Tell whether a pack may hold a file of this name: nothing that leads out of it, nothing unknown."""
    found = _NAME.fullmatch(name)
    return found is not None and (found["kind"] is None or name.endswith(_ENDS[found["kind"]]))


_ENDS = {"notices": ".json", "builds": ".js"}


def hash_in(name: str) -> str | None:
    """Return the SHA-256 that a file's name states, if it does."""
    found = _NAME.fullmatch(name)
    return found["sha256"] if found else None


def stamped_sizes(names: Mapping[str, Any]) -> list[int]:
    """Return the sizes of the stamped checkpoints, in order."""
    found = (_NAME.fullmatch(name) for name in names)
    return sorted({int(match["size"]) for match in found if match and match["size"]})


def series_of(names: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the series of pictures, in order."""
    found = (_NAME.fullmatch(name) for name in names)
    return sorted({int(match["series"]) for match in found if match and match["series"]})


@dataclass(frozen=True, slots=True)
class Part:
    """The leaves from index `first` to before `end`: those of the times asked for, and what surrounds them.

    `since` (inside) and `until` (outside) are Unix milliseconds, None where nothing was asked.
    """

    first: int
    end: int
    since: int | None
    until: int | None


@dataclass(frozen=True, slots=True)
class File:
    """A file as the manifest lists it; its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a pack says of itself. `part` is None for a whole log; `made` is Unix milliseconds."""

    site: str
    made: int
    part: Part | None
    files: Mapping[str, File]

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        part = self.part
        return {
            "schema": SCHEMA,
            "site": self.site,
            "made": _text(self.made),
            "range": part
            and {
                "first": part.first,
                "end": part.end,
                "from": None if part.since is None else _text(part.since),
                "to": None if part.until is None else _text(part.until),
            },
            "files": {
                name: {"sha256": file.sha256, "size": file.size} for name, file in sorted(self.files.items())
            },
        }


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises EvidenceInvalid."""
    value = json_object(data, "file")
    if value.get("schema") != SCHEMA:
        raise EvidenceInvalid(f"Its schema is {value.get('schema')!r}, not {SCHEMA!r}.")
    try:
        files = {
            str(name): File(str(file["sha256"]), _number(file["size"]))
            for name, file in value["files"].items()
        }
        part = None if value["range"] is None else _part(value["range"])
        return Manifest(str(value["site"]), _moment(value["made"]), part, files)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise EvidenceInvalid("A member is missing, or is not what it must be.") from None


def _part(value: Mapping[str, Any]) -> Part:
    since, until = value["from"], value["to"]
    part = Part(
        _number(value["first"]),
        _number(value["end"]),
        None if since is None else _moment(since),
        None if until is None else _moment(until),
    )
    if part.first >= part.end:
        raise ValueError
    return part


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _text(milliseconds: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _moment(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(milliseconds=1)
