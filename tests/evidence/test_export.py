"""Exports verify offline, and the first thing wrong is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.verify import verify_export

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNER = ReceiptSigner([generate_key()])
STRANGER = ReceiptSigner([generate_key()])


def receipt(name: str, site: str = "shop", signer: ReceiptSigner = SIGNER) -> str:
    """Make a line of an export."""
    return json.dumps({"type": "consent-receipt+jws", "jws": signer.sign({"id": name, "site": site})})


HEAD = json.dumps({"site": "shop", "keys": SIGNER.jwks(), "checkpoint": None})
GOOD = [HEAD, receipt("a"), json.dumps({"erased": True, "leaf_hash": "AA=="}), receipt("b")]


def test_a_good_export_yields_every_receipt() -> None:
    """Erased lines are passed over, the others verified."""
    assert [payload["id"] for payload in verify_export(GOOD)] == ["a", "b"]
    assert [payload["id"] for payload in verify_export(GOOD, SIGNER.jwks())] == ["a", "b"]


DAMAGE: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "empty": (lambda _: [], "line 1"),
    "head no JSON": (lambda lines: ["x", *lines[1:]], "line 1"),
    "head without keys": (lambda lines: ["{}", *lines[1:]], "line 1"),
    "line no JSON": (lambda lines: [*lines, "{"], "line 5"),
    "line without receipt": (lambda lines: [*lines, "{}"], "line 5"),
    "twice": (lambda lines: [*lines, lines[1]], "line 5, receipt a"),
    "of another site": (lambda lines: [*lines, receipt("c", site="other")], "line 5, receipt c"),
    "by another key": (lambda lines: [*lines, receipt("c", signer=STRANGER)], "line 5"),
    "altered": (lambda lines: [lines[0], lines[1][:-30] + "AAAA" + lines[1][-26:], *lines[2:]], "line 2"),
}


@pytest.mark.parametrize("name", list(DAMAGE))
def test_the_first_thing_wrong_is_named(name: str) -> None:
    """The auditor reads the line, and the receipt where it is known."""
    damage, place = DAMAGE[name]
    with pytest.raises(EvidenceInvalid, match=f"^{place}"):
        list(verify_export(damage(GOOD)))


def test_an_export_signed_by_its_own_keys_fails_against_the_auditors() -> None:
    """Whoever makes up an export with new keys is found by the keys that the auditor holds."""
    forged = [json.dumps({"site": "shop", "keys": STRANGER.jwks()}), receipt("a", signer=STRANGER)]
    assert len(list(verify_export(forged))) == 1
    with pytest.raises(EvidenceInvalid, match="not among the published keys"):
        list(verify_export(forged, SIGNER.jwks()))
