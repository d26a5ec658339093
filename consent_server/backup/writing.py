"""Writing a backup while the server runs."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from consent_server.backup.layout import (
    BESIDE,
    CHECKPOINTS,
    DATABASE,
    MANIFEST,
    SCHEMA,
    moment,
    refuse_others,
)
from consent_server.errors import SettingsError
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.settings import Settings


def write_backup(settings: Settings, output: Path, now: int, progress: Callable[[], object]) -> int:
    """Write a backup of this moment while the server runs; return its bytes. `now` is Unix milliseconds.

    The file appears at once and can be read by its owner alone: it holds keys. Raises SettingsError.
    """
    refuse_others(settings)
    if not settings.sqlite_path.exists():
        raise SettingsError(
            f"There is no database at {settings.sqlite_path}: nothing to back up. Run this where the server "
            "runs, with its CONSENT_DATA_DIR or CONSENT_DATABASE_URL."
        )
    try:
        with tempfile.TemporaryDirectory(dir=output.absolute().parent) as folder:
            half = Path(folder) / "half"
            half.touch(0o600)
            with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(MANIFEST, json.dumps({"schema": SCHEMA, "made": moment(now)}))
                _fill(archive, settings, Path(folder) / DATABASE, progress)
            with half.open("rb") as file:
                os.fsync(file.fileno())
            half.replace(output)
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}.") from error
    return output.stat().st_size


def _fill(archive: zipfile.ZipFile, settings: Settings, copy: Path, progress: Callable[[], object]) -> None:
    # Checkpoints before the database, which may have grown from them; erasures after it, so that none of
    # those that the copy does not have is missing.
    for file in sorted((settings.data_dir / CHECKPOINTS).glob("[!.]*")):
        archive.write(file, f"{CHECKPOINTS}/{file.name}")
    with closing(SqliteStore(settings.sqlite_path)) as store:
        store.copy_to(copy, progress)
    archive.write(copy, DATABASE)
    for name in BESIDE:
        if (settings.data_dir / name).exists():
            archive.write(settings.data_dir / name, name)
