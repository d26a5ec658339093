"""`consent-server auditor`."""

from __future__ import annotations

from contextlib import closing

import click

from consent_server.app import now, open_store
from consent_server.catalog.files import read_catalogs
from consent_server.cli.opening import check_site, open_existing
from consent_server.cli.parameters import DAYS
from consent_server.consent.auditing import new_auditor
from consent_server.consent.receipt import timestamp
from consent_server.errors import SettingsError
from consent_server.settings import read_settings


@click.group()
def auditor() -> None:
    """Say who may read receipts."""


@auditor.command()
@click.argument("name")
@click.option("--site", required=True, help="The id of the site whose receipts may be read.")
@click.option("--expires", type=DAYS, default=30, show_default="30d", help="For how long, such as 30d.")
def add(name: str, site: str, expires: int) -> None:
    """Let NAME read the receipts of one site. Prints the token, once.

    \b
    Example:
      consent-server auditor add "Jane Doe" --site bacloud --expires 30d
    """
    if not name.strip() or not name.isprintable():
        raise SettingsError("An auditor needs a name, in one line.")
    settings = read_settings()
    sites = [catalog.site.id for catalog in read_catalogs(settings.catalog)]
    if site not in sites:
        raise SettingsError(f"The catalog has no site {site!r}, only {', '.join(sites)}.")
    added, token = new_auditor(site, name, expires, now())
    with closing(open_store(settings)) as store:
        store.add(added)
    click.echo(f"{name} may read the receipts of {site} until {timestamp(added.expires)}.", err=True)
    click.echo("This token is shown once:", err=True)
    click.echo(token)


@auditor.command("list")
@click.option("--site", help="Only those of this site.")
def list_(site: str | None) -> None:
    """List who may read receipts.

    \b
    Example:
      consent-server auditor list --site bacloud
    """
    with closing(open_existing(read_settings())) as store:
        if site is not None:
            check_site(store, site)
        for known in store.auditors(site):
            state = (
                f"revoked {timestamp(known.revoked)}"
                if known.revoked
                else f"until {timestamp(known.expires)}"
            )
            click.echo(f"{known.id}  {known.site}  {state}  {known.name}")


@auditor.command()
@click.argument("auditor_id")
def revoke(auditor_id: str) -> None:
    """Take back the token of AUDITOR_ID, as `auditor list` shows it.

    \b
    Example:
      consent-server auditor revoke 3f2a9c51d0aa
    """
    with closing(open_existing(read_settings())) as store:
        if not store.revoke(auditor_id, now()):
            raise SettingsError(f"There is no auditor {auditor_id!r} whose token could be revoked.")
    click.echo(f"The token of {auditor_id} is revoked.")


@auditor.command()
@click.option("--site", required=True, help="The id of the site.")
@click.option("--last", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
def log(site: str, last: int) -> None:
    """Show what auditors looked at, the newest first.

    \b
    Example:
      consent-server auditor log --site bacloud --last 20
    """
    with closing(open_existing(read_settings())) as store:
        check_site(store, site)
        names = {known.id: known.name for known in store.auditors(site)}
        for access in store.accesses(site, last):
            name = names.get(access.auditor, "?")
            click.echo(f"{timestamp(access.time)}  {access.action:<12}  {access.auditor}  {name}")
