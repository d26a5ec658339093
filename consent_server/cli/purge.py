"""`consent-server purge` and `consent-server erase`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from consent_server.app import now
from consent_server.catalog.files import read_catalogs
from consent_server.cli.opening import open_existing
from consent_server.cli.parameters import LEAF_ID
from consent_server.consent.erasing import Eraser
from consent_server.consent.retention import purge as purge_site
from consent_server.consent.stored import EraseOrder
from consent_server.erasures import ErasureFile
from consent_server.errors import SettingsError
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from uuid import UUID


@click.command()
def purge() -> None:
    """Erase the receipts that were kept as long as each catalog says. Run it once a day.

    Receipts under a legal hold stay. Each run leaves a signed statement in the log.

    \b
    Example:
      consent-server purge
    """
    settings = read_settings()
    catalogs = read_catalogs(settings.catalog)
    with closing(open_existing(settings)) as store:
        signer = ReceiptSigner(signing_pems(settings))
        for catalog in catalogs:
            with click.progressbar(
                purge_site(store, signer, catalog.site, now()), label=catalog.site.id
            ) as bar:
                erased = sum(bar)
            click.echo(f"{catalog.site.id}: {erased} receipts erased, kept {catalog.site.keep_receipts}.")
        store.scrub()


@click.command()
@click.argument("receipt_id", type=LEAF_ID)
@click.option("--site", required=True, help="The id of the site.")
def erase(receipt_id: UUID, site: str) -> None:
    """Erase the content of one receipt, on somebody's request. The log keeps its hash and says who erased.

    \b
    Example:
      consent-server erase 0192f5a4-7c1e-7b2a-9d3e-5f6a7b8c9d0e --site bacloud
    """
    settings = read_settings()
    with closing(open_existing(settings)) as store:
        signer = ReceiptSigner(signing_pems(settings))
        eraser = Eraser(store, signer, ErasureFile(settings.data_dir).keep)
        if not eraser.erase(site, EraseOrder("operator", now(), ids=(receipt_id,))):
            raise SettingsError(f"{site} has no receipt {receipt_id} with content.")
        store.scrub()
    click.echo(f"The content of {receipt_id} is erased.")
