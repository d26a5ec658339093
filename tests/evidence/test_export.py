"""Exports verify offline, and the first thing wrong is named."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections import Counter
from datetime import UTC, datetime
from multiprocessing import active_children
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import note
from consent_server.evidence.checkpoint import Checkpoint, sign
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.frontier import Frontier
from consent_server.evidence.keys import generate_key, public_keys
from consent_server.evidence.parallel import ALONE, BATCH
from consent_server.evidence.signing import (
    ERASURE_TYPE,
    KEY_TYPE,
    NOTICE_TYPE,
    RECEIPT_TYPE,
    ReceiptSigner,
    leaf_hash,
)
from consent_server.evidence.verify import verify_jws

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """Write lines as JSON; what is a string already stays."""
    return [line if isinstance(line, str) else json.dumps(line) for line in lines]


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
}


@pytest.mark.parametrize("fault", list(ALTERED))
def test_a_leaf_is_checked_as_strictly_as_the_first_of_its_key(fault: str) -> None:
    """That a header was seen before saves reading it again, and nothing else."""
    altered = {**F, "jws": ".".join(ALTERED[fault](F["jws"].split(".")))}
    with pytest.raises(EvidenceInvalid) as alone:
        verify_jws(altered["jws"], public_keys(SIGNER.jwks()))
    with pytest.raises(EvidenceInvalid) as in_export:
        read(export([A], [altered]))
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


LONG = ALONE + 6 * BATCH


@pytest.fixture(scope="module")
def long() -> list[str]:
    """Give an export so long that workers are started: many waiting copies of few signatures."""
    letters = [chr(number) for number in range(0x100, 0x100 + LONG)]
    return encoded([good()[0], *good()[1:5], *(leaf(receipt(letter)) for letter in letters)])


def test_a_long_export_is_checked_by_workers(long: list[str]) -> None:
    """Two processes find what one finds: everything, in order."""
    alone, together = ExportCheck(), ExportCheck()
    assert list(alone.verify(long)) == list(together.verify(long, 2))
    assert alone.states == together.states == Counter({"partial": LONG + 1})
    assert active_children() == []


def test_of_two_faults_the_first_in_the_file_is_named_whichever_is_found_first(long: list[str]) -> None:
    """A fault in a batch that a worker finishes early does not hide one in a batch before it."""
    damaged = long.copy()
    first, second = ALONE + 2 * BATCH - 1, ALONE + 2 * BATCH + 5
    damaged[second - 1] = "{"
    damaged[first - 1] = damaged[first - 1].replace('"jws": "e', '"jws": "f')
    for workers in (1, 2):
        with pytest.raises(EvidenceInvalid, match=f"^line {first}: "):
            list(ExportCheck().verify(damaged, workers))
    assert active_children() == []


def test_workers_that_are_killed_cost_nothing_but_time(long: list[str]) -> None:
    """What a dead worker had is checked by this process, and every line still counts once."""
    check = ExportCheck()
    for _ in check.verify(long, 2):
        for worker in active_children():
            os.kill(worker.pid or 0, signal.SIGKILL)
    assert check.states.total() == LONG + 1
    assert active_children() == []


def test_whoever_stops_reading_leaves_no_worker_behind(long: list[str]) -> None:
    """A check that is given up in the middle ends its processes."""
    reading = ExportCheck().verify(long, 2)
    while not active_children():
        next(reading)
    reading.close()
    assert active_children() == []
