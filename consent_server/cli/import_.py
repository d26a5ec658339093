"""`consent-server catalog import`: rows from the Open Cookie Database."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.catalog.additions import Additions, Offer, fit, stands
from consent_server.catalog.database import LARGEST, PLATFORM, Database, offer_from, read_database
from consent_server.catalog.editing import add_to
from consent_server.catalog.known import find_known
from consent_server.cli.add import check_categories, say_skipped, say_total
from consent_server.cli.reports import Wanted, read_wanted
from consent_server.cli.rewriting import open_catalog, rewrite
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consent_server.catalog.model import Catalog


@click.command("import")
@click.argument("database", type=click.Path(path_type=Path))
@click.option("--names", multiple=True, help="What to look up: names, separated by spaces or commas.")
@click.option("--scan", type=click.Path(path_type=Path), help="Look up what this report of `scan` saw.")
@click.option("--platform", help="Which platform of the database, where several store the same.")
@click.option("--category", help="Put all rows into this category instead of the database's.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="The catalog file, if not the usual one."
)
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
def import_(  # noqa: PLR0913 - one parameter an option
    *,
    database: Path,
    names: tuple[str, ...],
    scan: Path | None,
    platform: str | None,
    category: str | None,
    path: Path | None,
    dry_run: bool,
) -> None:
    """Look names up in DATABASE, your copy of the Open Cookie Database (CSV), and add rows for them.

    Each row carries the database's words in English and a note to review them. What it does not say (other
    languages, the country of a company) is marked TODO: then the file is left alone, and a draft is written
    beside it (exit 1). Exits 1 too where a name was not found or stands for several platforms.

    \b
    Examples:
      consent-server catalog import open-cookie-database.csv --names "_uetsid, _uetvid" --dry-run
      consent-server catalog import open-cookie-database.csv --scan report.json
    """
    wanted = [Wanted(name) for text in names for name in re.split(r"[\s,]+", text) if name]
    wanted += read_wanted(scan) if scan else ()
    if not wanted:
        raise SettingsError("Say what to look up: --names or --scan.")
    file, source, catalog = open_catalog(path)
    offers, left = _look_up(_read(database), wanted, platform, catalog)
    additions = fit(catalog, offers, category)
    check_categories(catalog, additions, file)
    for line in [*say_skipped(additions), *_better(additions), *left]:
        click.echo(line)
    if additions.cookies:
        rewrite(file, source, add_to(source, catalog, additions), dry_run=dry_run)
    click.echo(say_total(additions, file, dry_run=dry_run))
    if left:
        sys.exit(1)


def _read(path: Path) -> Database:
    try:
        with path.open("rb") as opened:
            return read_database(opened.read(LARGEST + 1))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise SettingsError(f"{path} is no Open Cookie Database: {error}.") from error


def _look_up(
    database: Database, wanted: Iterable[Wanted], platform: str | None, catalog: Catalog
) -> tuple[list[Offer], list[str]]:
    """Return what the database offers, and a line for each name that it does not settle."""
    offers: list[Offer] = []
    left: list[str] = []
    for entry in wanted:
        rows = database.find(entry.name, platform)
        storage = entry.storage or "cookie"
        if len(rows) == 1:
            offers.append(offer_from(rows[0], storage, http_only=entry.http_only))
        elif not stands(catalog, entry.name, storage):
            left.append(f"{entry.shown}: {_why(database, entry.name, [row[PLATFORM] for row in rows])}")
    return offers, left


def _better(additions: Additions) -> list[str]:
    return [
        f"{cookie.name}: `catalog add` has words of our own for it"
        for cookie in additions.cookies
        if find_known(cookie.name)
    ]


def _why(database: Database, name: str, platforms: list[str]) -> str:
    if not platforms:
        return f"is not in the database{database.hint(name)}"
    return f"stands for several platforms, say which with --platform ({', '.join(platforms)})"
