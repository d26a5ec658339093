"""Packs that were made once: the good ones verify for good, each damaged one is named by its damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.pack import verify_pack

PACKS = Path(__file__).parent.parent / "vectors" / "packs"
DAMAGED = {
    "whole_leaf_altered": r"leaves\.ndjson, line 5",
    "whole_leaf_left_out": r"leaves\.ndjson, line 5",
    "whole_leaves_reordered": r"leaves\.ndjson, line 5",
    "whole_leaf_duplicated": r"leaves\.ndjson, line 6",
    "whole_erased_without_statement": r"leaves\.ndjson, line 5: The leaf 3 was erased",
    "whole_notice_replaced": r"notices/[0-9a-f]{64}\.json: It was changed",
    "whole_retyped": r"leaves\.ndjson, line 5",
    "whole_root_wrong": "",
    "part_leaf_left_out": r"leaves\.ndjson, line 3",
    "part_proof_altered": r"proofs\.ndjson, line 2",
    "part_range_ends_too_early": "",
    "part_root_wrong": r"proofs\.ndjson, line 1",
}


@pytest.mark.parametrize("name", ["good_whole", "good_part"])
def test_a_good_pack_verifies(name: str) -> None:
    """Releases come and go; what was packed stays good."""
    assert verify_pack(PACKS / f"{name}.zip").receipts > 0


@pytest.mark.parametrize(("name", "words"), DAMAGED.items())
def test_a_damaged_pack_is_named(name: str, words: str) -> None:
    """By file and line, although its manifest was made to agree."""
    with pytest.raises(EvidenceInvalid, match=f"^{words}"):
        verify_pack(PACKS / f"{name}.zip")


def test_every_file_is_tested() -> None:
    """No vector stands there unused."""
    assert {path.stem for path in PACKS.glob("*.zip")} == {*DAMAGED, "good_whole", "good_part"}
