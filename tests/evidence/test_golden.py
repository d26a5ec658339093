"""Golden exports, good and damaged and named after their fault: each damaged one is found, and named.

They were written once by tests/vectors/make.py, which knows the formats and nothing of the program.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from consent_server.cli import main

if TYPE_CHECKING:
    from click.testing import Result

VECTORS = Path(__file__).parent.parent / "vectors"
EXPORTS = VECTORS / "exports"
HELD = ("--keys", str(EXPORTS / "test-keys.json"), "--log-key", str(EXPORTS / "test-log-key.txt"))
SINCE = ("--since", str(EXPORTS / "last-visit.txt"))

GOOD = {
    "good": "6 receipts",
    "good_all_waiting": "7 receipts",
    "good_with_dated_keys": "5 receipts",
    "good_with_a_date_that_is_not_stated_yet": "5 receipts",
    "good_without_log": "nothing shows that it is complete",
}
DAMAGED = {
    "back-dated_before_its_decision": "line 4, leaf 01a0c450.*: .* before it says that the visitor decided",
    "back-dated_decision": "line 4, leaf 01a0c450.*: .* 180 days after it says that the visitor decided",
    "back-dated_in_the_log": "line 11, leaf 01a029d1.*: It is back-dated, or out of its place",
    "back-dated_previous": "line 4, leaf 01a0c450.*: It is back-dated: its “previous”",
    "back-dated_time": "line 4, leaf 01a0c450.*: It is back-dated: its “time”",
    "checkpoint_altered": "line 1: The signature by consent.example/v1/shop does not match",
    "checkpoint_missing": "line 2, leaf .*: The checkpoint covers 0 leaves",
    "checkpoint_of_fewer_leaves": "line 9, leaf .*: The checkpoint covers 7 leaves, and this is one more",
    "cut_in_a_line": "line 4: The line is not JSON",
    "duplicated": "line 11, leaf 01a0c450.*: It stands in the export twice",
    "duplicated_among_those_that_wait": "line 12, leaf 01a0c450.*: It stands in the export twice",
    "empty": "line 1: The line is not JSON",
    "erased_hash_altered": "line 10, leaf .*: The leaves do not have the root",
    "erased_more_than_stated": "line 4: The leaf 2 was erased, and no signed statement says so",
    "erased_with_a_forged_statement": "line 10: The key .* is not among the published keys",
    "erased_without_statement": "line 5: The leaf 3 was erased, and no signed statement says so",
    "erasure_stated_in_advance": "line 10, leaf .*: It states the erasure of leaves that do not stand before",
    "expired_before_it_was_given": "line 4, leaf 01a0c450.*: Its “valid_until” is not after",
    "forged": "line 3: The signature does not match",
    "forged_by_another_key": "line 3: The signature does not match",
    "jws_truncated": "line 3: A part is not base64url in its one canonical form",
    "jws_with_padding": "line 3: A part is not base64url in its one canonical form",
    "key_dated_in_words": "line 11, leaf .*: It states a key without a name, or with a date that is none",
    "left_out": "line 3, leaf .*: Its index is 2; the next in the log is 1",
    "left_out_and_renumbered": "line 10, leaf .*: The checkpoint covers 9 leaves, and the export has 8",
    "method_that_contradicts": "line 4, leaf .*: Its choices and services contradict its method 'refuse_all'",
    "not_utf-8": "line 4: The line is not JSON",
    "other_key": "line 3: The key .* is not among the published keys",
    "other_log_key": "line 1: No known key has signed",
    "other_site": "line 3, leaf .*: It belongs to the site 'elsewhere', not to 'shop'",
    "re-signed": "line 10, leaf .*: The leaves do not have the root that the checkpoint states",
    "reordered": "line 3, leaf .*: Its index is 2; the next in the log is 1",
    "reordered_and_renumbered": "line 10, leaf .*: The leaves do not have the root",
    "retyped": "line 4, leaf .*: Its schema is 'consent-receipt/1'; a consent-notice",
    "retyped_line": "line 3: The header does not say ES256 and consent-notice",
    "signature_in_its_other_form": "line 3: The signature does not match",
    "state_not_chosen": "line 4, leaf .*: Its state is 'given'; .* make it 'partial'",
    "truncated": "line 6: The checkpoint covers 9 leaves, and the export has 5",
    "unknown_schema": "line 4, leaf .*: Its schema is 'consent-receipt/9'",
    "unknown_type": "line 3: The line has no “jws”, or no “type” that a log holds",
    "waiting_twice": "line 12, leaf .*: It stands in the export twice",
}
# What is wrong with the export's own keys shows only to whoever has to believe them.
WITH_BAD_KEYS = {
    "key_dated_otherwise": "line 1: The key .* came or went at another time than the log states",
    "key_gone_at_another_time": "line 1: The key .* came or went at another time than the log states",
    "key_misnamed": "line 1: A key of the JWK Set .* its kid is not its thumbprint",
    "keys_missing": "line 1: The JWK Set holds no keys",
}
# These agree with themselves: only the checkpoint of the last visit finds them.
SINCE_LAST_VISIT = {
    "rolled_back": "line 1: The log has shrunk: it had 7 leaves",
    "rolled_back_and_grown_again": "line 8.*: The first 7 leaves are not those of your checkpoint",
    "shrunk": "line 1: The log has shrunk: it had 7 leaves",
}
# Whoever checks the log alone is told only of what the log itself shows.
IN_THE_LOG_ALONE = {
    "checkpoint_altered": "line 1: The signature",
    "cut_in_a_line": "line 4: The line is not JSON",
    "erased_hash_altered": "line 10, .*: The leaves do not have the root",
    "erased_more_than_stated": "line 4: The leaf 2 was erased",
    "erased_with_a_forged_statement": "line 10: The key",
    "forged": "line 10, .*: The leaves do not have the root",
    "jws_truncated": "line 10, .*: The leaves do not have the root",
    "left_out": "line 3: Its index is 2",
    "re-signed": "line 10, .*: The leaves do not have the root",
    "reordered_and_renumbered": "line 10, .*: The leaves do not have the root",
    "truncated": "line 6: The checkpoint covers 9 leaves, and the export has 5",
}


def verify(name: str, *options: str) -> Result:
    """Run `consent-server verify` on a golden export."""
    return CliRunner().invoke(main, ["verify", str(EXPORTS / f"{name}.ndjson"), *options])


def names(name: str, words: str, *options: str) -> None:
    """Assert that a golden export fails as an export fails, in exactly one line of these words."""
    result = verify(name, *options)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert re.fullmatch(f"({words}).*\n", result.stderr)


@pytest.mark.parametrize("name", list(GOOD))
def test_a_good_export_verifies(name: str) -> None:
    """Under the auditor's keys and under its own, and the log alone."""
    for options in ((), HELD, (*HELD, *SINCE) if name != "good_without_log" else (), ("--log-only",)):
        result = verify(name, *options)
        assert (result.exit_code, result.exception) == (0, None)
    assert GOOD[name] in verify(name, *HELD).stdout


@pytest.mark.parametrize("name", list(DAMAGED))
def test_a_damaged_export_is_found_and_named(name: str) -> None:
    """Exit 1, and one line on standard error that says where and what; never a traceback."""
    names(name, DAMAGED[name], *HELD)


@pytest.mark.parametrize("name", list(WITH_BAD_KEYS))
def test_an_export_with_bad_keys_is_found(name: str) -> None:
    """Without keys of one's own the export's must at least be keys."""
    names(name, WITH_BAD_KEYS[name])


@pytest.mark.parametrize("name", list(SINCE_LAST_VISIT))
def test_a_log_that_was_set_back_is_found_by_the_last_checkpoint(name: str) -> None:
    """An older copy of the database, or one cut short, verifies by itself and fails against a checkpoint."""
    assert verify(name, *HELD).exit_code == 0
    names(name, SINCE_LAST_VISIT[name], *HELD, *SINCE)
    names(name, SINCE_LAST_VISIT[name], *HELD, *SINCE, "--log-only")


@pytest.mark.parametrize("name", list(IN_THE_LOG_ALONE))
def test_the_log_alone_shows_what_was_changed_in_it(name: str) -> None:
    """The root covers every byte of every leaf, even where no receipt's signature is checked."""
    names(name, IN_THE_LOG_ALONE[name], *HELD, "--log-only")


def test_every_golden_export_is_tested() -> None:
    """No file lies there that nobody looks at."""
    assert {path.stem for path in EXPORTS.glob("*.ndjson")} == {
        *GOOD,
        *DAMAGED,
        *WITH_BAD_KEYS,
        *SINCE_LAST_VISIT,
    }


def test_the_golden_exports_are_what_their_script_writes(tmp_path: Path) -> None:
    """Whoever doubts them makes them again, byte for byte."""
    made = runpy.run_path(str(VECTORS / "make.py"))
    made["write"](tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in EXPORTS.iterdir()
    }


def test_an_export_can_come_through_a_pipe() -> None:
    """`export … | verify -` works, where nobody knows how long it is."""
    content = (EXPORTS / "good.ndjson").read_bytes()
    result = CliRunner().invoke(main, ["verify", "-"], input=content)
    assert result.exit_code == 0
    assert "complete to 9 leaves" in result.stdout


def test_a_pack_that_is_none_is_refused(tmp_path: Path) -> None:
    """A file that begins as archives do is taken for a pack, and said to be none."""
    cut = tmp_path / "pack.zip"
    cut.write_bytes(b"PK\x03\x04 and no more")
    result = CliRunner().invoke(main, ["verify", str(cut)])
    assert result.exit_code == 1
    assert "archive" in result.stderr


@pytest.mark.parametrize("option", ["--keys", "--log-key", "--since"])
def test_what_the_auditor_holds_may_be_damaged_too(option: str, tmp_path: Path) -> None:
    """A file that is no key and no checkpoint is refused in a line, whatever is in it."""
    for content in (b"", b"\xff", b"{", b"[]", b"[" * 100_000, b"x" * 1000):
        held = tmp_path / "held"
        held.write_bytes(content)
        result = verify("good", option, str(held))
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1


def test_every_single_byte_of_an_export_counts() -> None:
    """Wherever one byte of a sealed leaf's line is altered, verification fails and never crashes."""
    content = (EXPORTS / "good.ndjson").read_bytes()
    start, end = content.index(b'{"index":1'), content.index(b'{"index":2')
    for place in range(start, end - 1, 3):
        altered = bytearray(content)
        altered[place] ^= 1
        result = CliRunner().invoke(main, ["verify", "-", *HELD], input=bytes(altered))
        assert result.exit_code == 1, place
        assert isinstance(result.exception, SystemExit)
