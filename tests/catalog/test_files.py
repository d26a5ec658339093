"""Catalog files: one, many, and those that cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from consent_server.catalog.files import fingerprint, read_catalogs
from consent_server.errors import CatalogError

WRITER = """
import os, sys
opened = os.open(sys.argv[1], os.O_RDWR | os.O_APPEND)
whole = os.fstat(opened).st_size
while True:
    for _ in range(1000):
        os.write(opened, b"#")
    os.ftruncate(opened, whole)
"""


def _flaws(path: Path, rule: str = "file-unreadable") -> list[str]:
    with pytest.raises(CatalogError) as refused:
        read_catalogs(path)
    assert {flaw.rule for flaw in refused.value.flaws} == {rule}
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
    assert _flaws(tmp_path, "site-twice") == [f"{tmp_path / 'b.toml'}:2:6: {message}"]


def test_flaws_of_all_files(tmp_path: Path, small: bytes) -> None:
    """Every file of a directory is checked before any is refused."""
    (tmp_path / "a.toml").write_bytes(small.replace(b'"US"', b'"UK"'))
    (tmp_path / "b.toml").write_bytes(b"[site")
    with pytest.raises(CatalogError) as refused:
        read_catalogs(tmp_path)
    assert [(flaw.file, flaw.rule) for flaw in refused.value.flaws] == [
        (str(tmp_path / "a.toml"), "country-unknown"),
        (str(tmp_path / "b.toml"), "toml-syntax"),
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


def test_a_link_to_itself(tmp_path: Path) -> None:
    """A symbolic link that leads back to itself is one flaw, in a directory of catalogs too."""
    link = tmp_path / "a.toml"
    link.symlink_to(link)
    message = f"{link}: this is a symbolic link that leads back to itself: replace it with the file"
    assert (_flaws(link), _flaws(tmp_path)) == ([message], [message])


def test_a_directory_among_catalogs(tmp_path: Path) -> None:
    """A directory that is called as a catalog is one flaw."""
    inside = tmp_path / "a.toml"
    inside.mkdir()
    message = "this is a directory inside a directory: name a file, or move it away"
    assert _flaws(tmp_path) == [f"{inside}: {message}"]


def test_other_ends_of_lines(tmp_path: Path, small: bytes) -> None:
    """A file whose lines end with CRLF is the same catalog, and its flaws stand where they do."""
    file = tmp_path / "catalog.toml"
    file.write_bytes(small)
    (expected,) = read_catalogs(file)
    file.write_bytes(small.replace(b"\n", b"\r\n"))
    assert read_catalogs(file) == (expected,)
    file.write_bytes(small.replace(b'"US"', b'"UK"').replace(b"\n", b"\r\n"))
    with pytest.raises(CatalogError) as refused:
        read_catalogs(file)
    (flaw,) = refused.value.flaws
    assert (flaw.line, flaw.column, flaw.source) == (26, 11, 'country = "UK"')


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, small: bytes) -> None:
    """What somebody is writing just then is read whole, or is one flaw; never half of it."""
    file = tmp_path / "catalog.toml"
    file.write_bytes(small + b"#")
    (whole,) = read_catalogs(file)
    message = f"{file}: the file changes while it is read: save it, then try again"
    seen: list[object] = []
    writing = subprocess.Popen([sys.executable, "-c", WRITER, str(file)])
    try:
        for _ in range(20):
            try:
                seen += read_catalogs(file)
            except CatalogError as error:
                seen.append(error.detail)
    finally:
        writing.kill()
        writing.wait()
    assert [outcome for outcome in seen if outcome not in (whole, message)] == []


def test_a_file_that_is_never_what_it_was() -> None:
    """A file whose size is not that of its content, however often one looks, is one flaw."""
    file = Path("/proc/version")
    message = "the file changes while it is read: save it, then try again"
    assert _flaws(file, "file-changing") == [f"{file}: {message}"]


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


def test_fingerprint_of_what_cannot_be_read(tmp_path: Path) -> None:
    """One thing that cannot be read is told from another that takes its place."""
    place = tmp_path / "catalog.toml"
    place.symlink_to(place)
    link = fingerprint(place)
    place.unlink()
    place.mkdir()
    assert () != link != fingerprint(place) != ()
