"""Long exports are checked by processes, and nothing that becomes of one changes what is found."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import psutil
import pytest
from exports import SEALED, encoded, export, leaf, receipt

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import worker
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.parallel import ALONE, BATCH

LONG = ALONE + 6 * BATCH


def workers() -> list[psutil.Process]:
    """Return the processes that this one started to verify and that still run."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if worker.__name__ in child.cmdline():
                found.append(child)
    return found


@pytest.fixture(scope="module")
def long() -> list[str]:
    """Give an export so long that workers are started: the last batches are theirs."""
    sealed = [*SEALED, *(leaf(receipt(chr(number))) for number in range(0x100, 0x100 + LONG))]
    return encoded(export(sealed))


def test_a_long_export_is_checked_by_workers(long: list[str]) -> None:
    """Two processes find what one finds: everything, in order."""
    alone, together = ExportCheck(), ExportCheck()
    assert list(alone.verify(long)) == list(together.verify(long, 2))
    assert alone.states == together.states == Counter({"partial": LONG + 1})
    assert workers() == []


def test_of_two_faults_the_first_in_the_file_is_named_whichever_is_found_first(long: list[str]) -> None:
    """A fault in a batch that a worker finishes early does not hide one in a batch before it."""
    damaged = long.copy()
    first, second = ALONE + 2 * BATCH - 1, ALONE + 2 * BATCH + 5
    damaged[second - 1] = "{"
    damaged[first - 1] = damaged[first - 1].replace('"jws":"e', '"jws":"f')
    for number in (1, 2):
        with pytest.raises(EvidenceInvalid, match=f"^line {first}: "):
            list(ExportCheck().verify(damaged, number))
    assert workers() == []


def test_workers_that_are_killed_cost_nothing_but_time(long: list[str]) -> None:
    """What a dead worker had is checked by this process, and every line still counts once."""
    check = ExportCheck()
    for _ in check.verify(long, 2):
        for process in workers():
            process.kill()
    assert check.states.total() == LONG + 1
    assert workers() == []


def test_whoever_stops_reading_leaves_no_worker_behind(long: list[str]) -> None:
    """A check that is given up in the middle ends its processes."""
    reading = ExportCheck().verify(long, 2)
    while not workers():
        next(reading)
    reading.close()
    assert workers() == []
