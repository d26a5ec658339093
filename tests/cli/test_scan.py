"""`consent-server scan` as far as it gets without a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = "from consent_server.cli import main; main()"
NO_PLAYWRIGHT = f"import sys; sys.modules['playwright'] = None; {PROGRAM}"


def run(folder: Path, *words: str, code: str = PROGRAM, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CONSENT_")}
    command = [sys.executable, "-c", code, "scan", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env={**environ, **changes},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["shop.example"], "'shop.example' is no address: write one such as"),
        (["https://shop.example", "--catalog", "nowhere.toml"], "nowhere.toml: there is no such file"),
        (["https://shop.example", "--max-pages", "0"], "Invalid value for '--max-pages'"),
        (["https://shop.example", "--phase", "never"], "Invalid value for '--phase'"),
        (
            ["https://shop.example", "--json", "cookie_catalog.toml/x"],
            "cookie_catalog.toml/x cannot be written",
        ),
        ([], "Missing argument 'URL…'"),
    ],
)
def test_wrong_use_is_said_before_a_browser_starts(
    catalog_path: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    """Exit 2, and what to do instead."""
    assert catalog_path == tmp_path / "cookie_catalog.toml"
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_among_several_catalogs_the_origin_chooses(catalog_path: Path, tmp_path: Path) -> None:
    """And what none claims is refused."""
    folder = tmp_path / "sites"
    folder.mkdir()
    text = catalog_path.read_text(encoding="utf-8")
    (folder / "a.toml").write_text(text, encoding="utf-8")
    (folder / "b.toml").write_text(text.replace('id = "shop"', 'id = "other"'), encoding="utf-8")
    done = run(tmp_path, "https://far.example", "--catalog", "sites")
    assert (done.returncode, done.stderr) == (
        2,
        "No catalog in sites has https://far.example/ among its origins: name its file with --catalog.\n",
    )


@pytest.mark.parametrize(
    ("code", "changes", "says"),
    [
        (PROGRAM, {"CONSENT_BROWSER": "/nowhere/chromium"}, "CONSENT_BROWSER names /nowhere/chromium, which"),
        (PROGRAM, {"PATH": "/nowhere", "PLAYWRIGHT_BROWSERS_PATH": "/nowhere"}, "There is no browser to"),
        (NO_PLAYWRIGHT, {}, "This needs Playwright: pip install 'consent-server[scan]'."),
    ],
)
def test_a_missing_browser_is_one_sentence(
    catalog_path: Path, tmp_path: Path, code: str, changes: dict[str, str], says: str
) -> None:
    """Exit 2 and how to get one."""
    done = run(tmp_path, "https://shop.example", "--catalog", str(catalog_path), code=code, **changes)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith(says)
    assert "Traceback" not in done.stderr
