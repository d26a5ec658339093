"""Catalog files: one, many, and those that cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from consent_server.catalog.files import fingerprint, read_catalogs
from consent_server.errors import CatalogError

if TYPE_CHECKING:
    from pathlib import Path


def _flaws(path: Path) -> list[str]:
    with pytest.raises(CatalogError) as refused:
        read_catalogs(path)
    return [str(flaw) for flaw in refused.value.flaws]


def test_one_file(tmp_path: Path, small: bytes) -> None:
    """A file is one site."""
    file = tmp_path / "catalog.toml"
    file.write_bytes(small)
    assert [catalog.site.id for catalog in read_catalogs(file)] == ["shop"]


def test_directory(tmp_path: Path, small: bytes) -> None:
    """A directory is a site for each *.toml in it, by name; hidden and other files do not count."""
    (tmp_path / "b.toml").write_bytes(small.replace(b'"shop"', b'"second"'))
    (tmp_path / "a.toml").write_bytes(small.replace(b'"shop"', b'"first"'))
    (tmp_path / ".a.toml").write_bytes(b"not a catalog")
    (tmp_path / "notes.txt").write_bytes(b"not a catalog")
    assert [catalog.site.id for catalog in read_catalogs(tmp_path)] == ["first", "second"]


def test_same_site(tmp_path: Path, small: bytes) -> None:
    """Two files cannot be one site."""
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_bytes(small)
    message = "site 'shop' is already in a.toml: give each file its own site id"
    assert _flaws(tmp_path) == [f"{tmp_path / 'b.toml'}:2:6: {message}"]


def test_flaws_of_all_files(tmp_path: Path, small: bytes) -> None:
    """Every file of a directory is checked before any is refused."""
    (tmp_path / "a.toml").write_bytes(small.replace(b'"US"', b'"UK"'))
    (tmp_path / "b.toml").write_bytes(b"[site")
    assert [flaw.split(":")[0] for flaw in _flaws(tmp_path)] == [
        str(tmp_path / "a.toml"),
        str(tmp_path / "b.toml"),
    ]


def test_not_there(tmp_path: Path) -> None:
    """A file that is not there is one flaw."""
    file = tmp_path / "gone.toml"
    assert _flaws(file) == [f"{file}: there is no such file: check CONSENT_CATALOG, or make one with `init`"]


def test_empty_directory(tmp_path: Path) -> None:
    """A directory without catalogs is one flaw."""
    assert _flaws(tmp_path) == [f"{tmp_path}: the directory holds no *.toml file: add one for each site"]


def test_neither(tmp_path: Path) -> None:
    """What is neither file nor directory is one flaw, and is not waited for."""
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    assert "neither a file nor a directory" in _flaws(pipe)[0]


@pytest.mark.parametrize("name", ["a\0b", "a" * 300])
def test_impossible_name(tmp_path: Path, name: str) -> None:
    """A path that no file can have is one flaw."""
    assert len(_flaws(tmp_path / name)) == 1


def test_fingerprint(tmp_path: Path, small: bytes) -> None:
    """The fingerprint changes when a file is written, added or removed, and only then."""
    first = tmp_path / "a.toml"
    first.write_bytes(small)
    seen = [fingerprint(tmp_path)]
    assert fingerprint(tmp_path) == seen[0]
    first.write_bytes(small + b"\n")
    seen.append(fingerprint(tmp_path))
    (tmp_path / "b.toml").write_bytes(small)
    seen.append(fingerprint(tmp_path))
    first.unlink()
    seen.append(fingerprint(tmp_path))
    assert len(set(seen)) == 4
    assert fingerprint(tmp_path / "gone.toml") == ()
