"""The console's own scripts and stylesheet: files by their hash, immutable; the stylesheet is one of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.web.files import IMMUTABLE, SCRIPT, File, send

if TYPE_CHECKING:
    from flask import Response

_FOLDER = Path(__file__).parent / "static_console"
_IMPORT = re.compile(r'^@import "(.+?)";$', re.MULTILINE)
_TYPES = {".js": SCRIPT, ".css": "text/css; charset=utf-8"}


class ConsoleFiles:
    """Every file of the folder `static_console`, read once. `paths` maps its name to its URL path."""

    def __init__(self) -> None:
        files = {path: File.of(_joined(path)) for path in _FOLDER.iterdir() if path.suffix in _TYPES}
        self._served = {
            file.sha256 + path.suffix: (file, _TYPES[path.suffix]) for path, file in files.items()
        }
        self.paths = {
            path.name: f"/console/assets/{file.sha256}{path.suffix}" for path, file in files.items()
        }

    def send(self, name: str) -> Response | None:
        """Answer with the file whose name is `<sha256>.js` or `<sha256>.css`, if it is one of these."""
        if name not in self._served:
            return None
        file, media_type = self._served[name]
        return send(file, media_type, IMMUTABLE)


def _joined(path: Path) -> bytes:
    """Return what a file holds, or all that it imports: a page asks for one stylesheet."""
    text = path.read_text("utf-8")
    sheets = [(path.parent / sheet).read_text("utf-8") for sheet in _IMPORT.findall(text)]
    return ("\n".join(sheets) or text).encode()
