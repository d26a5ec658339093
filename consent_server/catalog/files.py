"""The catalog files: the one module of this package that reads the disk."""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from typing import TYPE_CHECKING

from consent_server.catalog.flaws import Flaws
from consent_server.catalog.toml import LARGEST, parse_catalog
from consent_server.errors import CatalogError, Flaw

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.catalog.model import Catalog

_TRIES = 5
_PAUSE = 0.1
"""Seconds between two tries to read a file that is being written."""
_SITE = re.compile(r"[^.].*\.toml", re.DOTALL)

Fingerprint = tuple[tuple[str, int, int, int], ...]
"""Name, inode, size in bytes and time of change in nanoseconds, for each file."""


def read_catalogs(path: Path) -> tuple[Catalog, ...]:
    """Read one site's file, or every site of a directory of *.toml, sorted by name.

    Raises CatalogError with the flaws of all files together.
    """
    flaws: list[Flaw] = []
    more = 0
    catalogs: list[Catalog] = []
    names: dict[str, Path] = {}
    for file in _files(path):
        try:
            source = _read(file)
            catalog = parse_catalog(source, str(file))
        except CatalogError as error:
            flaws += error.flaws
            more += error.more
            continue
        first = names.setdefault(catalog.site.id, file)
        if first != file:
            flaws.append(_same_site(file, source, catalog.site.id, first))
        catalogs.append(catalog)
    if flaws:
        raise CatalogError(flaws, more)
    return tuple(catalogs)


def fingerprint(path: Path) -> Fingerprint:
    """Return what changes whenever the catalog changes, without reading it; empty where nothing is there."""
    try:
        return tuple((str(file), *_identity(file.stat())) for file in _files(path))
    except (OSError, ValueError, CatalogError):
        return _fingerprint_of_itself(path)


def _fingerprint_of_itself(path: Path) -> Fingerprint:
    """Tell one thing that cannot be read from the next: a link to nowhere, an empty directory."""
    try:
        return ((str(path), *_identity(path.lstat())),)
    except (OSError, ValueError):
        return ()


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
    """Read a file that stays the same meanwhile; one that is being written gets a moment."""
    for _ in range(_TRIES):
        try:
            before = file.stat()
            if stat.S_ISDIR(before.st_mode):
                raise _refusal(file, "this is a directory inside a directory: name a file, or move it away")
            if not stat.S_ISREG(before.st_mode):
                raise _refusal(
                    file, "this is neither a file nor a directory of *.toml files: name one of these"
                )
            with file.open("rb") as opened:
                source = opened.read(LARGEST + 1)
                after = os.fstat(opened.fileno())
        except (OSError, ValueError) as error:
            raise _refusal(file, _unreadable(error)) from error
        whole = len(source) == min(after.st_size, LARGEST + 1)
        if whole and _identity(before) == _identity(after):
            return source
        time.sleep(_PAUSE)
    raise _refusal(file, "the file changes while it is read: save it, then try again", "file-changing")


def _unreadable(error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOENT:
        return "there is no such file: check CONSENT_CATALOG, or make one with `init`"
    if number == errno.ELOOP:
        return "this is a symbolic link that leads back to itself: replace it with the file"
    said = error.strerror if isinstance(error, OSError) else error
    return f"the file cannot be read: {said}"


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _same_site(file: Path, source: bytes, site: str, first: Path) -> Flaw:
    flaws = Flaws(str(file), source)
    message = f"site {site!r} is already in {first.name}: give each file its own site id"
    flaws.at_value(("site", "id"), "site-twice", message)
    return flaws.found[0]


def _refusal(file: Path, message: str, rule: str = "file-unreadable") -> CatalogError:
    return CatalogError([Flaw(str(file), 0, 0, message, rule=rule)])
