"""The last checkpoint of each site, kept in a file outside the database: a log that was cut is noticed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.errors import LogDamaged

if TYPE_CHECKING:
    from consent_server.consent.logs import Logs


class CheckpointFiles:
    """Files `checkpoints/<site>` below the data directory; one whose name begins with a dot is unfinished."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "checkpoints"

    def keep(self, site: str, checkpoint: str) -> None:
        """Replace the file of a site at once: whatever stops this, one whole checkpoint is there."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False) as file:
            file.write(checkpoint.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self._directory / site)

    def check(self, site: str, logs: Logs) -> None:
        """Refuse a log that is not the growth of what was kept, and say what an operator can do."""
        file = self._directory / site
        kept = file.read_text(encoding="utf-8") if file.exists() else None
        try:
            logs.check(site, kept)
        except LogDamaged as error:
            raise LogDamaged(
                f"{error.detail} An older copy of the database may have been restored: restore the newest "
                f"one. If there is none, keep {file} as evidence elsewhere, remove it, and start again; "
                "auditors will see the break."
            ) from None
