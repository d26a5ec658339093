"""The last checkpoint of each site, kept in a file outside the database: a log that was cut is noticed."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.consent.logs import check_growth
from consent_server.errors import EvidenceInvalid, LogDamaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.consent.logs import Logs
    from consent_server.consent.sealer import Sealer
    from consent_server.consent.stored import LogState
    from consent_server.evidence.tiles import Read

log = logging.getLogger(__name__)


class CheckpointFiles:
    """Files `checkpoints/<site>` below the data directory; one whose name begins with a dot is unfinished."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "checkpoints"

    def kept(self, site: str) -> str | None:
        """Return the checkpoint that is kept of a site."""
        try:
            return (self._directory / site).read_text(encoding="utf-8", errors="replace") or None
        except FileNotFoundError:
            return None

    def keep(self, site: str, checkpoint: str) -> None:
        """Replace the file of a site at once: whatever stops this, one whole checkpoint is there."""
        self._directory.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False) as file:
            try:
                file.write(checkpoint.encode())
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                Path(file.name).unlink()
                raise
        Path(file.name).replace(self._directory / site)

    def check(self, site: str, logs: Logs) -> None:
        """Refuse a log that is not the growth of what was kept, and say what an operator can do."""
        try:
            logs.check(site, self.kept(site))
        except LogDamaged as error:
            raise LogDamaged(self.way_out(site, error)) from None

    def way_out(self, site: str, error: EvidenceInvalid | LogDamaged) -> str:
        """Return what is wrong with a log, and what an operator can do."""
        return (
            f"{error.detail} An older copy of the database may have been restored: restore the newest "
            f"one. If there is none, keep {self._directory / site} as evidence elsewhere, remove it, and "
            "start again; auditors will see the break."
        )


class CheckedSealer:
    """Seals logs that are the growth of what was kept of them, and keeps their newest checkpoint.

    A database may be set back under a running server. To seal on then would sign a second log beside the one
    that others hold, and replace the file that shows it. So what is kept, and what this process saw last, is
    compared with the log in the transaction that seals (decision 0030).
    """

    def __init__(self, sealer: Sealer, logs: Logs, files: CheckpointFiles) -> None:
        self._sealer = sealer
        self._logs = logs
        self._files = files
        self._seen: dict[str, str] = {}
        self._damages: dict[str, str] = {}

    @property
    def damages(self) -> Mapping[str, str]:
        """Why a site is not sealed any more, and what an operator can do, by site."""
        return self._damages

    def seal(self, site: str) -> LogState | None:
        """Seal what waits of a site whose log is sound. Return the new state, or None for nothing done.

        A site whose log is not is looked at again at the next call. Raises StorageUnavailable.
        """
        try:
            sealed = self._seal(site)
        except (LogDamaged, EvidenceInvalid) as error:
            self._stop(site, error)
            return None
        except OSError as error:
            # Other sites are sealed all the same; this one is tried again at the next call.
            log.error("The checkpoint of %s cannot be kept outside the database: %s", site, error)  # noqa: TRY400
            return None
        if self._damages.pop(site, None):
            log.warning("The log of %s is the growth of what was kept again: it is sealed again.", site)
        return sealed

    def _seal(self, site: str) -> LogState | None:
        looked: list[LogState] = []

        def check(state: LogState, read: Read) -> None:
            for checkpoint in self._witnesses(site):
                check_growth(site, checkpoint, state, read)
            looked.append(state)

        sealed = self._sealer.seal(site, check)
        # Where another process seals, or there is no log any more, nothing was looked at.
        state = sealed or (looked[-1] if looked else self._logs.grown(site, self._witnesses(site)))
        if state and state.size:
            self._seen[site] = state.checkpoint
            if self._files.kept(site) != state.checkpoint:
                self._files.keep(site, state.checkpoint)
        return sealed

    def _witnesses(self, site: str) -> set[str]:
        return {checkpoint for checkpoint in (self._files.kept(site), self._seen.get(site)) if checkpoint}

    def _stop(self, site: str, error: LogDamaged | EvidenceInvalid) -> None:
        if site not in self._damages:
            log.error(
                "%s Until then nothing of %s is sealed; receipts are recorded and wait.",
                self._files.way_out(site, error),
                site,
            )
        self._damages[site] = self._files.way_out(site, error)
