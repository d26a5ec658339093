"""`consent-server hold`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from consent_server.cli.opening import check_site, open_existing
from consent_server.cli.parameters import DAY, LEAF_ID
from consent_server.consent.receipt import timestamp
from consent_server.consent.stored import Hold
from consent_server.errors import SettingsError
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from uuid import UUID


@click.group()
def hold() -> None:
    """Keep receipts from being erased while a claim is open (GDPR, Art. 17(3)(e))."""


@hold.command()
@click.argument("receipt_id", type=LEAF_ID)
@click.option("--site", required=True, help="The id of the site.")
@click.option("--reason", required=True, help="Why, such as the number of the claim.")
@click.option("--person", required=True, help="Who decided it.")
@click.option("--until", required=True, type=DAY, help="The date on which the hold ends.")
def add(receipt_id: UUID, site: str, reason: str, person: str, until: int) -> None:
    """Hold one receipt, or change its hold.

    \b
    Example:
      consent-server hold add 0192f5a4-7c1e-7b2a-9d3e-5f6a7b8c9d0e --site bacloud \\
        --reason "Claim 7/2026" --person "Jane Doe" --until 2027-06-30
    """
    with closing(open_existing(read_settings())) as store:
        if not store.hold(site, Hold(receipt_id, reason, person, until)):
            raise SettingsError(f"{site} has no receipt {receipt_id} with content.")
    click.echo(f"{receipt_id} is held until {timestamp(until)}.")


@hold.command("list")
@click.option("--site", required=True, help="The id of the site.")
def list_(site: str) -> None:
    """List the holds of a site, the first to end first.

    \b
    Example:
      consent-server hold list --site bacloud
    """
    with closing(open_existing(read_settings())) as store:
        check_site(store, site)
        for held in store.holds(site):
            click.echo(f"{held.id}  until {timestamp(held.until)}  {held.person}  {held.reason}")


@hold.command()
@click.argument("receipt_id", type=LEAF_ID)
@click.option("--site", required=True, help="The id of the site.")
def release(receipt_id: UUID, site: str) -> None:
    """End a hold before its date.

    \b
    Example:
      consent-server hold release 0192f5a4-7c1e-7b2a-9d3e-5f6a7b8c9d0e --site bacloud
    """
    with closing(open_existing(read_settings())) as store:
        if not store.release(site, receipt_id):
            raise SettingsError(f"{receipt_id} of {site} is not held.")
    click.echo(f"{receipt_id} is not held any more.")
