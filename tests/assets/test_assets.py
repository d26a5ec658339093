"""The widget is built once, fingerprinted by content, and served as exactly the bytes that were built."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import brotli
import pytest
from webassets.exceptions import FilterError

from consent_server import assets
from consent_server.errors import AssetsMissing

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--bundle", "--minify", "--charset=utf8"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project of four small sources that borrows this project's esbuild."""
    widget, templates = tmp_path / "widget", tmp_path / "consent_server" / "templates"
    (widget / "src" / "ui").mkdir(parents=True)
    templates.mkdir(parents=True)
    (widget / "node_modules").symlink_to(ROOT / "widget" / "node_modules")
    programs = {
        "styles": {"LOOK_CSS": "src/look.css"},
        "extras": {"entry": "src/extras.ts", "flags": [*FLAGS, "--format=esm"]},
        "preferences": {"entry": "src/ui/preferences.ts", "flags": [*FLAGS, "--format=esm"]},
        "consent": {"entry": "src/main.ts", "flags": [*FLAGS, "--format=iife"]},
    }
    (widget / "esbuild.json").write_text(json.dumps(programs))
    (widget / "src" / "main.ts").write_text(
        'import { name } from "./name"; declare const CHUNK_SHA256: string;'
        "declare const LOOK_CSS: string; console.log(name, LOOK_CSS, CHUNK_SHA256);"
    )
    (widget / "src" / "look.css").write_text("a { color: red }")
    (widget / "src" / "name.ts").write_text('export const name: string = "ąčę";', encoding="utf-8")
    (widget / "src" / "extras.ts").write_text("export const rows: number = 1;")
    (widget / "src" / "ui" / "preferences.ts").write_text(
        "declare const EXTRAS_SHA256: string; export const form: number = 1; console.log(EXTRAS_SHA256);"
    )
    (templates / "pages.css").write_text("body { color: black }")
    return tmp_path


def build(project: Path) -> assets.Assets:
    """Build the project and read what was built."""
    assets.build(project, project / "built", say=lambda line: None)  # noqa: ARG005 - said to nobody
    return assets.load(project / "built")


def names(built: assets.Assets) -> tuple[str, str, str, str]:
    """Return the fingerprinted names of the four files."""
    return (
        built.build.filename,
        built.preferences.filename,
        built.extras.filename,
        built.pages_css.filename,
    )


def test_same_sources_same_names(project: Path) -> None:
    """Building the same sources again gives the same file names and the same bytes."""
    assert build(project) == build(project)


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("widget/src/name.ts", (True, False, False, False)),
        ("widget/src/look.css", (True, False, False, False)),
        # Whoever loads a chunk carries its hash, so it changes with it.
        ("widget/src/ui/preferences.ts", (True, True, False, False)),
        ("widget/src/extras.ts", (True, True, True, False)),
        ("consent_server/templates/pages.css", (False, False, False, True)),
    ],
)
def test_fingerprints_follow_sources(project: Path, source: str, changed: tuple[bool, ...]) -> None:
    """A changed source changes the fingerprint of what it is part of, and of nothing else."""
    before = names(build(project))
    text = (project / source).read_text(encoding="utf-8")
    (project / source).write_text(
        text.replace("ą", "ė").replace("1", "2").replace("black", "red").replace("red }", "blue }")
    )
    after = names(build(project))
    assert tuple(old != new for old, new in zip(before, after, strict=True)) == changed


def test_each_declaration_ends_with_a_semicolon(project: Path) -> None:
    """There the widget makes it important: one without could be changed by a page's own rule."""
    (project / "widget" / "src" / "look.css").write_text(
        "a { color: red; top: 0 } @media print { a { color: blue } b { } }"
    )
    assert b"a{color:red;top:0;}@media print{a{color:#00f;}}" in build(project).build.content


def test_old_fingerprints_are_removed(project: Path) -> None:
    """After a rebuild only the current files and the manifest are there."""
    build(project)
    (project / "widget" / "src" / "name.ts").write_text('export const name = "other";')
    current = names(build(project))
    assert {file.name for file in (project / "built").iterdir()} == {*current, "manifest.json"}


def test_chunks_are_named_by_what_loads_them(project: Path) -> None:
    """Each build contains the SHA-256 of the exact bytes of the chunk that it loads."""
    built = build(project)
    for loader, chunk in ((built.build, built.preferences), (built.preferences, built.extras)):
        sha256 = hashlib.sha256((project / "built" / chunk.filename).read_bytes()).hexdigest()
        assert sha256.encode() in loader.content
        assert built.by_sha256(sha256) == chunk
    assert built.by_sha256("0" * 64) is None


def test_hashes_are_of_the_exact_bytes(project: Path) -> None:
    """Every file's SHA-256, SRI value and compressed variants belong to the exact bytes on disk."""
    built = build(project)
    for asset in (built.build, built.preferences, built.extras, built.pages_css):
        content = (project / "built" / asset.filename).read_bytes()
        assert asset.content == content == gzip.decompress(asset.gzip) == brotli.decompress(asset.brotli)
        assert asset.sha256 == hashlib.sha256(content).hexdigest()
        assert (
            assets.Assets.sri(asset)
            == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
        )
        assert asset.sha256[:8] in asset.filename
    assert [built.build.media_type, built.pages_css.media_type] == ["text/javascript", "text/css"]


def test_manifest_resolves(project: Path) -> None:
    """Each entry of the manifest leads to a file that is there."""
    build(project)
    manifest = json.loads((project / "built" / "manifest.json").read_text())
    assert len(manifest) == 4
    assert all(
        (project / "built" / (name % {"version": version})).is_file() for name, version in manifest.items()
    )


def test_failed_build_keeps_the_last_good_one(project: Path) -> None:
    """A source that does not compile is reported in esbuild's words and leaves the last good build."""
    before = build(project)
    (project / "widget" / "src" / "main.ts").write_text("const = 1;")
    with pytest.raises(FilterError, match=r"main\.ts:1:6"):
        build(project)
    assert assets.load(project / "built") == before
    assert not list(project.glob("*.tmp"))


def test_missing_tools_name_the_remedy(project: Path) -> None:
    """Building without esbuild says which command installs it."""
    (project / "widget" / "node_modules").unlink()
    with pytest.raises(AssetsMissing, match="make setup"):
        build(project)


@pytest.mark.parametrize("damage", ["none built", "no manifest", "a file is gone", "not JSON", "edited"])
def test_missing_build_names_the_remedy(project: Path, damage: str) -> None:
    """A build that is missing or not whole is refused with the command that makes it."""
    built = build(project)
    directory = project / "built"
    if damage == "none built":
        shutil.rmtree(directory)
    elif damage == "no manifest":
        (directory / "manifest.json").unlink()
    elif damage == "a file is gone":
        (directory / built.preferences.filename).unlink()
    elif damage == "not JSON":
        (directory / "manifest.json").write_text("{")
    else:
        (directory / built.build.filename).write_text("alert(1)")
    with pytest.raises(AssetsMissing, match="make setup") as refused:
        assets.load(directory)
    assert refused.value.code == "assets_missing"


def test_this_project_is_built() -> None:
    """What the server serves here is there, and is a script that a browser can parse."""
    built = assets.load()
    esbuild = next((ROOT / "widget" / "node_modules" / "@esbuild").glob("*/bin/esbuild"))
    for asset in (built.build, built.preferences, built.extras):
        subprocess.run([esbuild, "--loader=js"], input=asset.content, capture_output=True, check=True)
