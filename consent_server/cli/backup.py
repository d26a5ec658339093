"""`consent-server backup` and `consent-server restore`."""

from __future__ import annotations

from pathlib import Path

import click

from consent_server.app import now
from consent_server.backup.restoring import Restored, restore_backup
from consent_server.backup.writing import write_backup
from consent_server.settings import read_settings

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def backup(file: Path) -> None:
    """Write a backup of database, keys and checkpoints into FILE while the server runs.

    Keep it as secret as the keys that it holds, and no longer than you promise in your policy: content that
    is erased from the database stays in older backups, and is erased again when one is restored.

    \b
    Examples:
      consent-server backup consent-backup.zip
      consent-server backup "/backups/consent-$(date +%F).zip"
    """
    settings = read_settings()
    click.echo("Copying the database …", err=True)
    size = write_backup(settings, file, now(), lambda: click.echo(".", nl=False, err=True))
    click.echo(f"{file} is a backup of {settings.sqlite_path}: {size:,} bytes. To restore it, on a stopped "
               f"server: consent-server restore {file}")  # fmt: skip


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Set the database that is there aside.")
def restore(file: Path, *, replace: bool) -> None:
    """Verify the backup FILE, put it in place, and erase again what was erased since.

    Stop the server first. What was there is set aside, not deleted. Receipts since the backup are lost, and
    whoever holds a later checkpoint will see it: keep what is said here.

    \b
    Examples:
      consent-server restore consent-backup.zip
      consent-server restore consent-backup.zip --replace
    """
    restored = restore_backup(
        read_settings(), file, now(), lambda said: click.echo(said, err=True), replace=replace
    )
    click.echo(f"Restored the backup of {restored.made}: {restored.receipts} receipts verified.")
    _say(restored)


def _say(restored: Restored) -> None:
    if restored.erased_again:
        click.echo(f"{restored.erased_again} receipts that were erased since then were erased again.")
    for site, (size, before) in restored.logs.items():
        if before is not None and before > size:
            click.echo(f"The log of {site} had {before} leaves and has {size} now: {before - size} are lost.")
    if restored.aside:
        click.echo(f"What was there is in {restored.aside}: keep it as evidence of what was lost.")
