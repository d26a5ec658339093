"""The widget and the pages' stylesheet as files: built and fingerprinted once, then served from memory.

The only place with webassets. `build` runs where the project is set up or packed (it needs the widget's
node_modules), `load` runs in the server (it needs nothing but the built files). A file's fingerprint is the
beginning of the SHA-256 of its exact bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webassets.bundle import Bundle
from webassets.env import Environment
from webassets.exceptions import FilterError
from webassets.filter import Filter
from webassets.version import HashVersion

from consent_server.errors import AssetsMissing

if TYPE_CHECKING:
    from collections.abc import Callable

BUILT = Path(__file__).parent / "built"
MANIFEST = "manifest.json"
TYPES = "consent.d.ts"
FINGERPRINT_DIGITS = 8
_CSS_FLAGS = ("--bundle", "--minify", "--charset=utf8")
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}
MAIN, PREFERENCES = "consent.%(version)s.js", "preferences.%(version)s.js"
EXTRAS, PAGES = "extras.%(version)s.js", "pages.%(version)s.css"


@dataclass(frozen=True, slots=True)
class Asset:
    """One built file: its exact bytes, their SHA-256 (64 hex), and the same bytes compressed."""

    name: str
    filename: str
    sha256: str
    content: bytes
    gzip: bytes
    brotli: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """Everything that is served: the widget's main build, its two lazy chunks, the pages' stylesheet.

    `types` declares to TypeScript what a page may use of the widget.
    """

    build: Asset
    preferences: Asset
    extras: Asset
    pages_css: Asset
    types: bytes

    def by_sha256(self, sha256: str) -> Asset | None:
        """Return the file with this SHA-256 (64 lower-case hex), if it is one of these."""
        files = (self.build, self.preferences, self.extras, self.pages_css)
        return next((asset for asset in files if asset.sha256 == sha256), None)

    @staticmethod
    def sri(asset: Asset) -> str:
        """Return the value of an `integrity` attribute (W3C Subresource Integrity): "sha384-" and base64."""
        return "sha384-" + base64.b64encode(hashlib.sha384(asset.content).digest()).decode()


class Esbuild(Filter):
    """A webassets filter that lets esbuild read the source file itself, so that it can follow its imports.

    `widget` is the directory whose node_modules hold esbuild. Raises FilterError with esbuild's own words.
    """

    def __init__(self, widget: Path, *flags: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.widget = widget
        self.flags = flags

    def open(self, out: Any, source_path: str, **_: Any) -> None:
        """Write what esbuild makes of `source_path` to `out`."""
        out.write(_esbuild(self.widget, source_path, *self.flags))


def build(project: Path, into: Path = BUILT, say: Callable[[str], object] = print) -> None:
    """Build every bundle of the `project` directory into the directory `into`, replacing what is there.

    Everything is built anew each time: esbuild takes some milliseconds, a comparison of times can be wrong.
    A build that fails (webassets' BundleError, FilterError, or OSError) leaves what was there as it was.
    """
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into.parent, suffix=".tmp") as directory:
        fresh = Path(directory)
        for name in _build_bundles(project.resolve(), fresh):
            say(f"Built {name} ({(fresh / name).stat().st_size} bytes)")
        _replace(fresh, into)


def _build_bundles(project: Path, into: Path) -> list[str]:
    widget = project / "widget"
    programs = json.loads((widget / "esbuild.json").read_text(encoding="utf-8"))
    versions = HashVersion(FINGERPRINT_DIGITS, hashlib.sha256)  # type: ignore[no-untyped-call]
    environment = Environment(  # type: ignore[no-untyped-call]
        str(into), "", versions=versions, manifest=f"json:{into / MANIFEST}", cache=False, updater="always"
    )

    def bundle(output: str, source: Path, *flags: str) -> str:
        esbuild = Esbuild(widget, *flags)
        made = Bundle(str(source), output=output, filters=[esbuild], env=environment)  # type: ignore[no-untyped-call]
        made.build(force=True)  # type: ignore[no-untyped-call]
        return Path(made.resolve_output()).name  # type: ignore[no-untyped-call]

    def program(output: str, name: str, *more: str) -> str:
        return bundle(output, widget / programs[name]["entry"], *programs[name]["flags"], *more)

    styles = _styles(widget, programs["styles"])

    def sha256_of(name: str, file: str) -> str:
        return f'--define:{name}="{hashlib.sha256((into / file).read_bytes()).hexdigest()}"'

    extras = program(EXTRAS, "extras", *styles)
    preferences = program(PREFERENCES, "preferences", *styles, sha256_of("EXTRAS_SHA256", extras))
    main = program(MAIN, "consent", *styles, sha256_of("CHUNK_SHA256", preferences))
    pages = bundle(PAGES, project / "consent_server/templates/pages.css", *_CSS_FLAGS)
    return [extras, preferences, main, pages]


def _styles(widget: Path, files: dict[str, str]) -> list[str]:
    """Minify the widget's own style sheets; its programs hold them as strings under these names."""
    sheets = {
        name: _style(_esbuild(widget, file, "--minify", "--charset=utf8")) for name, file in files.items()
    }
    return [f"--define:{name}={json.dumps(css, ensure_ascii=False)}" for name, css in sheets.items()]


def _style(css: str) -> str:
    """End each declaration with a semicolon, by which `shadow` of the widget finds it."""
    return re.sub("(?<=[^{};])}", ";}", css.strip())


def _esbuild(widget: Path, source: str, *flags: str) -> str:
    command = [str(_esbuild_program(widget)), source, "--log-level=warning", *flags]
    done = subprocess.run(command, cwd=widget, capture_output=True, check=False)  # noqa: S603 - our own flags
    if done.returncode:
        raise FilterError(done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8")


def _esbuild_program(widget: Path) -> Path:
    """Find the native program of this platform: npm installs exactly one, and it runs without Node."""
    for pattern in ("*/bin/esbuild", "*/esbuild.exe"):
        for program in (widget / "node_modules" / "@esbuild").glob(pattern):
            return program
    raise AssetsMissing(f"esbuild is not installed in {widget / 'node_modules'}: run `make setup`.")


def _replace(fresh: Path, into: Path) -> None:
    """Move the files of `fresh` to `into`, the manifest last of them, then drop old fingerprints."""
    for file in sorted(fresh.iterdir(), key=lambda file: file.name == MANIFEST):
        file.replace(into / file.name)
    current = {MANIFEST, *_filenames(into).values()}
    for file in into.iterdir():
        if file.name not in current:
            file.unlink()


def load(directory: Path = BUILT) -> Assets:
    """Read the built files of `directory` and compress them. Raises AssetsMissing if they are not whole."""
    filenames = _filenames(directory)
    try:
        main, preferences, extras, pages = (
            _read(directory, output, filenames[output]) for output in (MAIN, PREFERENCES, EXTRAS, PAGES)
        )
        types = _types().read_bytes()
    except (KeyError, OSError) as error:
        raise _missing(directory) from error
    return Assets(build=main, preferences=preferences, extras=extras, pages_css=pages, types=types)


def _types() -> Path:
    """Find the declarations: in an installed package, else in a checkout."""
    packed = Path(__file__).parent / TYPES
    return packed if packed.exists() else packed.parent.parent / "widget" / TYPES


def _filenames(directory: Path) -> dict[str, str]:
    try:
        manifest: dict[str, str] = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _missing(directory) from error
    return {output: output % {"version": version} for output, version in manifest.items()}


def _missing(directory: Path) -> AssetsMissing:
    return AssetsMissing(
        f"The widget is not built in {directory}:"
        " run `make setup` in a checkout, or install the package again."
    )


def _read(directory: Path, output: str, filename: str) -> Asset:
    # Imported here because whoever builds the package needs this module but not the server's libraries.
    import brotli  # noqa: PLC0415

    content = (directory / filename).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if not filename.startswith(output.partition("%")[0] + sha256[:FINGERPRINT_DIGITS]):
        raise AssetsMissing(
            f"{directory / filename} was changed after it was built:"
            " run `make setup` in a checkout, or install the package again."
        )
    return Asset(
        name=output.partition(".")[0],
        filename=filename,
        sha256=sha256,
        content=content,
        gzip=gzip.compress(content, mtime=0),
        brotli=brotli.compress(content),
        media_type=MEDIA_TYPES[Path(filename).suffix],
    )
