"""Changing a catalog file: the result is checked before it takes the place of the old file, in one step."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from dataclasses import replace as changed
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.toml import parse_catalog
from consent_server.errors import CatalogError, SettingsError
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from consent_server.catalog.model import Catalog

DRAFT = ".draft"
"""What is put behind the name of a catalog file for a draft: in a directory of catalogs it is no catalog."""


def open_catalog(path: Path | None) -> tuple[Path, bytes, Catalog]:
    """Read the one catalog file to be changed; without a path, the one of the settings."""
    wanted = path or read_settings().catalog
    if wanted.is_dir():
        raise SettingsError(f"{wanted} holds several sites: name the file of one of them with --file.")
    (catalog,) = read_catalogs(wanted)
    return wanted, wanted.read_bytes(), catalog


def rewrite(path: Path, old: bytes, new: bytes, *, dry_run: bool) -> None:
    """Put `new` into the place of `old`, or only show the difference.

    What does not pass the check goes into a draft beside the file, with a list of what to write: exit 1.
    """
    if dry_run:
        click.echo(_difference(path, old, new), nl=False)
    try:
        catalog = parse_catalog(new, str(path))
    except CatalogError as error:
        _check_form(path, error)
        if not dry_run:
            write_new(_draft(path), new)
        _say_flaws(path, error, dry_run=dry_run)
        sys.exit(1)
    if not dry_run:
        replace(path, old, new)
    before = {flaw.message for flaw in parse_catalog(old, str(path)).warnings}
    for flaw in catalog.warnings:
        if flaw.message not in before:
            click.echo(f"warning: {flaw}", err=True)


def replace(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file, or what a link leads to, in one step, if it is still what it was; its rights stay."""
    target = path.resolve()
    temporary = _temporary(target, new)
    try:
        if target.read_bytes() != old:
            raise SettingsError(f"{path} was changed by somebody else just now: try again.")
        temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet."""
    try:
        with path.open("xb") as opened:
            opened.write(content)
    except FileExistsError:
        raise SettingsError(f"{path} is there already: finish it, or remove it first.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error


def _temporary(target: Path, content: bytes) -> Path:
    try:
        number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(number, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise SettingsError(f"{target.parent} cannot be written to: {error.strerror}.") from error
    return Path(name)


def _draft(path: Path) -> Path:
    return path.with_name(path.name + DRAFT)


def _difference(path: Path, old: bytes, new: bytes) -> str:
    before, after = (text.decode().replace("\r\n", "\n").splitlines(keepends=True) for text in (old, new))
    return "".join(difflib.unified_diff(before, after, str(path), f"{path} (changed)"))


def _check_form(path: Path, error: CatalogError) -> None:
    """Refuse a file whose tables are written in a way that nothing can be added to."""
    if any(flaw.rule == "toml-syntax" for flaw in error.flaws):
        raise SettingsError(
            f"Nothing can be added to {path} as it is: give each row its own [[cookie]] header "
            "and each service its own [service.…] header, as in the shipped catalog."
        )


def _say_flaws(path: Path, error: CatalogError, *, dry_run: bool) -> None:
    draft = path if dry_run else _draft(path)
    for flaw in error.flaws:
        click.echo(str(changed(flaw, file=str(draft))), err=True)
    count = len(error.flaws) + error.more
    if dry_run:
        click.echo(f"{count} to write before the catalog would hold.", err=True)
        return
    click.echo(
        f"{path} is unchanged. The draft {draft} has the new rows; {count} to write in it. "
        f"Then check it with `consent-server catalog check {draft}` and let it replace {path.name}.",
        err=True,
    )
