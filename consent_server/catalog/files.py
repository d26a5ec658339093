"""The catalog files: the one module of this package that reads the disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consent_server.catalog.positions import locate
from consent_server.catalog.toml import LARGEST, parse_catalog
from consent_server.errors import CatalogError, Flaw

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.catalog.model import Catalog

_SITE = re.compile(r"[^.].*\.toml", re.DOTALL)

Fingerprint = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size in bytes and time of change in nanoseconds, for each file."""


def read_catalogs(path: Path) -> tuple[Catalog, ...]:
    """Read one site's file, or every site of a directory of *.toml, sorted by name.

    Raises CatalogError with the flaws of all files together.
    """
    flaws: list[Flaw] = []
    catalogs: list[Catalog] = []
    names: dict[str, Path] = {}
    for file in _files(path):
        try:
            source = _read(file)
            catalog = parse_catalog(source, str(file))
        except CatalogError as error:
            flaws += error.flaws
            continue
        first = names.setdefault(catalog.site.id, file)
        if first != file:
            flaws.append(_same_site(file, source, catalog.site.id, first))
        catalogs.append(catalog)
    if flaws:
        raise CatalogError(flaws)
    return tuple(catalogs)


def fingerprint(path: Path) -> Fingerprint:
    """Return what changes whenever the catalog changes, without reading it; empty where nothing is there."""
    try:
        found = [(str(file), file.stat()) for file in _files(path)]
    except (OSError, CatalogError):
        return ()
    return tuple((name, stat.st_ino, stat.st_size, stat.st_mtime_ns) for name, stat in found)


def _files(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        found = sorted(file for file in path.iterdir() if _SITE.fullmatch(file.name))
    except OSError as error:
        raise _refusal(path, f"the path cannot be read: {error.strerror}") from error
    if not found:
        raise _refusal(path, "the directory holds no *.toml file: add one for each site")
    return found


def _read(file: Path) -> bytes:
    try:
        if not file.exists():
            raise _refusal(file, "there is no such file: check CONSENT_CATALOG, or make one with `init`")
        if not file.is_file():
            raise _refusal(file, "this is neither a file nor a directory of *.toml files: name one of these")
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise _refusal(file, f"the file cannot be read: {error}") from error


def _same_site(file: Path, source: bytes, site: str, first: Path) -> Flaw:
    positions = locate(source)
    line, column = positions.of_value(("site", "id"))
    message = f"site {site!r} is already in {first.name}: give each file its own site id"
    return Flaw(str(file), line, column, message, positions.source(line))


def _refusal(file: Path, message: str) -> CatalogError:
    return CatalogError([Flaw(str(file), 0, 0, message)])
