"""Tokens: who holds a receipt, and nothing else."""

from __future__ import annotations

from uuid import UUID

import pytest

from consent_server.consent.uuid7 import uuid7
from consent_server.errors import TokenRefused
from consent_server.evidence.tokens import Holding, Tokens

OLD, NEW = b"o" * 40, b"n" * 40
HOLDING = Holding("shop", b"s" * 16, uuid7(1_790_000_000_000), "ab" * 32)


def test_a_token_says_again_what_it_was_made_for() -> None:
    """Reading a token gives the holding, and issuing is repeatable."""
    tokens = Tokens([OLD])
    assert tokens.read(tokens.issue(HOLDING), "shop") == HOLDING
    assert tokens.issue(HOLDING) == tokens.issue(HOLDING)


def test_a_token_outlives_a_rotation_of_secrets() -> None:
    """Old secrets read, the newest signs; subjects and digests stay the same."""
    before, after = Tokens([OLD]), Tokens([OLD, NEW])
    assert after.read(before.issue(HOLDING), "shop") == HOLDING
    with pytest.raises(TokenRefused):
        before.read(after.issue(HOLDING), "shop")
    assert before.subject("shop", HOLDING.receipt_id) == after.subject("shop", HOLDING.receipt_id)
    assert before.decision_key("shop", HOLDING.receipt_id) == after.decision_key("shop", HOLDING.receipt_id)


@pytest.mark.parametrize("token", [None, "", "x", "W10.x", "é", "a.b.c", "W10" * 500])
def test_a_token_that_is_none_is_refused(token: str | None) -> None:
    """Whatever is sent instead of a token, the answer is a refusal."""
    with pytest.raises(TokenRefused):
        Tokens([OLD]).read(token, "shop")


def test_a_token_of_another_site_or_server_is_refused() -> None:
    """A token opens nothing where it was not made."""
    tokens = Tokens([OLD])
    with pytest.raises(TokenRefused, match="another site"):
        tokens.read(tokens.issue(HOLDING), "other")
    with pytest.raises(TokenRefused, match="not made by this server"):
        Tokens([NEW]).read(tokens.issue(HOLDING), "shop")


def test_an_altered_token_is_refused() -> None:
    """Each character counts."""
    tokens = Tokens([OLD])
    token = tokens.issue(HOLDING)
    for place in range(len(token) - 1):
        with pytest.raises(TokenRefused):
            tokens.read(token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :], "shop")


def test_subjects_and_digests_differ_by_site_and_decision() -> None:
    """The same browser is another subject on another site; a digest keeps the time in front."""
    tokens, one, two = Tokens([OLD]), uuid7(1_790_000_000_000), uuid7(1_790_000_000_000)
    values = {tokens.subject(site, decision) for site in ("a", "b") for decision in (one, two)}
    assert len(values) == 4
    assert tokens.decision_key("a", one)[:6] == one.bytes[:6]
    assert UUID(bytes=tokens.decision_key("a", one)[:16]) != one


def test_what_an_earlier_version_derived_is_derived_again() -> None:
    """Visitors keep their tokens and subjects over an upgrade, and a repeat meets its first record."""
    tokens, made = Tokens([OLD, NEW]), UUID("01890000-0000-7000-8000-000000000001")
    assert tokens.subject("shop", made).hex() == "01890000000085087d4b027b5f125f95"
    assert tokens.decision_key("shop", made).hex() == "01890000000034b47717d7764e02251356409a071230"
    assert tokens.issue(Holding("shop", b"s" * 16, made, "ab" * 32)) == (
        "c3Nzc3Nzc3Nzc3Nzc3NzcwGJAAAAAHAAgAAAAAAAAAGrq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq3Nob3A"
        ".QxxOK0jreyXokz4Rnf0yHkR7-QxgokEn_B_sloHPfJQ"
    )
