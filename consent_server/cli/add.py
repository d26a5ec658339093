"""`consent-server catalog add`: rows from the knowledge base."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.catalog.additions import Additions, fit, offer_of, stands
from consent_server.catalog.editing import add_to
from consent_server.catalog.known import (
    FROM_MEMORY,
    Known,
    KnownService,
    find_known,
    hint_at_name,
    hint_at_service,
    known_services,
)
from consent_server.cli.reports import Wanted, read_wanted
from consent_server.cli.rewriting import open_catalog, rewrite
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from consent_server.catalog.model import Catalog


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--service", "services", multiple=True, help="Everything of this service, or only NAME as it stores it."
)
@click.option("--scan", type=click.Path(path_type=Path), help="Rows for what this report of `scan` saw.")
@click.option("--category", help="Put all rows into this category instead of the usual ones.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="The catalog file, if not the usual one."
)
@click.option("--dry-run", is_flag=True, help="Show the difference and change nothing.")
@click.option("--list", "listing", is_flag=True, help="List the services that are known, and their rows.")
def add(  # noqa: PLR0913 - one parameter an option
    *,
    names: tuple[str, ...],
    services: tuple[str, ...],
    scan: Path | None,
    category: str | None,
    path: Path | None,
    dry_run: bool,
    listing: bool,
) -> None:
    """Add rows for NAMES, or for whole services, from what is known of common cookies.

    A NAME may be a cookie's or storage key's name, or a pattern such as 'visid_incap_*'. What the table has
    already is never changed; comments, order and form of the file stay. A file that would not pass the check
    is left alone and a draft written beside it (exit 1). With --scan it exits 1 too where the report has
    names that nothing is known about.

    \b
    Examples:
      consent-server catalog add _ga _fbp 'visid_incap_*'
      consent-server catalog add --service hotjar --dry-run
      consent-server catalog add --scan report.json
      consent-server catalog add --list
    """
    chosen = _services(services)
    if listing:
        _list(chosen)
        return
    if not names and not services and not scan:
        raise SettingsError("Name cookies, or a service with --service; --list shows what is known.")
    file, source, catalog = open_catalog(path)
    known, left = _found(names, scan, chosen, catalog)
    additions = fit(catalog, [offer_of(found) for found in known], category)
    check_categories(catalog, additions, file)
    if additions.cookies:
        rewrite(file, source, add_to(source, catalog, additions), dry_run=dry_run)
    for line in (*_say(known, additions), *say_skipped(additions), *left):
        click.echo(line)
    click.echo(say_total(additions, file, dry_run=dry_run))
    if left:
        sys.exit(1)


def check_categories(catalog: Catalog, additions: Additions, file: Path) -> None:
    """Refuse rows of a category that the catalog does not have."""
    missing = additions.missing_categories(catalog)
    if not missing:
        return
    there = ", ".join(category.id for category in catalog.categories)
    wanted = "; ".join(f"[category.{name}] for {', '.join(names)}" for name, names in missing.items())
    raise SettingsError(
        f"{file} has no {wanted}. Add the table with title and text, or put the rows into a category "
        f"that is there with --category ({there})."
    )


def say_skipped(additions: Additions) -> list[str]:
    """Say what was left out."""
    return [f"{name}: is in the table already" for name in additions.skipped]


def say_total(additions: Additions, file: Path, *, dry_run: bool) -> str:
    """Say how much was added."""
    if not additions.cookies:
        return f"{file} is unchanged."
    would = "would be added" if dry_run else "added"
    count = len(additions.cookies)
    return f"{count} row{'s' if count > 1 else ''} {would} to {file}. Please review every word."


def _services(names: Iterable[str]) -> tuple[KnownService, ...]:
    known = known_services()
    unknown = [f"{name!r}{hint_at_service(name)}" for name in names if name not in known]
    if unknown:
        raise SettingsError(
            f"No service is known as {', '.join(unknown)}. `consent-server catalog add --list` lists them."
        )
    return tuple(known[name] for name in names)


def _known(names: Sequence[str], services: Sequence[KnownService], catalog: Catalog) -> list[Known]:
    if not names:
        return [Known(service, cookie) for service in services for cookie in service.cookies]
    found = {name: find_known(name, services or None) for name in names}
    unknown = [f"{name!r}{hint_at_name(name)}" for name, rows in found.items() if not rows]
    if unknown:
        where = f" of {', '.join(service.id for service in services)}" if services else ""
        raise SettingsError(
            f"Nothing is known{where} about {', '.join(unknown)}. Write the row by hand, or look it up "
            "with `consent-server catalog import`."
        )
    return [_one(name, rows, catalog) for name, rows in found.items()]


def _found(
    names: Sequence[str], scan: Path | None, services: Sequence[KnownService], catalog: Catalog
) -> tuple[list[Known], list[str]]:
    """Return what is known of what was asked for, and a line for each name of the scan left open."""
    known, left = _seen(read_wanted(scan), services, catalog) if scan else ([], [])
    if names or not scan:
        known += _known(names, services, catalog)
    return known, left


def _seen(
    entries: Iterable[Wanted], services: Sequence[KnownService], catalog: Catalog
) -> tuple[list[Known], list[str]]:
    """Return what is known of what a scan saw and the table lacks, and a line for each other name."""
    known: list[Known] = []
    left: list[str] = []
    for entry in entries:
        if stands(catalog, entry.name, entry.storage or "cookie"):
            continue
        rows = _fitting(find_known(entry.name, services or None, entry.storage), catalog)
        if len(rows) == 1:
            known += rows
        elif rows:
            left.append(f"{entry.shown}: several services store it ({_ids(rows)})")
        else:
            left.append(f"{entry.shown}: nothing is known of it")
    return known, left


def _one(name: str, rows: Sequence[Known], catalog: Catalog) -> Known:
    fitting = _fitting(rows, catalog)
    if len(fitting) > 1:
        raise SettingsError(f"Several services store {name!r}: say which with --service ({_ids(fitting)}).")
    return fitting[0]


def _fitting(rows: Sequence[Known], catalog: Catalog) -> Sequence[Known]:
    """Choose between services that store the same: those that the catalog has already."""
    there = {service.id for service in catalog.services}
    return [known for known in rows if known.service.id in there] or rows


def _ids(rows: Iterable[Known]) -> str:
    return ", ".join(known.service.id for known in rows)


def _say(known: Iterable[Known], additions: Additions) -> list[str]:
    added = {(cookie.name, cookie.storage): cookie for cookie in additions.cookies}
    lines = []
    for found in known:
        cookie = added.pop((found.cookie.name, found.cookie.storage), None)
        if cookie:
            checked = found.service.checked
            seen = "from memory, please compare" if checked == FROM_MEMORY else f"seen {checked}"
            lines.append(
                f"{cookie.name}: {cookie.category}, {found.service.name}, {cookie.lifespan} "
                f"({found.cookie.source}, {seen})"
            )
    return lines


def _list(services: Sequence[KnownService]) -> None:
    for service in services or known_services().values():
        click.echo(f"{service.id}: {service.name}, {service.provider or 'on the website itself'}")
        click.echo(f"    {' '.join(sorted({cookie.name for cookie in service.cookies}))}")
