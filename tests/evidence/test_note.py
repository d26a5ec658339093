"""Signed notes: the published example, stock tools, and golden files named after their fault."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from consent_server.errors import EvidenceInvalid, SettingsError
from consent_server.evidence import keys, note

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "notes").glob("*.json"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "consent.example/v1/shop"
VERIFIER = note.verifier_of(NAME, KEY)
PUBLISHED_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
"""The private key of the example in golang.org/x/mod/sumdb/note: the algorithm's byte, then the seed."""


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_golden_notes_are_read_or_refused_for_their_fault(path: Path) -> None:
    """Each good note opens to its own text; each damaged one is refused in the words that fit its fault."""
    vector: dict[str, Any] = json.loads(path.read_text("utf-8"))
    verifiers = [note.parse_verifier(key) for key in vector["verifiers"]]
    assert (vector["refusal"] is None) == path.stem.startswith("good")
    if vector["refusal"] is None:
        text = note.verify(vector["note"], verifiers)
        assert vector["note"].startswith(f"{text}\n— ")
    else:
        with pytest.raises(EvidenceInvalid, match=vector["refusal"]):
            note.verify(vector["note"], verifiers)


def test_the_published_example_is_made_byte_for_byte() -> None:
    """The example that Go's implementation publishes is what we sign with its key."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PUBLISHED_SEED)[1:])
    published = json.loads((VECTORS[0].parent / "good.json").read_text("utf-8"))
    text = published["note"].partition("\n\n")[0] + "\n"
    assert note.sign(text, "PeterNeumann", key) == published["note"]
    assert note.verifier_of("PeterNeumann", key).encode() == published["verifiers"][0]


@pytest.mark.needs("openssl")
@pytest.mark.parametrize(("text", "returncode"), [("a\n\nž\n", 0), ("a\n\nz\n", 1)])
def test_openssl_verifies_a_note(tmp_path: Path, text: str, returncode: int) -> None:
    """With the key id cut off, a signature line is a plain Ed25519 signature of the text."""
    signed = note.sign("a\n\nž\n", NAME, KEY)
    stamp = base64.b64decode(signed.rsplit(" ", 1)[1])
    (tmp_path / "text").write_bytes(text.encode())
    (tmp_path / "signature").write_bytes(stamp[4:])
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "log.pem").write_bytes(pem)
    command = "openssl pkeyutl -verify -rawin -pubin -inkey log.pem -in text -sigfile signature"
    ran = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == returncode


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=[chr(code) for code in range(32)])
    ).map("{}\n".format)
)
def test_any_text_comes_back_from_its_note(text: str) -> None:
    """What is signed is what is read."""
    assert note.verify(note.sign(text, NAME, KEY), [VERIFIER]) == text


@given(st.data())
def test_any_altered_character_of_a_note_is_refused(data: st.DataObject) -> None:
    """No character of a note signed by one key can be changed, added or taken away."""
    signed = note.sign("shop\n7\nroot\n", NAME, KEY)
    place = data.draw(st.integers(0, len(signed) - 1))
    instead = data.draw(st.text(max_size=3).filter(lambda new: new != signed[place]))
    with pytest.raises(EvidenceInvalid):
        note.verify(signed[:place] + instead + signed[place + 1 :], [VERIFIER])


@given(st.text())
def test_nonsense_is_refused_without_a_crash(text: str) -> None:
    """Whatever text arrives, it is refused in plain words."""
    for read in (note.parse_verifier, lambda given: note.verify(given, [VERIFIER])):
        with pytest.raises(EvidenceInvalid):
            read(text)


@pytest.mark.parametrize("text", ["", "a", "a\r\n", "a\0\n", "\ud800\n", "a" * (note.SIZE_LIMIT - 1) + "\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    """Nothing is signed that a reader would refuse."""
    with pytest.raises(EvidenceInvalid):
        note.sign(text, NAME, KEY)


@pytest.mark.parametrize("code", [*range(10), *range(11, 32)])
def test_no_control_character_passes(code: int) -> None:
    """Newline is the only control character in a note: nothing can hide on a terminal."""
    with pytest.raises(EvidenceInvalid, match="control character"):
        note.sign(f"a{chr(code)}b\n", NAME, KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b", "a\0b", "\ud800"])
def test_a_name_that_would_break_the_line_is_refused(name: str) -> None:
    """Key names have no spaces, no plus, no control characters."""
    with pytest.raises(EvidenceInvalid, match="key name"):
        note.verifier_of(name, KEY)


def test_sixteen_large_unknown_signatures_are_put_up_with_and_a_flood_is_not() -> None:
    """Cosignatures as large as five kilobytes fit sixteen times; beyond the limit a note is refused."""
    signed = note.sign("a\n", NAME, KEY)
    line = f"— witness.example {base64.b64encode(bytes(5000)).decode()}\n"
    assert note.verify(signed + 16 * line, [VERIFIER]) == "a\n"
    with pytest.raises(EvidenceInvalid, match="larger"):
        note.verify(signed + 60 * line, [VERIFIER])


def test_a_verifier_key_comes_back_from_its_line() -> None:
    """The line that an auditor keeps is the whole key, and reads back."""
    assert note.parse_verifier(VERIFIER.encode()) == VERIFIER
    assert note.parse_verifier("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6").name == "TEST"


@pytest.mark.parametrize(
    "line",
    [
        VERIFIER.encode().replace("consent.", "consents."),
        VERIFIER.encode().replace("+4eee42b2+", "+4eee42b3+"),
        VERIFIER.encode().replace("+4eee42b2+", "+4EEE42B2+"),
        VERIFIER.encode() + "\n",
        VERIFIER.encode()[:-1],
        VERIFIER.encode()[:-4],
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "a+00000000+",
    ],
    ids=["name", "id", "upper case", "newline", "cut", "short key", "another algorithm", "no key"],
)
def test_a_damaged_verifier_key_is_refused(line: str) -> None:
    """A slip in a pasted key is found before it is trusted."""
    with pytest.raises(EvidenceInvalid):
        note.parse_verifier(line)


def test_a_key_of_another_kind_or_length_is_named_so() -> None:
    """What is no Ed25519 key is not taken for one, even under an id that fits."""
    with pytest.raises(EvidenceInvalid, match="not an Ed25519 key"):
        note.parse_verifier("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2")
    with pytest.raises(EvidenceInvalid, match="32 bytes"):
        note.Verifier(NAME, bytes(31))


def test_the_log_key_is_an_ed25519_key() -> None:
    """A key for receipts, or none at all, is refused as log key in plain words."""
    assert note.verifier_of(NAME, note.load_private_key(note.generate_key())) != VERIFIER
    for pem in (keys.generate_key(), b"nonsense", b""):
        with pytest.raises(SettingsError, match="log key"):
            note.load_private_key(pem)
