"""Restoring a backup: verified first, then put in place, then erased again what was erased since.

A restored log is shorter than the one that was lost. Nobody can hide that from whoever holds a later
checkpoint, and this does not try to: what was there is set aside, and the loss is said in leaves.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from consent_server.backup.layout import (
    BESIDE,
    CHECKPOINTS,
    DATABASE,
    KEYS,
    MANIFEST,
    SCHEMA,
    moment,
    refuse_others,
)
from consent_server.consent.erasing import Eraser
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.logs import Logs
from consent_server.erasures import NAME as ERASURES
from consent_server.erasures import ErasureFile
from consent_server.errors import BackupInvalid, SettingsError
from consent_server.evidence.checkpoint import parse
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.note import split
from consent_server.evidence.parallel import cores
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from consent_server.settings import Settings

_COMPANIONS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to. `logs` maps each site to its leaves now and before; None: there was no log."""

    made: str
    receipts: int
    erased_again: int
    logs: Mapping[str, tuple[int, int | None]]
    aside: Path | None


def restore_backup(
    settings: Settings, backup: Path, now: int, progress: Callable[[str], object], *, replace: bool
) -> Restored:
    """Verify a backup as an auditor would, put it in place, and erase again what was erased since.

    What was there is set aside, not deleted. Raises SettingsError where a server uses it or `replace` is not
    said, BackupInvalid, EvidenceInvalid and LogDamaged for a backup that does not hold; nothing is changed
    then.
    """
    refuse_others(settings)
    target = settings.data_dir
    _check_free(settings, replace=replace)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix="restore-") as folder:
        fresh = Path(folder)
        progress("Unpacking")
        made = _unpack(backup, fresh)
        receipts = _verify(settings, fresh, progress)
        before = _sizes(target / CHECKPOINTS)
        _carry_over(target / ERASURES, fresh / ERASURES)
        aside = _set_aside(settings, target / f"before-restore-{moment(now).replace(':', '')}")
        _put_in_place(settings, fresh)
    progress("Erasing again what was erased since")
    with closing(SqliteStore(settings.sqlite_path)) as store:
        eraser = Eraser(store, ReceiptSigner(signing_pems(settings)), lambda _site, _order: None)
        erased = eraser.replay(ErasureFile(target).read(), now)
        store.scrub()
    after = _sizes(target / CHECKPOINTS)
    logs = {site: (size, before.get(site)) for site, size in after.items()}
    return Restored(made, receipts, erased, logs, aside)


def _check_free(settings: Settings, *, replace: bool) -> None:
    if not settings.sqlite_path.exists():
        return
    if not replace:
        raise SettingsError(
            f"There is a database at {settings.sqlite_path}. With --replace it is set aside, not deleted."
        )
    if _is_used(settings.sqlite_path):
        raise SettingsError(f"A server still uses {settings.sqlite_path}. Stop it, then restore.")


def _is_used(database: Path) -> bool:
    """Tell whether somebody has the database open. A damaged one is in nobody's use."""
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            # Leaving the write-ahead log takes a lock that no other open connection allows.
            return bool(connection.execute("PRAGMA journal_mode=DELETE").fetchone() != ("delete",))
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False


def _unpack(backup: Path, into: Path) -> str:
    """Unpack the files of a backup; return when it was made."""
    try:
        with zipfile.ZipFile(backup) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["schema"] != SCHEMA:
                raise BackupInvalid(f"{backup} is a backup of another release: {manifest['schema']}.")
            for name in archive.namelist():
                if _is_ours(name):
                    path = into / name
                    path.parent.mkdir(mode=0o700, exist_ok=True)
                    path.touch(0o600)
                    with archive.open(name) as packed, path.open("wb") as file:
                        shutil.copyfileobj(packed, file)
            return str(manifest["made"])
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError):
        raise BackupInvalid(f"{backup} is no whole backup: it was cut off or damaged.") from None
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read or written: {error.strerror}.") from error


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return name in {DATABASE, *BESIDE} or (
        len(parts) == 2 and parts[0] == CHECKPOINTS and not parts[1].startswith(".")  # noqa: PLR2004 - folder, name
    )


def _verify(settings: Settings, fresh: Path, progress: Callable[[str], object]) -> int:
    """Verify the unpacked database: its pages, its logs, every signature. Return the number of receipts."""
    given = {"signing-key.pem": settings.signing_key, "log-key.pem": settings.log_key}
    for name in (DATABASE, *KEYS):
        # A key that is missing would be made anew at the next start: every token would be void.
        if not (fresh / name).exists() and not {**given, "secret-key": settings.secret_key}.get(name):
            raise BackupInvalid(f"The backup has no {name}.")
    unpacked = dataclasses.replace(settings, data_dir=fresh)
    signer, key = ReceiptSigner(signing_pems(unpacked)), log_key(unpacked)
    receipts = 0
    with closing(SqliteStore(fresh / DATABASE)) as store:
        progress("Reading every page")
        store.check_integrity()
        store.prepare()
        keyring, logs = Keyring(store, signer, lambda: 0), Logs(store, store)
        keyring.check()
        for site in store.sites():
            kept = fresh / CHECKPOINTS / site
            logs.check(site, kept.read_text(encoding="utf-8") if kept.exists() else None)
            logs.check_key(site, key)
            progress(f"Verifying the log of {site}")
            check = ExportCheck()
            for _ in check.verify(Exporter(store, store, keyring, key).lines(site), cores()):
                pass
            receipts += check.receipts
    return receipts


def _sizes(checkpoints: Path) -> dict[str, int]:
    """Return how many leaves each kept checkpoint covers."""
    files = sorted(checkpoints.glob("[!.]*"))
    return {file.name: parse(split(file.read_text(encoding="utf-8"))[0]).size for file in files}


def _carry_over(present: Path, restored: Path) -> None:
    """Append the erasures that came after the backup."""
    if not present.exists():
        return
    known = restored.read_text(encoding="utf-8").splitlines() if restored.exists() else []
    newer = [line for line in present.read_text(encoding="utf-8").splitlines() if line not in set(known)]
    restored.touch(0o600)
    restored.write_text("".join(f"{line}\n" for line in (*known, *newer)), encoding="utf-8")


def _set_aside(settings: Settings, folder: Path) -> Path | None:
    database = settings.sqlite_path
    there = [Path(f"{database}{suffix}") for suffix in _COMPANIONS]
    there += [settings.data_dir / name for name in (*BESIDE, CHECKPOINTS)]
    there = [path for path in there if path.exists()]
    if not there:
        return None
    folder.mkdir(mode=0o700)
    for path in there:
        # The database may stand on another disk than the data directory.
        shutil.move(path, folder / path.name)
    return folder


def _put_in_place(settings: Settings, fresh: Path) -> None:
    # The database last: a restore that is stopped before leaves a place that can be restored to again.
    for path in sorted(fresh.iterdir(), key=lambda path: path.name.startswith(DATABASE)):
        if path.name == MANIFEST:
            continue
        name = path.name.removeprefix(DATABASE) if path.name.startswith(DATABASE) else None
        shutil.move(path, settings.data_dir / path.name if name is None else f"{settings.sqlite_path}{name}")
