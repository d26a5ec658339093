"""Install José (https://github.com/latchset/jose), with which one test checks receipts as an auditor would.

Optional: without it that test is skipped. Only tried where apt-get may be used without asking.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import packages

# Written where it was tried, so that it is not tried at every start.
TRIED = Path(sys.prefix) / "jose-tried"


def provide() -> str:
    """Install jose where that is easy; return one line that says how it ended, or "" if nothing changed."""
    if shutil.which("jose") or TRIED.exists():
        return ""
    TRIED.touch()
    skipped = "The test that checks receipts with `jose` will be skipped"
    if packages.manager() != "apt-get" or os.geteuid() != 0:
        return f"{skipped}: it is not installed (optional)"
    try:
        packages.install("jose")
    except packages.PackagesError as error:
        return f"{skipped} (optional): {error}"
    return "Installed jose with apt-get (one test checks receipts with it)"


if __name__ == "__main__":
    line = provide()
    if line:
        print(line)
