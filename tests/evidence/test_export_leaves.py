"""Every leaf of an export is checked strictly: its form, what it says, and its place in time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from exports import (
    DAY,
    MINUTE,
    SIGNER,
    START,
    A,
    B,
    D,
    F,
    encoded,
    export,
    leaf,
    name,
    read,
    receipt,
    statement,
    text,
)

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.keys import public_keys
from consent_server.evidence.signing import ERASURE_TYPE, KEY_TYPE, NOTICE_TYPE
from consent_server.evidence.verify import verify_jws

if TYPE_CHECKING:
    from collections.abc import Callable


def spare_bits(part: str) -> str:
    """Set a bit that base64url does not use at the end of 64 bytes: what it decodes to stays the same."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return part[:-1] + alphabet[alphabet.index(part[-1]) ^ 1]


ALTERED: dict[str, Callable[[list[str]], list[str]]] = {
    "signature of another leaf": lambda parts: [*parts[:2], A["jws"].split(".")[2]],
    "payload of another leaf": lambda parts: [parts[0], A["jws"].split(".")[1], parts[2]],
    "spare bits": lambda parts: [*parts[:2], spare_bits(parts[2])],
    "padding": lambda parts: [*parts[:2], parts[2] + "=="],
    "foreign character": lambda parts: [parts[0], parts[1] + "!", parts[2]],
    "line break": lambda parts: [parts[0], parts[1][:8] + "\n" + parts[1][8:], parts[2]],
    "signature cut": lambda parts: [*parts[:2], parts[2][:-4]],
    "no signature": lambda parts: [*parts[:2], ""],
    "no payload": lambda parts: [parts[0], "", parts[2]],
    "two parts": lambda parts: parts[:2],
    "four parts": lambda parts: [*parts, parts[2]],
    "the other base64": lambda parts: [*parts[:2], "+" + parts[2][1:]],
    "a character too many": lambda parts: [*parts[:2], parts[2] + "AAA"],
    "padding inside": lambda parts: [*parts[:2], "QUI=" + parts[2][4:]],
}


@pytest.mark.parametrize("fault", list(ALTERED))
def test_a_leaf_is_checked_as_strictly_as_the_first_of_its_key(fault: str) -> None:
    """That a header was seen before saves reading it again, and nothing else."""
    altered = {**F, "jws": ".".join(ALTERED[fault](F["jws"].split(".")))}
    with pytest.raises(EvidenceInvalid) as alone:
        verify_jws(altered["jws"], public_keys(SIGNER.jwks()))
    for lines in (export([A], [altered]), export([A, altered])):
        with pytest.raises(EvidenceInvalid) as in_export:
            read(lines)
        assert in_export.value.detail == f"line 3: {alone.value.detail}"


AT = START + 1000 * ord("x")
CONTENT: dict[str, tuple[dict[str, Any], str]] = {
    "another schema": (receipt("x", schema="consent-receipt/2"), "Its schema is 'consent-receipt/2'"),
    "the schema of a statement": (statement("x"), "Its schema is 'consent-statement/1'"),
    "an id that is no UUIDv7": (receipt("x", id="x"), "Its id 'x' is not a UUIDv7"),
    "an id of version 4": (receipt("x", id=name("x").replace("-7", "-4", 1)), "Its id .* is not a UUIDv7"),
    "a time one millisecond off": (receipt("x") | {"time": text(AT - 1)}, "It is back-dated: its “time”"),
    "a time without milliseconds": (
        receipt("x") | {"time": text(AT)[:19] + "Z"},
        "Its “time” is no time",
    ),
    "a time that is no date": (receipt("x") | {"time": "2026-02-30T00:00:00.000Z"}, "Its “time” is no time"),
    "decided after it was signed": (
        receipt("x", decided_at=text(AT + 5 * MINUTE + 1)),
        "It was signed more than 5 minutes before",
    ),
    "decided too long before": (
        receipt("x", decided_at=text(AT - 180 * DAY - 1)),
        "It was signed more than 180 days after",
    ),
    "valid until it was decided": (
        receipt("x", valid_until=text(AT - 500)),
        "Its “valid_until” is not after",
    ),
    "a previous receipt that is younger": (
        receipt("x", previous={"id": name("y", AT + 5 * MINUTE + 1), "sha256": "ab" * 32}),
        "It is back-dated: its “previous”",
    ),
    "itself as the previous receipt": (
        receipt("x", previous={"id": name("x"), "sha256": "ab" * 32}),
        "It is back-dated: its “previous”",
    ),
    "a previous receipt without hash": (
        receipt("x", previous={"id": name("a")}),
        "Its “previous” does not name a receipt",
    ),
    "no notice": (receipt("x", notice=None), "It does not name the notice"),
    "choices that are no choices": (receipt("x", choices={"a": 1}), "Its “choices” do not say"),
    "no services": (receipt("x", services=None), "Its “services” do not say"),
    "an unknown method": (receipt("x", method="guess"), "Its choices and services contradict its method"),
    "a refusal that grants": (receipt("x", method="refuse_all"), "Its choices and services contradict"),
    "an acceptance that refuses": (receipt("x", method="accept_all"), "Its choices and services contradict"),
    "an embed that grants nothing": (
        receipt("x", method="embed", choices={"analytics": False}),
        "Its choices and services contradict",
    ),
    "a state that was not chosen": (receipt("x", state="given"), "Its state is 'given'; .* 'partial'"),
    "a withdrawal called refusal": (
        receipt("x", method="form", choices={"analytics": False}, state="refused"),
        "Its state is 'refused'; .* 'withdrawn'",
    ),
}


@pytest.mark.parametrize("fault", list(CONTENT))
def test_a_signed_receipt_that_contradicts_itself_is_found(fault: str) -> None:
    """The key's holder too can sign nothing whose times, state or schema disagree with the rest of it."""
    payload, words = CONTENT[fault]
    with pytest.raises(EvidenceInvalid, match=f"^line 4, leaf .*: {words}"):
        read(export([A, B, leaf(payload), D]))


STATES = [
    ("accept_all", [True, True], "given"),
    ("refuse_all", [False, False], "refused"),
    ("save", [True, True], "given"),
    ("save", [False, False], "refused"),
    ("save", [], "refused"),
    ("withdraw", [False, False], "withdrawn"),
    ("form", [False, False], "withdrawn"),
    ("embed", [True, False], "partial"),
    ("signal", [False, False], "refused"),
    ("api", [True, False], "partial"),
]


@pytest.mark.parametrize(("method", "said", "state"), STATES)
def test_every_state_that_the_server_signs_verifies(method: str, said: list[bool], state: str) -> None:
    """Method and choices amount to the same state here as where receipts are made."""
    choices = dict(zip("ab", said, strict=False))
    check = ExportCheck()
    payload = receipt("a", method=method, choices=choices, state=state)
    assert list(check.read(encoded(export([leaf(payload)]))))
    assert check.states == Counter({state: 1})


@pytest.mark.parametrize(
    "ranges", [None, {}, [1], [[1]], [[2, 1]], [[-1, 0]], [[0, True]], [[0, 1e400]], [["0", "1"]]]
)
def test_an_erasure_that_names_no_ranges_is_refused(ranges: Any) -> None:
    """A statement counts only where it says in whole numbers which leaves it is about."""
    line = leaf(statement("c", ranges=ranges), ERASURE_TYPE)
    with pytest.raises(EvidenceInvalid, match=r"^line 4, leaf .*: An erasure names no ranges"):
        read(export([A, B, line]))


@pytest.mark.parametrize("typ", [NOTICE_TYPE, KEY_TYPE, ERASURE_TYPE])
def test_a_statement_states_what_its_type_says(typ: str) -> None:
    """A statement under another type's name is found, whoever signed it."""
    with pytest.raises(EvidenceInvalid, match=r"^line 2, leaf .*: A consent-.* states “"):
        read(export([leaf(statement("a", widget={"sha256": "ab" * 32}), typ)]))


def at(letter: str, minutes: float) -> dict[str, Any]:
    """Make a receipt that was made some minutes after the start."""
    return leaf(receipt(letter, START + round(minutes * MINUTE)))


def test_times_in_a_log_go_back_no_further_than_sealing_and_clocks_explain() -> None:
    """Six minutes back is honest, a millisecond more is back-dated, sealed or waiting, after any pause."""
    assert read(export([at("a", 0), at("b", 100), at("c", 94)])) == ["a", "b", "c"]
    assert read(export([at("a", 0), at("b", 100)], [at("c", 94)])) == ["a", "b", "c"]
    late = 94 - 1 / MINUTE
    for sealed, waiting in (
        ([at("a", 100), at("b", late)], []),
        ([at("a", 100), at("x", 104), at("b", late + 4)], []),
        ([at("a", 100)], [at("b", late)]),
    ):
        words = r"^line \d, leaf .*62: It is back-dated, or out of its place: .* 361 seconds younger"
        with pytest.raises(EvidenceInvalid, match=words):
            read(export(sealed, waiting))


def test_leaves_sealed_while_the_export_ran_may_stand_after_younger_ones_that_wait() -> None:
    """What waits has no place yet: it makes nothing after it look back-dated."""
    assert read(export([at("a", 0)], [at("b", 30), at("c", 1)])) == ["a", "b", "c"]


def test_a_repeated_leaf_is_found_however_far_apart() -> None:
    """The ids of the last minutes are remembered; a repeat from further back contradicts its place."""
    minutes = [0, 1, 3, 5, 8, 9, 11, 12, 14, 17, 18, 20]
    log = [at(chr(ord("a") + number), minute) for number, minute in enumerate(minutes)]
    for place, again in enumerate(log):
        for later in range(place + 1, len(log) + 1):
            with pytest.raises(EvidenceInvalid, match=rf"^line {later + 2}, .*(twice|back-dated)"):
                read(export([*log[:later], again, *log[later:]]))
