"""Install José (https://github.com/latchset/jose), with which tests check receipts as an auditor would.

Optional: without it those tests are skipped (in CI they fail: tools/needs.py). Only tried
where apt-get may be used without asking.
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
    skipped = "The tests that check receipts and packs with `jose` will be skipped (and fail where CI is set)"
    if packages.manager() != "apt-get" or os.geteuid() != 0:
        return f"{skipped}: it is not installed (optional)"
    try:
        packages.install("jose")
    except packages.PackagesError as error:
        return f"{skipped} (optional): {error}"
    return "Installed jose with apt-get (tests check receipts and packs with it)"


if __name__ == "__main__":
    line = provide()
    if line:
        print(line)
