"""What was erased on request, kept outside the database: a restored copy must not bring it back."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from uuid import UUID

from consent_server.consent.stored import EraseOrder
from consent_server.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "erasures.ndjson"


class ErasureFile:
    """The file `erasures.ndjson` in the data directory: a line for each erasure, with ids and no content."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / NAME

    def keep(self, site: str, order: EraseOrder) -> None:
        """Append the receipts that `order` names. Raises StorageUnavailable."""
        ids = [str(leaf_id) for leaf_id in order.ids or ()]
        line = json.dumps({"site": site, "reason": order.reason, "time": order.time, "ids": ids}) + "\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(file).st_size
                # A line that a crash cut must not swallow this one.
                if size and os.pread(file, 1, size - 1) != b"\n":
                    line = f"\n{line}"
                # One write, so that processes that share the file do not mix their lines.
                os.write(file, line.encode())
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise StorageUnavailable(f"{self.path} cannot be written: {error.strerror}.") from error

    def read(self) -> Iterator[tuple[str, EraseOrder]]:
        """Yield what was kept, the oldest first. A line that a crash left unfinished is passed over."""
        if not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                kept = json.loads(line)
                ids = tuple(UUID(leaf_id) for leaf_id in kept["ids"])
                yield kept["site"], EraseOrder(kept["reason"], kept["time"], ids=ids)
            except (ValueError, KeyError, TypeError):
                continue
