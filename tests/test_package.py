"""What would be published installs and runs where nothing of this project is, and holds its own tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from email import message_from_string
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from packaging.requirements import Requirement

from consent_server import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = (
    *(".git", ".venv", ".*_cache", ".hypothesis", ".coverage*", "*.tmp", "*.egg-info", "__pycache__"),
    *("node_modules", "built", "build", "dist", "var", "shots"),
)
"""What a checkout holds and git does not, and git's own."""
ABOUT_FILES = (
    *("tests/assets/test_start.py", "tests/test_deploy.py", "tests/test_site.py"),
    *("tests/test_readme.py", "tests/test_docs_names.py", "tests/test_floors.py"),
)
"""Tests that read files from all over the tree, and take seconds."""
INIT = (
    *("init", "--yes", "--origins", "https://www.example.com", "--controller", "Example UAB"),
    *("--address", "Street 1, Vilnius", "--email", "privacy@example.com", "--country", "LT"),
)

OF_THE_BROWSER = ("consent_server.scan.listening", "consent_server.scan.visiting")
"""Modules that need the extra `scan`."""
IMPORT_ALL = """
import importlib, pkgutil, sys
import consent_server
for module in pkgutil.walk_packages(consent_server.__path__, "consent_server."):
    if module.name not in sys.argv[1:] and not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """Run a command without settings of ours; return what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CONSENT_", "PYTHON"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**kept, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a source distribution from a copy of the checkout and unpack it."""
    directory = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT, directory / "tree", ignore=shutil.ignore_patterns(*LEFT_OUT))
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", cwd=directory / "tree")
    (packed,) = (directory / "tree" / "dist").glob("*.tar.gz")
    run("tar", "-xzf", str(packed), cwd=directory)
    return directory / packed.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def installed(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a wheel from the source distribution, install it into a new environment, return the program.

    The environment borrows from this one what the wheel says that it needs, with what that needs, and nothing
    else. pip is asked nothing but whether that is all.
    """
    (unpacked / "widget" / "node_modules").symlink_to(ROOT / "widget" / "node_modules")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=unpacked)
    (wheel,) = (unpacked / "dist").glob("*.whl")
    home = tmp_path_factory.mktemp("home")
    (about,) = (folder for folder in zipfile.Path(wheel).iterdir() if folder.name.endswith(".dist-info"))
    run(sys.executable, "-m", "venv", "--without-pip", "venv", cwd=home)
    (site,) = (home / "venv" / "lib").glob("python*/site-packages")
    lend(needed(PathDistribution(about)), site)
    installing = ("install", "--quiet", "--no-index", "--disable-pip-version-check", wheel)
    run(sys.executable, "-m", "pip", "--python", home / "venv" / "bin" / "python", *installing, cwd=home)
    return home / "venv" / "bin" / "consent-server"


def needed(asking: Distribution) -> list[Distribution]:
    """Return what a distribution requires, extras included, and what that requires in turn."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(asking, "")]
    while waiting:
        one, extra = waiting.pop()
        for required in map(Requirement, one.requires or ()):
            if required.marker and not required.marker.evaluate({"extra": extra}):
                continue
            found[required.name] = distribution(required.name)
            # Without an extra too: what is asked for with one is needed as it is.
            fresh = {(required.name, more) for more in ("", *required.extras)} - seen
            seen |= fresh
            waiting += [(found[name], more) for name, more in fresh]
    return list(found.values())


def lend(distributions: Iterable[Distribution], site: Path) -> None:
    """Link the files of each distribution into another environment, a package by one link."""
    for one in distributions:
        for name in {file.parts[0] for file in one.files or ()} - {"..", "__pycache__"}:
            if not (site / name).exists():
                (site / name).symlink_to(Path(str(one.locate_file(name))))


def test_the_source_distribution_holds_the_whole_tree(unpacked: Path) -> None:
    """Every folder of a checkout is there with all its files, and what `make test` begins with."""
    tree = unpacked.parent / "tree"
    files = {path.relative_to(tree) for path in tree.rglob("*/*") if path.is_file()}
    files = {path for path in files if not {"dist", "__pycache__"} & set(path.parts)}
    assert len(files) > 500
    assert {str(path) for path in files if not (unpacked / path).is_file()} == set()
    assert {"Makefile", "pyproject.toml", "constraints.txt", "hatch_build.py", ".ci"} <= {
        path.name for path in unpacked.iterdir()
    }


def test_the_package_says_what_it_is(unpacked: Path) -> None:
    """Name, version, licence, description and what it runs on, as an index shows them."""
    about = message_from_string((unpacked / "PKG-INFO").read_text("utf-8"))
    assert about["Name"] == "consent-server"
    assert about["Version"] == __version__
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.11"
    assert about["Description-Content-Type"] == "text/markdown"
    assert about.get_payload() == (ROOT / "README.md").read_text("utf-8")
    assert f"## {__version__} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_tests_pass_from_the_source_distribution(unpacked: Path, installed: Path) -> None:
    """Those that read files from all over the tree do, on the widget that was built there."""
    assert installed.exists()
    told = run(
        *(sys.executable, "-m", "pytest", "-q", "--no-cov", "-p", "no:cacheprovider", *ABOUT_FILES),
        cwd=unpacked,
        PYTHONPATH=str(unpacked),
    )
    assert " passed" in told


def test_the_wheel_names_all_that_it_needs(installed: Path, tmp_path: Path) -> None:
    """Every module but those of the optional scan is imported where nothing else is installed."""
    imported = run(installed.with_name("python"), "-c", IMPORT_ALL, *OF_THE_BROWSER, cwd=tmp_path)
    assert len(imported.split()) > 150
    assert "consent_server.app" in imported.split()


def test_an_installed_wheel_starts_from_nothing(installed: Path, tmp_path: Path) -> None:
    """Version, a first catalog, a server that lives and serves widget and types: no checkout, no Node.js."""
    alone = {"PATH": str(installed.parent)}
    assert run(installed, "--version", cwd=tmp_path, **alone).split()[-1] == __version__
    run(installed, *INIT, cwd=tmp_path, **alone)
    run(installed, "catalog", "check", cwd=tmp_path, **alone)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(installed), "serve", "--port", str(port)]
    serving = subprocess.Popen(command, cwd=tmp_path, env=alone, stdout=subprocess.DEVNULL)
    try:
        assert b"ok" in fetched(f"http://127.0.0.1:{port}/healthz", serving.poll)
        assert b"consent-widget" in fetched(f"http://127.0.0.1:{port}/v1/example/consent.js", serving.poll)
        types = (ROOT / "widget" / "consent.d.ts").read_bytes()
        assert fetched(f"http://127.0.0.1:{port}/consent.d.ts", serving.poll) == types
        assert b"Example UAB" in fetched(f"http://127.0.0.1:{port}/v1/example/cookies", serving.poll)
    finally:
        serving.terminate()
        serving.wait()


def fetched(url: str, ended: Callable[[], int | None]) -> bytes:
    """Fetch an address, once the server is up."""
    for _ in range(200):
        assert ended() is None
        try:
            with urlopen(url, timeout=5) as answer:
                content: bytes = answer.read()
                return content
        except URLError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
