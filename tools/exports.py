"""Small exports, whole and as they should be, for tests to damage: leaves are named by letters."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from consent_server.evidence import note
from consent_server.evidence.checkpoint import Checkpoint, sign
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.frontier import Frontier
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import ERASURE_TYPE, RECEIPT_TYPE, ReceiptSigner, leaf_hash

SIGNER, STRANGER = ReceiptSigner([generate_key()]), ReceiptSigner([generate_key()])
LOG_KEY, OTHER_LOG_KEY = (note.load_private_key(note.generate_key()) for _ in range(2))
ORIGIN = "consent.example/v1/shop"
VERIFIER = note.verifier_of(ORIGIN, LOG_KEY).encode()
START = 1_790_000_000_000
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def name(letter: str, time: int | None = None) -> str:
    """Give the UUIDv7 that a letter stands for: one made a second after another, or at `time`."""
    moment = f"{START + 1000 * ord(letter) if time is None else time:012x}"
    return f"{moment[:8]}-{moment[8:]}-7000-8000-{ord(letter):012x}"


def text(milliseconds: int) -> str:
    """Write a time as receipts do."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def receipt(letter: str, time: int | None = None, **more: Any) -> dict[str, Any]:
    """Make the payload of a receipt, as far as a verifier looks at it."""
    moment = START + 1000 * ord(letter) if time is None else time
    return {
        "schema": "consent-receipt/1",
        "id": name(letter, time),
        "site": "shop",
        "time": text(moment),
        "decided_at": text(moment - 500),
        "state": "partial",
        "method": "save",
        "choices": {"analytics": True, "marketing": False},
        "services": {},
        "notice": {"sha256": "ab" * 32},
        "valid_until": text(moment + 180 * DAY),
        "previous": None,
        **more,
    }


def statement(letter: str, **more: Any) -> dict[str, Any]:
    """Make the payload of a statement of ours."""
    payload = receipt(letter)
    return {
        "schema": "consent-statement/1",
        **{member: payload[member] for member in ("id", "site", "time")},
        **more,
    }


def leaf(payload: dict[str, Any], typ: str = RECEIPT_TYPE, signer: ReceiptSigner = SIGNER) -> dict[str, Any]:
    """Make a line for a leaf."""
    return {"type": typ, "jws": signer.sign(payload, typ)}


def erased(line: dict[str, Any]) -> dict[str, Any]:
    """Make the line that is left of an erased leaf."""
    return {"erased": True, "leaf_hash": base64.b64encode(hash_of(line)).decode()}


def hash_of(line: dict[str, Any]) -> bytes:
    """Return the leaf hash of a line."""
    return base64.b64decode(line["leaf_hash"]) if "erased" in line else leaf_hash(line["jws"])


def checkpoint(lines: list[dict[str, Any]], key: Any = LOG_KEY, origin: str = ORIGIN) -> str:
    """Sign the checkpoint over leaves."""
    tree = Frontier()
    for line in lines:
        tree.add(hash_of(line))
    return sign(Checkpoint(origin, tree.size, tree.root()), key)


def export(sealed: list[dict[str, Any]], waiting: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Make an export of sealed and of waiting leaves."""
    head = {"site": "shop", "keys": SIGNER.jwks(), "log_key": VERIFIER, "checkpoint": checkpoint(sealed)}
    return [head, *({"index": index, **line} for index, line in enumerate(sealed)), *(waiting or [])]


def encoded(lines: list[Any]) -> list[str]:
    """Write lines as an export does; what is a string already stays."""
    return [
        line if isinstance(line, str) else json.dumps(line, separators=(",", ":")) + "\n" for line in lines
    ]


def read(lines: list[Any], trust: Trust | None = None) -> list[str]:
    """Verify an export and return the letters of the leaves in it."""
    leaves = ExportCheck(trust or Trust()).read(encoded(lines))
    return [chr(int(payload["id"][-12:], 16)) for _, payload in leaves]


def erasure(letter: str, *ranges: list[int]) -> dict[str, Any]:
    """Make a line that states an erasure."""
    return leaf(statement(letter, ranges=list(ranges), reason="subject"), ERASURE_TYPE)


A, B, C, D, E, F = (leaf(receipt(letter)) for letter in "abcdef")
STATED = erasure("e", [1, 2])
SEALED = [A, erased(B), erased(C), STATED]
WAITING = [F]


def good() -> list[dict[str, Any]]:
    """Make an export in which everything is right."""
    return export(SEALED, WAITING)


def without(lines: list[Any], place: int) -> list[Any]:
    """Leave a line out."""
    return lines[:place] + lines[place + 1 :]


def changed(lines: list[Any], place: int, **members: Any) -> list[Any]:
    """Change members of a line."""
    return [*lines[:place], {**lines[place], **members}, *lines[place + 1 :]]
