"""`consent-server doctor`."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import click

from consent_server.cli.doctor_machine import look_at_machine
from consent_server.cli.doctor_web import look_at_page, look_at_server
from consent_server.cli.findings import Finding, wrong
from consent_server.errors import ConsentError
from consent_server.scan.addresses import read_addresses
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.catalog.model import Catalog
    from consent_server.settings import Settings


@click.command()
@click.option(
    "--page", "pages", multiple=True, help="A page that has the tag; else each origin's first page."
)
@click.option("--offline", is_flag=True, help="Ask no address: look at this machine alone.")
def doctor(pages: tuple[str, ...], *, offline: bool) -> None:
    """Look at a deployment and say what to fix.

    Run it where the server runs, with the same CONSENT_* variables. It changes nothing. Exits 1 when
    something is wrong. Pages are addresses of http or https; after the first, paths on its host too.

    \b
    Examples:
      consent-server doctor
      consent-server doctor --page https://www.example.com/prices
    """
    named = read_addresses(pages)
    # It tells of each attempt to connect; the finding says it once.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    worst = 0
    for finding in _findings(named, offline=offline):
        click.echo(str(finding))
        worst = max(worst, ("ok", "warn", "wrong").index(finding.level))
    click.echo(("Nothing is wrong.", "Nothing is wrong; look at the warnings.", "Something is wrong.")[worst])
    sys.exit(1 if worst == len(("ok", "warn")) else 0)


def _findings(pages: tuple[str, ...], *, offline: bool) -> Iterator[Finding]:
    try:
        settings = read_settings()
    except ConsentError as refusal:
        yield wrong(refusal.detail, "Correct the variable; README lists them all.")
        return
    catalogs: list[Catalog] = []
    yield from look_at_machine(settings, catalogs)
    if not offline:
        yield from _outside(settings, catalogs, pages)


def _outside(settings: Settings, catalogs: list[Catalog], pages: tuple[str, ...]) -> Iterator[Finding]:
    yield from look_at_server(settings, [catalog.site for catalog in catalogs])
    for catalog in catalogs:
        for page in pages or catalog.site.origins:
            yield from look_at_page(settings, catalog.site.id, page)
