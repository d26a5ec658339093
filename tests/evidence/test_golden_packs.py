"""Packs that were made once: the good ones verify for good, each damaged one is named by its damage.

Those in tests/vectors/fits were written by tests/vectors/make_packs.py, which knows nothing of the program:
everything in them is signed and proved, and what is wrong is that a leaf does not fit its notice.
"""

from __future__ import annotations

import re
import runpy
import zipfile
from pathlib import Path

import pytest
from packs import TOOLS, verify_alone

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.pack import verify_pack

VECTORS = Path(__file__).parent.parent / "vectors"
PACKS, FITS = VECTORS / "packs", VECTORS / "fits"
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


FIFTH = r"leaves\.ndjson, line 5(, leaf 01a0c450-77b8-.*)?: [Ii]t"
CONTRADICTS = "contradicts its notice: the"
NOTICE = r"notices/[0-9a-f]{64}\.json: ([Ii]t|The file)"
UNFIT = {
    "category_not_answered": f"{FIFTH}s choices do not answer for the category 'marketing' of its notice",
    "category_that_the_notice_has_not": f"{FIFTH}s choices name the category 'preferences'",
    "controller_of_another_notice": f"{FIFTH} {CONTRADICTS} controller is 'Somebody else'",
    "jurisdiction_of_another_notice": f"{FIFTH} {CONTRADICTS} jurisdiction is 'US' here and 'EU' there",
    "key_dated_otherwise": r"leaves\.ndjson, line 1: The key .* came or went at another time than the log",
    "language_of_another_notice": f"{FIFTH} {CONTRADICTS} language is 'lt' here and 'en' there",
    "method_that_contradicts": f"{FIFTH}s choices and services contradict its method 'refuse_all'",
    "method_unknown": f"{FIFTH}s choices and services contradict its method 'guess'",
    "no_category_answered": f"{FIFTH}s choices do not answer for the category 'analytics'",
    "notice_no_json": f"{NOTICE} is not JSON",
    "notice_not_canonical": f"{NOTICE} is not in the one form that has a hash",
    "notice_of_another_schema": f"{NOTICE}s schema is 'consent-notice/2'",
    "notice_of_another_site": rf"leaves\.ndjson, line 2(, leaf .*)?: [Ii]t {CONTRADICTS} site is 'shop' here",
    "notice_with_another_hash": f"{NOTICE} was changed",
    "notice_without_categories": f"{NOTICE} is no notice",
    "required_category_asked": f"{FIFTH}s choices answer for 'necessary', which its notice grants unasked",
    "required_category_refused": f"{FIFTH}s choices answer for 'necessary', which its notice grants unasked",
    "revision_of_another_notice": f"{FIFTH} {CONTRADICTS} revision is '0000",
    "service_of_a_required_category_alone": f"{FIFTH} names the service 'site'",
    "service_that_the_notice_has_not": f"{FIFTH} names the service 'tracker', which its notice does not let",
    "state_not_chosen": f"{FIFTH}s state is 'given'; .* make it 'partial'",
    "statement_of_another_language": rf"leaves\.ndjson, line 2(, leaf .*)?: [Ii]t {CONTRADICTS} language",
    "statement_of_another_revision": rf"leaves\.ndjson, line 2(, leaf .*)?: [Ii]t {CONTRADICTS} revision",
    "valid_longer_than_the_notice_says": f"{FIFTH}s “valid_until” is not as long after “decided_at”",
}


@pytest.mark.parametrize("name", ["good", "good_in_another_language"])
def test_what_fits_its_notice_verifies(name: str) -> None:
    """Choices, withdrawals and a service chosen by itself, in either language."""
    assert verify_pack(FITS / f"{name}.zip").receipts > 0


@pytest.mark.parametrize(("name", "words"), UNFIT.items())
def test_what_does_not_fit_its_notice_is_named(name: str, words: str) -> None:
    """The key's holder cannot sign an answer to what was never asked, or to another notice."""
    with pytest.raises(EvidenceInvalid, match=f"^{words}"):
        verify_pack(FITS / f"{name}.zip")


@TOOLS
def test_the_golden_packs_are_judged_alike_without_this_project(tmp_path: Path) -> None:
    """The script in a pack finds the same fault in the same place."""
    for folder, damaged in ((PACKS, DAMAGED), (FITS, UNFIT)):
        for path in sorted(folder.glob("*.zip")):
            done = verify_alone(path.read_bytes(), tmp_path)
            words = damaged.get(path.stem)
            assert done.returncode == (0 if words is None else 1), (path.name, done.stdout, done.stderr)
            if words is not None:
                found = done.stderr.removeprefix("This pack does not hold. ")
                assert re.match(words, found, re.IGNORECASE), (path.name, found)


def test_the_packs_that_do_not_fit_are_those_that_make_packs_writes(tmp_path: Path) -> None:
    """Every file is tested, and none was altered by hand."""
    runpy.run_path(str(VECTORS / "make_packs.py"))["write"](tmp_path)
    names = {path.name for path in FITS.iterdir()}
    assert names == {path.name for path in tmp_path.iterdir()}
    assert names == {f"{name}.zip" for name in (*UNFIT, "good", "good_in_another_language")}
    for name in names:
        with zipfile.ZipFile(FITS / name) as here, zipfile.ZipFile(tmp_path / name) as made:
            assert [(one, here.read(one)) for one in here.namelist()] == [
                (one, made.read(one)) for one in made.namelist()
            ]
