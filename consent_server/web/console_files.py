"""The console's own scripts and stylesheet: plain files by their hash, immutable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.web.files import IMMUTABLE, SCRIPT, File, send

if TYPE_CHECKING:
    from flask import Response

_FOLDER = Path(__file__).parent / "static_console"
_TYPES = {".js": SCRIPT, ".css": "text/css; charset=utf-8"}


class ConsoleFiles:
    """Every file of the folder `static_console`, read once. `paths` maps its name to its URL path."""

    def __init__(self) -> None:
        files = {path: File.of(path.read_bytes()) for path in _FOLDER.iterdir() if path.suffix in _TYPES}
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
