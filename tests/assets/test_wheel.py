"""A wheel made from the tree holds everything that the server reads, and serves without Node.js."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".*", "node_modules", "built", "build", "dist", "var", "__pycache__")
SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from consent_server import assets
print(assets.__file__)
print(assets.load().build.filename)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a wheel from a copy of the tree, as `make build` does from the tree itself."""
    tree = tmp_path_factory.mktemp("wheel") / "tree"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (tree / "widget" / "node_modules").symlink_to(ROOT / "widget" / "node_modules")
    command = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--wheel-dir",
        "dist",
        ".",
    ]
    made = subprocess.run(
        [sys.executable, "-m", "pip", *command], cwd=tree, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return next((tree / "dist").glob("*.whl"))


def test_wheel_holds_what_the_server_reads(wheel: Path) -> None:
    """Built widget, its types, catalog, texts, templates, type marker are there; tests and tools are not."""
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[1] for name in names if name.startswith("consent_server/")}
    assert {"built", "texts", "templates", "cookie_catalog.toml", "consent.d.ts", "py.typed"} <= folders
    assert sum(name.startswith("consent_server/built/") for name in names) == 5
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"consent_server"}


def test_installed_wheel_serves_without_node(wheel: Path, tmp_path: Path) -> None:
    """Installed from the wheel, the widget is loaded where there is no program on the PATH at all."""
    site = tmp_path / "site"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    served = subprocess.run(
        [sys.executable, "-I", "-c", SERVE, str(site)],
        cwd=tmp_path,
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    place, filename = served.stdout.split()
    assert Path(place) == site / "consent_server" / "assets.py"
    assert (site / "consent_server" / "built" / filename).is_file()
