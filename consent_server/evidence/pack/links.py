"""What leaves name must be there: notices, builds of the widget, and the receipt before.

The leaves were verified before this reads them again. Which receipt has which hash is noted in a scratch
file that SQLite keeps beside memory, so that memory does not grow with the log.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import urlsafe_b64decode
from contextlib import closing
from typing import TYPE_CHECKING, Any

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.pack.layout import LEAVES, build_file, hash_in, notice_file
from consent_server.evidence.signing import BUILD_TYPE, NOTICE_TYPE, RECEIPT_TYPE, sha256_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_TABLES = """
    CREATE TABLE receipt (id TEXT PRIMARY KEY, sha256 TEXT) WITHOUT ROWID;
    CREATE TABLE link (line INTEGER PRIMARY KEY, previous TEXT, sha256 TEXT);
"""
_OTHER = """
    SELECT line, previous FROM link JOIN receipt ON id = previous
    WHERE link.sha256 <> receipt.sha256 ORDER BY line LIMIT 1
"""
_MISSING = """
    SELECT count(DISTINCT previous), min(line) FROM link
    WHERE NOT EXISTS (SELECT 1 FROM receipt WHERE id = previous)
"""


def named_files(typ: str, payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files of a pack that a leaf names: its notice and its build of the widget."""
    if typ in {RECEIPT_TYPE, NOTICE_TYPE}:
        yield notice_file(payload["notice"]["sha256"])
    if typ in {RECEIPT_TYPE, BUILD_TYPE} and payload.get("widget"):
        yield build_file(payload["widget"]["sha256"])


def check_links(lines: Iterable[bytes], names: Collection[str], *, whole: bool) -> Iterator[int]:
    """Check verified lines, the head left out; yield the number of each. Raises EvidenceInvalid.

    `names` are the files of the pack: each notice and build among them must be named by a leaf. In a whole
    log every receipt that another names as the one before is there, unless it was erased.
    """
    with closing(sqlite3.connect("")) as scratch:
        scratch.executescript(_TABLES)
        seen: set[str] = set()
        erased = 0
        for number, line in enumerate(lines, 2):
            item = json.loads(line)
            if "jws" in item:
                payload = _payload(item["jws"])
                seen.update(_present(number, named_files(item["type"], payload), names))
                if item["type"] == RECEIPT_TYPE:
                    _note(scratch, number, item["jws"], payload)
            else:
                erased += 1
            yield number
        _check_previous(scratch, erased if whole else None)
    for name in names:
        if hash_in(name) and name not in seen:
            raise EvidenceInvalid(f"{name}: No leaf of this pack names it.")


def _payload(jws: str) -> Any:
    """Return the payload of a JWS that was verified before, without verifying its form again."""
    return json.loads(urlsafe_b64decode(jws.split(".")[1] + "=="))


def _present(number: int, wanted: Iterator[str], names: Collection[str]) -> Iterator[str]:
    try:
        for name in wanted:
            if name not in names:
                raise EvidenceInvalid(f"{name}: It is missing, and {LEAVES}, line {number}, names it.")
            yield name
    except (KeyError, TypeError):
        detail = "It does not name what was shown by its SHA-256."
        raise EvidenceInvalid(f"{LEAVES}, line {number}: {detail}") from None


def _note(scratch: sqlite3.Connection, number: int, jws: str, payload: Mapping[str, Any]) -> None:
    scratch.execute("INSERT OR IGNORE INTO receipt VALUES (?, ?)", (payload["id"], sha256_of(jws)))
    previous = payload.get("previous")
    if previous:
        scratch.execute("INSERT INTO link VALUES (?, ?, ?)", (number, previous["id"], previous["sha256"]))


def _check_previous(scratch: sqlite3.Connection, erased: int | None) -> None:
    """Compare what receipts say of the one before; None stands for a range, of which any may be outside."""
    other = scratch.execute(_OTHER).fetchone()
    if other:
        line, previous = other
        raise EvidenceInvalid(f"{LEAVES}, line {line}: The receipt before, {previous}, has another hash.")
    missing, line = scratch.execute(_MISSING).fetchone()
    if erased is not None and missing > erased:
        detail = (
            f"{missing} receipts that others name as the one before are not in the log; {erased} were erased."
        )
        raise EvidenceInvalid(f"{LEAVES}, line {line}: {detail}")
