"""`consent-server catalog`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from consent_server.catalog.files import read_catalogs
from consent_server.cli.snapshot import snapshot
from consent_server.errors import CatalogError
from consent_server.settings import read_settings


@click.group()
def catalog() -> None:
    """Work on the catalog, the file that the legal team edits."""


@catalog.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
def check(path: Path | None) -> None:
    """Check a catalog and say everything that is wrong with it, with line and column.

    Without PATH it checks the catalog that the settings name. Exits 2 where something is wrong.

    \b
    Examples:
      consent-server catalog check
      consent-server catalog check drafts/cookie_catalog.toml
    """
    wanted = path or read_settings().catalog
    try:
        catalogs = read_catalogs(wanted)
    except CatalogError as error:
        for flaw in error.flaws:
            click.echo(str(flaw))
            if flaw.source:
                click.echo(f"    {flaw.source.strip()}")
        click.echo(f"{len(error.flaws)} to correct in {wanted}.", err=True)
        sys.exit(2)
    for found in catalogs:
        languages = ", ".join(found.site.languages)
        click.echo(f"{found.site.id}: {len(found.cookies)} rows in {languages}. Nothing is wrong.")


catalog.add_command(snapshot)
