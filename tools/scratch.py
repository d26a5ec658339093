"""One directory for whatever tests, and the programs that they start, leave behind: gone when they end.

Programs that a test kills cannot tidy up, and neither can those that do not know that they are tested.
"""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the directory that takes every temporary file of this process and its programs.

    Its name is short: sockets lie in it, and a socket's name has 107 bytes at most. What `tmp_path` gives is
    not in it: pytest keeps that for a look afterwards, and deletes it three runs later.
    """
    tmp_path_factory.getbasetemp()  # it looks for its place once
    with (
        tempfile.TemporaryDirectory(prefix="consent-tests-", ignore_cleanup_errors=True) as directory,
        pytest.MonkeyPatch.context() as world,
    ):
        world.setenv("TMPDIR", directory)
        world.setattr(tempfile, "tempdir", directory)
        # So that whoever ends the tests with SIGTERM leaves nothing behind either.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        yield Path(directory)
        signal.signal(signal.SIGTERM, before)
