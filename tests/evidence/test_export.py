"""Exports verify offline, and the first thing wrong is named."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from exports import (
    ORIGIN,
    OTHER_LOG_KEY,
    SEALED,
    SIGNER,
    STATED,
    STRANGER,
    VERIFIER,
    WAITING,
    A,
    B,
    C,
    D,
    F,
    changed,
    checkpoint,
    encoded,
    erased,
    erasure,
    export,
    good,
    leaf,
    name,
    read,
    receipt,
    statement,
    without,
)

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import note
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.signing import ERASURE_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_good_export_yields_every_leaf_that_is_there() -> None:
    """Erased lines are accounted for, the others verified, with the export's own keys and the auditor's."""
    assert read(good()) == ["a", "e", "f"]
    since = checkpoint(SEALED[:2])
    assert read(good(), Trust(SIGNER.jwks(), VERIFIER, since)) == ["a", "e", "f"]
    assert read(export([])) == []


def test_an_erasure_may_be_stated_by_a_leaf_that_waits() -> None:
    """The statement comes some seconds before its own place in the log."""
    assert read(export(SEALED[:3], [STATED])) == ["a", "e"]


def test_statements_of_erasures_may_overlap() -> None:
    """However ranges lie, a leaf that one of them holds is accounted for; the first other is found."""
    gone = [erased(leaf(receipt(letter))) for letter in "ABCDEFGH"]
    for ranges in ([[0, 7]], [[0, 6], [2, 3], [7, 7]], [[4, 7], [0, 3]], [[0, 2], [1, 5], [5, 7]]):
        assert read(export([*gone, erasure("a", *ranges)])) == ["a"]
    with pytest.raises(EvidenceInvalid, match=r"^line 6: The leaf 4 was erased, and no"):
        read(export([*gone, erasure("a", [0, 3], [5, 7], [1, 2])]))


DAMAGE: dict[str, tuple[Callable[[], list[Any]], str]] = {
    "empty": (list, "line 1: The line is not JSON"),
    "head no JSON": (lambda: ["x"], "line 1"),
    "head without keys": (lambda: ["{}"], "line 1: The JWK Set holds no keys"),
    "head without log key": (lambda: changed(good(), 0, log_key=None), "line 1"),
    "checkpoint by another key": (
        lambda: changed(good(), 0, checkpoint=checkpoint(SEALED, OTHER_LOG_KEY)),
        "line 1",
    ),
    "checkpoint of another site": (lambda: changed(good(), 0, site="other"), "line 1: The checkpoint is of"),
    "checkpoint of fewer leaves": (
        lambda: changed(good(), 0, checkpoint=checkpoint(SEALED[:3])),
        f"line 5, leaf {name('e')}: The checkpoint covers 3 leaves, and this is one more",
    ),
    "checkpoint of more leaves": (
        lambda: changed(good(), 0, checkpoint=checkpoint([*SEALED, F])),
        f"line 6, leaf {name('f')}: The checkpoint covers 5 leaves, and the export has 4",
    ),
    "cut after a leaf": (
        lambda: changed(good(), 0, checkpoint=checkpoint([*SEALED, F]))[:-1],
        "line 5: The checkpoint covers 5 leaves, and the export has 4",
    ),
    "no checkpoint": (
        lambda: changed(good(), 0, checkpoint=None),
        f"line 2, leaf {name('a')}: The checkpoint covers 0",
    ),
    "line no JSON": (lambda: [*good(), "{"], "line 7: The line is not JSON"),
    "line blank": (lambda: [*good(), "\n"], "line 7: The line is not JSON"),
    "line no object": (lambda: [*good(), "[]"], "line 7: The line is not a JSON object"),
    "line nested too deep": (lambda: [*good(), "[" * 100_000], "line 7: The line is not JSON"),
    "line without leaf": (lambda: [*good(), {}], "line 7: The line has no “jws”"),
    "type that no log holds": (lambda: [*good(), leaf(receipt("x"), "JWT")], "line 7: The line has no “jws”"),
    "type no text": (lambda: changed(good(), 1, type=[]), "line 2: The line has no “jws”"),
    "JWS not ASCII": (lambda: changed(good(), 1, jws="é.é.é"), "line 2: The JWS has a character"),
    "retyped": (lambda: changed(good(), 1, type=ERASURE_TYPE), "line 2: The header does not say"),
    "twice": (lambda: [*good(), F], f"line 7, leaf {name('f')}: It stands in the export twice"),
    "sealed twice": (lambda: export([A, B, A]), f"line 4, leaf {name('a')}: It stands in the export twice"),
    "sealed and waiting": (lambda: export([A, B], [A]), "line 4, leaf .*: It stands in the export twice"),
    "of another site": (
        lambda: [*good(), leaf(receipt("x", site="other"))],
        f"line 7, leaf {name('x')}: It belongs to the site 'other'",
    ),
    "by another key": (lambda: [*good(), leaf(receipt("x"), signer=STRANGER)], "line 7: The key"),
    "re-signed": (
        lambda: changed(good(), 1, **leaf(receipt("a"))),
        f"line 5, leaf {name('e')}: The leaves do not have the root",
    ),
    "left out": (lambda: without(good(), 1), "line 2: Its index is 1; the next in the log is 0"),
    "left out and renumbered": (
        lambda: [good()[0], *({**line, "index": n} for n, line in enumerate(SEALED[1:]))],
        "line 4, leaf .*: It states the erasure of leaves that do not stand before it|line 4: The checkpoint",
    ),
    "reordered": (
        lambda: [good()[0], good()[2], good()[1], *good()[3:]],
        "line 2: Its index is 1",
    ),
    "index no number": (lambda: changed(good(), 1, index=False), "line 2: Its index is False"),
    "index negative": (lambda: changed(good(), 1, index=-1), "line 2: Its index is -1"),
    "index null": (lambda: changed(good(), 1, index=None), "line 2: Its index is None"),
    "erased hash altered": (lambda: changed(good(), 2, leaf_hash="AAAA"), "line 3: A hash has 3 bytes"),
    "erased without statement": (
        lambda: export(SEALED[:3]),
        "line 3: The leaf 1 was erased, and no signed statement says so",
    ),
    "erased beyond the statement": (
        lambda: export([*SEALED, erased(D)]),
        "line 6: The leaf 4 was erased",
    ),
    "erasure stated in advance": (
        lambda: export([A, erasure("b", [0, 2]), erased(C)]),
        f"line 3, leaf {name('b')}: It states the erasure of leaves that do not stand before it",
    ),
}


@pytest.mark.parametrize("fault", list(DAMAGE))
def test_the_first_thing_wrong_is_named(fault: str) -> None:
    """The auditor reads the line, and the leaf where it is known."""
    damage, words = DAMAGE[fault]
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
        ([*SEALED, D], "line 1: The log has shrunk: it had 5 leaves"),
        ([SEALED[1], SEALED[0]], "line 3: The first 2 leaves are not those of your checkpoint"),
        ([D, *SEALED[1:]], f"line 5, leaf {name('e')}: The first 4 leaves are not those"),
    ],
)
def test_a_log_that_did_not_only_grow_is_found(since: list[dict[str, Any]], words: str) -> None:
    """The checkpoint of the last visit shows what was cut, reordered or replaced since."""
    for log_only in (False, True):
        with pytest.raises(EvidenceInvalid, match=f"^{words}"):
            list(ExportCheck(Trust(since=checkpoint(since)), log_only).verify(encoded(good())))


def test_the_log_alone_is_checked_without_the_receipts_signatures() -> None:
    """Root, indices, and erasures with their signed statements: all that the log itself commits to."""
    forged = leaf(receipt("a"), signer=STRANGER)
    check = ExportCheck(log_only=True)
    assert list(check.verify(encoded(export([forged, *SEALED[1:]], WAITING))))[-1] == 6
    assert check.receipts == 2
    assert check.states == Counter()
    for lines, words in (
        (changed(good(), 1, **leaf(receipt("a"))), "line 5, .*: The leaves do not have the root"),
        (without(good(), 1), "line 2: Its index is 1"),
        (export(SEALED[:3]), "line 3: The leaf 1 was erased"),
        (
            export([*SEALED[:3], leaf(statement("e", ranges=[[1, 2]]), ERASURE_TYPE, STRANGER)]),
            "line 5: The key",
        ),
    ):
        with pytest.raises(EvidenceInvalid, match=f"^{words}"):
            list(ExportCheck(log_only=True).verify(encoded(lines)))
