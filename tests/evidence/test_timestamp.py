"""Time stamps on checkpoints, made by a real authority: `openssl ts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authority import found, openssl

from consent_server.errors import EvidenceInvalid, SettingsError
from consent_server.evidence.timestamp import load_roots, read, stamp, verify

if TYPE_CHECKING:
    from pathlib import Path

    from authority import Authority

pytestmark = pytest.mark.needs("openssl")

CHECKPOINT = "consent.example/v1/shop\n3\nAAAA\n\n— consent.example/v1/shop AAAA\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give an authority: what answers requests, and its root certificate."""
    return found(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Give another authority."""
    return found(tmp_path_factory.mktemp("tsa") / "two")


def test_a_stamp_verifies_offline_with_the_root_of_the_authority(
    authority: Authority, tmp_path: Path
) -> None:
    """Here and with `openssl ts -verify`, which states the same."""
    post, root = authority
    token = stamp(CHECKPOINT, post)
    assert verify(token, CHECKPOINT, load_roots(root)) == read(token, CHECKPOINT)
    for name, data in (("data", CHECKPOINT.encode()), ("token", token), ("root", root)):
        (tmp_path / name).write_bytes(data)
    openssl(tmp_path, "ts", "-verify", "-data", "data", "-in", "token", "-CAfile", "root")


def test_a_stamp_of_another_checkpoint_is_refused(authority: Authority) -> None:
    """One byte is enough."""
    post, root = authority
    token = stamp(CHECKPOINT, post)
    with pytest.raises(EvidenceInvalid, match="of something else"):
        read(token, CHECKPOINT + "x")
    with pytest.raises(EvidenceInvalid, match="of something else"):
        verify(token, "", load_roots(root))


def test_a_stamp_by_an_authority_that_nobody_vouches_for_is_refused(
    authority: Authority, stranger: Authority
) -> None:
    """Whoever founds an authority of their own is found."""
    token = stamp(CHECKPOINT, stranger[0])
    with pytest.raises(EvidenceInvalid, match="does not hold"):
        verify(token, CHECKPOINT, load_roots(authority[1]))


def test_a_damaged_stamp_is_refused(authority: Authority) -> None:
    """Each byte that is changed is found, or changes nothing that was signed; there is never a traceback."""
    post, root = authority
    roots, token = load_roots(root), stamp(CHECKPOINT, post)
    moment = read(token, CHECKPOINT)
    for place in range(0, len(token), 7):
        damaged = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        try:
            assert verify(damaged, CHECKPOINT, roots) == moment, place
        except EvidenceInvalid:
            continue
    with pytest.raises(EvidenceInvalid):
        verify(token[:-1], CHECKPOINT, roots)


def test_an_answer_that_is_no_stamp_of_what_was_asked_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    """Rubbish, an older answer, and a refusal."""
    post, _ = authority
    older = stamp(CHECKPOINT, post)
    refusing, _ = found(tmp_path / "refusing", digests="sha512")
    for answer, words in (
        (lambda _: b"<html>", "no response of a time stamp authority"),
        (lambda _: older, "its nonce"),
        (refusing, "refused to stamp"),
    ):
        with pytest.raises(EvidenceInvalid, match=words):
            stamp(CHECKPOINT, answer)


def test_a_file_without_certificates_is_refused() -> None:
    """It is a wrong setting."""
    with pytest.raises(SettingsError, match="no certificate"):
        load_roots(b"nothing")
