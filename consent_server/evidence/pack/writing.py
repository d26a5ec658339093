"""Writing packs: files are streamed into the archive and hashed on their way."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib import resources
from typing import IO, TYPE_CHECKING, Any, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from consent_server.evidence.pack.layout import ALONE, MANIFEST, File, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consent_server.evidence.pack.layout import Part

_PLAIN, _PROGRAM = 0o100644 << 16, 0o100755 << 16
"""The modes that files have once they are unpacked."""


class PackWriter:
    """Writes one pack into a file; `made` is Unix milliseconds. Only after `finish` is it one."""

    def __init__(self, file: IO[bytes], made: int) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._made = made
        self._files: dict[str, File] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextmanager
    def lines(self, name: str) -> Iterator[Callable[[str], None]]:
        """Open a file of the pack; what is yielded writes one line into it."""
        hashed, size = sha256(), 0

        def write(line: str) -> None:
            nonlocal size
            data = line.encode() + b"\n"
            hashed.update(data)
            size += len(data)
            stream.write(data)

        with self._zip.open(self._info(name), "w", force_zip64=True) as stream:
            yield write
        self._files[name] = File(hashed.hexdigest(), size)

    def add(self, name: str, content: bytes) -> None:
        """Write a file of the pack."""
        self._zip.writestr(self._info(name), content)
        self._files[name] = File(sha256(content).hexdigest(), len(content))

    def add_json(self, name: str, value: Any) -> None:
        """Write a file of the pack that people may read."""
        self.add(name, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())

    def finish(self, site: str, part: Part | None) -> None:
        """Write how to verify the pack, and the manifest."""
        folder = resources.files("consent_server.evidence.pack.alone")
        for name in ALONE:
            self.add(name, (folder / name).read_bytes())
        self.add_json(MANIFEST, Manifest(site, self._made, part, dict(self._files)).to_json())

    def _info(self, name: str) -> ZipInfo:
        moment = datetime.fromtimestamp(self._made / 1000, UTC)
        info = ZipInfo(name, moment.timetuple()[:6])
        info.compress_type = ZIP_DEFLATED
        info.external_attr = _PROGRAM if name == "verify.sh" else _PLAIN
        return info
