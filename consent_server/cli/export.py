"""`consent-server export`."""

from __future__ import annotations

from contextlib import closing
from typing import IO

import click

from consent_server.app import now, open_store
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.errors import SettingsError
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings


@click.command()
@click.option("--site", required=True, help="The id of the site.")
@click.option(
    "-o", "--output", type=click.File("w", encoding="utf-8"), default="-", help="Write to this file."
)
def export(site: str, output: IO[str]) -> None:
    """Write every receipt of a site as NDJSON, one a line, the keys in the first.

    \b
    Example:
      consent-server export --site bacloud -o bacloud.ndjson
    """
    settings = read_settings()
    signer = ReceiptSigner(signing_pems(settings))
    with closing(open_store(settings)) as store:
        if store.log(site) is None:
            raise SettingsError(f"Nothing was ever recorded for a site {site!r}.")
        keyring = Keyring(store, signer, now)
        for line in Exporter(store, store, keyring, log_key(settings)).lines(site):
            output.write(line + "\n")
