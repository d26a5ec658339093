"""Commands of the program for tests, run in the tests' own process: a new one costs a second of imports.

Where it matters that it is a process (signals, locks, what is on the standard streams of one) tests start
one instead: `python -m consent_server`.
"""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path
from subprocess import CompletedProcess
from typing import TYPE_CHECKING

from click.testing import CliRunner

from consent_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping


def command(
    *words: str | Path, environ: Mapping[str, str], folder: Path | None = None
) -> CompletedProcess[str]:
    """Run a command to its end, in a folder, with no CONSENT_* variables but these; a fault is raised."""
    inherited = dict.fromkeys(name for name in os.environ if name.startswith("CONSENT_"))
    typed = [str(word) for word in words]
    with chdir(folder or Path.cwd()):
        done = CliRunner().invoke(main, typed, env={**inherited, **environ}, catch_exceptions=False)
    return CompletedProcess(typed, done.exit_code, done.stdout, done.stderr)
