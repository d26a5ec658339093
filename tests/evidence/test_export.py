"""Exports verify offline, and the first thing wrong is named."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import note
from consent_server.evidence.checkpoint import Checkpoint, sign
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.frontier import Frontier
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import ERASURE_TYPE, RECEIPT_TYPE, ReceiptSigner, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNER, STRANGER = ReceiptSigner([generate_key()]), ReceiptSigner([generate_key()])
LOG_KEY, OTHER_LOG_KEY = (note.load_private_key(note.generate_key()) for _ in range(2))
ORIGIN = "consent.example/v1/shop"
VERIFIER = note.verifier_of(ORIGIN, LOG_KEY).encode()


def jws(name: str, typ: str = RECEIPT_TYPE, signer: ReceiptSigner = SIGNER, **more: Any) -> str:
    """Sign a leaf."""
    return signer.sign({"id": name, "site": "shop", **more}, typ)


def leaf(signed: str, typ: str = RECEIPT_TYPE) -> dict[str, Any]:
    """Make a line for a leaf."""
    return {"type": typ, "jws": signed}


def erased(signed: str) -> dict[str, Any]:
    """Make the line that is left of an erased leaf."""
    return {"erased": True, "leaf_hash": base64.b64encode(leaf_hash(signed)).decode()}


def hash_of(line: dict[str, Any]) -> bytes:
    """Return the leaf hash of a line."""
    return base64.b64decode(line["leaf_hash"]) if "erased" in line else leaf_hash(line["jws"])


def checkpoint(lines: list[dict[str, Any]], key: Any = LOG_KEY) -> str:
    """Sign the checkpoint over leaves."""
    tree = Frontier()
    for line in lines:
        tree.add(hash_of(line))
    return sign(Checkpoint(ORIGIN, tree.size, tree.root()), key)


def export(sealed: list[dict[str, Any]], waiting: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Make an export of sealed and of waiting leaves."""
    head = {"site": "shop", "keys": SIGNER.jwks(), "log_key": VERIFIER, "checkpoint": checkpoint(sealed)}
    return [head, *({"index": index, **line} for index, line in enumerate(sealed)), *(waiting or [])]


def read(lines: list[Any], trust: Trust | None = None) -> list[str]:
    """Verify an export and return the ids in it."""
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    return [payload["id"] for _, payload in ExportCheck(trust or Trust()).read(text)]


A, B, C, D = (jws(name) for name in "abcd")
STATEMENT = leaf(jws("e", ERASURE_TYPE, ranges=[[1, 2]], reason="subject"), ERASURE_TYPE)
SEALED = [leaf(A), erased(B), erased(C), STATEMENT]
WAITING = [leaf(D)]


def good() -> list[dict[str, Any]]:
    """Make an export in which everything is right."""
    return export(SEALED, WAITING)


def test_a_good_export_yields_every_leaf_that_is_there() -> None:
    """Erased lines are accounted for, the others verified, with the export's own keys and the auditor's."""
    assert read(good()) == ["a", "e", "d"]
    since = checkpoint(SEALED[:2])
    assert read(good(), Trust(SIGNER.jwks(), VERIFIER, since)) == ["a", "e", "d"]
    assert read(export([])) == []


def test_an_erasure_may_be_stated_by_a_leaf_that_waits() -> None:
    """The statement comes some seconds before its own place in the log."""
    assert read(export(SEALED[:3], [STATEMENT])) == ["a", "e"]


def without(lines: list[Any], place: int) -> list[Any]:
    """Leave a line out."""
    return lines[:place] + lines[place + 1 :]


def changed(lines: list[Any], place: int, **members: Any) -> list[Any]:
    """Change members of a line."""
    return [*lines[:place], {**lines[place], **members}, *lines[place + 1 :]]


DAMAGE: dict[str, tuple[Callable[[], list[Any]], str]] = {
    "empty": (list, "line 1: The line is not JSON"),
    "head no JSON": (lambda: ["x"], "line 1"),
    "head without keys": (lambda: ["{}"], "line 1: The JWK Set holds no keys"),
    "head without log key": (lambda: changed(good(), 0, log_key=None), "line 1"),
    "checkpoint by another key": (
        lambda: changed(good(), 0, checkpoint=checkpoint(SEALED, OTHER_LOG_KEY)),
        "line 1",
    ),
    "checkpoint of fewer leaves": (
        lambda: changed(good(), 0, checkpoint=checkpoint(SEALED[:3])),
        "line 6: The checkpoint covers 3 leaves",
    ),
    "checkpoint of more leaves": (
        lambda: changed(good(), 0, checkpoint=checkpoint([*SEALED, leaf(D)])),
        "line 6: The checkpoint covers 5 leaves",
    ),
    "no checkpoint": (lambda: changed(good(), 0, checkpoint=None), "line 2: Its index is 0|line 2, leaf a"),
    "line no JSON": (lambda: [*good(), "{"], "line 7"),
    "line without leaf": (lambda: [*good(), {}], "line 7"),
    "type that no log holds": (lambda: [*good(), leaf(jws("x", "JWT"), "JWT")], "line 7"),
    "retyped": (lambda: changed(good(), 1, type=ERASURE_TYPE), "line 2"),
    "twice": (lambda: [*good(), leaf(D)], "line 7, leaf d: It stands in the export twice"),
    "of another site": (lambda: [*good(), leaf(SIGNER.sign({"id": "x", "site": "other"}))], "line 7, leaf x"),
    "by another key": (lambda: [*good(), leaf(jws("x", signer=STRANGER))], "line 7"),
    "re-signed": (lambda: changed(good(), 1, jws=jws("a")), "line 6: The leaves do not have the root"),
    "left out": (lambda: without(good(), 1), "line 2: Its index is 1; the next in the log is 0"),
    "left out and renumbered": (
        lambda: [good()[0], *({**line, "index": n} for n, line in enumerate(SEALED[1:]))],
        "line 4: The checkpoint covers 4 leaves",
    ),
    "reordered": (
        lambda: [good()[0], good()[2], good()[1], *good()[3:]],
        "line 2: Its index is 1",
    ),
    "index no number": (lambda: changed(good(), 1, index=False), "line 2, leaf a: Its index is False"),
    "erased hash altered": (lambda: changed(good(), 2, leaf_hash="AAAA"), "line 3"),
    "erased without statement": (
        lambda: export(SEALED[:3]),
        "line 3: The leaf 1 was erased, and no signed statement says so",
    ),
    "erased beyond the statement": (
        lambda: export([*SEALED, erased(D)]),
        "line 6: The leaf 4 was erased",
    ),
}


@pytest.mark.parametrize("name", list(DAMAGE))
def test_the_first_thing_wrong_is_named(name: str) -> None:
    """The auditor reads the line, and the leaf where it is known."""
    damage, words = DAMAGE[name]
    with pytest.raises(EvidenceInvalid, match=f"^({words})"):
        read(damage())


def test_an_export_that_agrees_with_itself_fails_against_the_auditors_keys() -> None:
    """Whoever makes up an export with keys of his own is found by the keys that the auditor holds."""
    forged = good()
    others = note.verifier_of(ORIGIN, OTHER_LOG_KEY).encode()
    with pytest.raises(EvidenceInvalid, match=r"not among the published keys"):
        read(forged, Trust(jwks=STRANGER.jwks()))
    with pytest.raises(EvidenceInvalid, match=r"^line 1: No known key"):
        read(forged, Trust(log_key=others))
    for nothing in (Trust(jwks={}), Trust(jwks={"keys": []}), Trust(log_key="")):
        with pytest.raises(EvidenceInvalid, match=r"^line 1"):
            read(forged, nothing)


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ([*SEALED, leaf(D)], "line 1: The log has shrunk: it had 5 leaves"),
        ([SEALED[1], SEALED[0]], "line 3: The first 2 leaves are not those of your checkpoint"),
        ([leaf(D), *SEALED[1:]], "line 5, leaf e: The first 4 leaves are not those"),
    ],
)
def test_a_log_that_did_not_only_grow_is_found(since: list[dict[str, Any]], words: str) -> None:
    """The checkpoint of the last visit shows what was cut, reordered or replaced since."""
    with pytest.raises(EvidenceInvalid, match=f"^{words}"):
        read(good(), Trust(since=checkpoint(since)))
