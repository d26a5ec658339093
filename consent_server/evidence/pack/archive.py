"""Reading the archive of a pack without trusting it: bounded in number, names, sizes and memory."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.pack.layout import (
    LARGEST,
    LARGEST_MANIFEST,
    LONGEST_LINE,
    MANIFEST,
    MOST_FILES,
    MOST_PACKED,
    STREAMED,
    File,
    is_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zipfile import ZipInfo

_CHUNK = 1 << 20
_ENCRYPTED = 1
_SMALL = 1 << 20
"""Bytes below which a file may be packed as well as it can."""


def is_pack(path: str | Path) -> bool:
    """Tell whether a file is meant as a pack: it begins as archives do, whole or not."""
    with Path(path).open("rb") as file:
        return file.read(2) == b"PK"


class Archive:
    """The files of a pack. Raises EvidenceInvalid, which names the file, for all that cannot be read."""

    def __init__(self, path: str | Path) -> None:
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, ValueError, NotImplementedError):
            raise EvidenceInvalid(
                "This is no whole archive: it was cut off, or damaged, on its way."
            ) from None
        try:
            self._infos = _checked(self._zip.infolist(), Path(path).stat().st_size)
        except EvidenceInvalid:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The names of all files."""
        return list(self._infos)

    def size(self, name: str) -> int:
        """Return the bytes of a file."""
        return self._infos[name].file_size

    def read(self, name: str) -> bytes:
        """Return a whole file."""
        with self._open(name) as stream:
            return stream.read()

    def text(self, name: str) -> str:
        """Return a whole file that is text."""
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError:
            raise EvidenceInvalid(f"{name}: It is not text.") from None

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines of a file; one that is far too long comes in pieces."""
        with self._open(name) as stream:
            yield from iter(partial(stream.readline, LONGEST_LINE), b"")

    def measure(self, name: str, progress: Callable[[int], None]) -> File:
        """Return the hash and size of a file, calling `progress` with the bytes that were read."""
        hashed, size = sha256(), 0
        with self._open(name) as stream:
            while chunk := stream.read(_CHUNK):
                hashed.update(chunk)
                size += len(chunk)
                progress(len(chunk))
        return File(hashed.hexdigest(), size)

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self._infos:
            raise EvidenceInvalid(f"{name}: It is missing.")
        try:
            with self._zip.open(name) as member, BufferedReader(member, _CHUNK) as stream:  # type: ignore[type-var]
                yield stream
        except (BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise EvidenceInvalid(f"{name}: It is damaged in the archive: {error}.") from None


def _checked(infos: list[ZipInfo], size: int) -> dict[str, ZipInfo]:
    """Return the files by name, once all that the archive says of them can be accepted."""
    if len(infos) > MOST_FILES:
        raise EvidenceInvalid(f"The archive holds {len(infos)} files; a pack has {MOST_FILES} at most.")
    files: dict[str, ZipInfo] = {}
    for info in infos:
        if not is_name(info.filename):
            raise EvidenceInvalid(f"{info.filename!r}: A pack holds no file of this name.")
        if info.filename in files:
            raise EvidenceInvalid(f"{info.filename}: It stands in the archive twice.")
        _check(info)
        files[info.filename] = info
    if sum(info.compress_size for info in infos) > size:
        raise EvidenceInvalid("Files of the archive overlap: it is made to unpack to more than it holds.")
    return files


def _check(info: ZipInfo) -> None:
    name, size = info.filename, info.file_size
    if info.flag_bits & _ENCRYPTED or info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise EvidenceInvalid(f"{name}: It is encrypted, or packed in a way that packs do not use.")
    limit = LARGEST_MANIFEST if name == MANIFEST else LARGEST
    if name not in STREAMED and size > limit:
        raise EvidenceInvalid(f"{name}: It has {size} bytes; {limit} is the most.")
    if size > max(_SMALL, info.compress_size * MOST_PACKED):
        raise EvidenceInvalid(
            f"{name}: It would unpack to {size} bytes from {info.compress_size}: no honest file does."
        )
