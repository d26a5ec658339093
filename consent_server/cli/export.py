"""`consent-server export`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.app import now
from consent_server.cli.opening import open_existing
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.errors import SettingsError
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT = Path("-")


@click.command()
@click.option("--site", required=True, help="The id of the site.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default=_STDOUT,
    help="Write to this file.",
)
def export(site: str, output: Path) -> None:
    """Write every receipt of a site as NDJSON, one a line, the keys in the first.

    \b
    Example:
      consent-server export --site bacloud -o bacloud.ndjson
    """
    settings = read_settings()
    with closing(open_existing(settings)) as store:
        if store.log(site) is None:
            raise SettingsError(f"Nothing was ever recorded for a site {site!r}.")
        keyring = Keyring(store, ReceiptSigner(signing_pems(settings)), now)
        exporter = Exporter(store, store, keyring, log_key(settings))
        _write((f"{line}\n" for line in exporter.lines(site)), output)


def _write(lines: Iterator[str], output: Path) -> None:
    if output == _STDOUT:
        sys.stdout.writelines(lines)
        return
    try:
        with output.open("w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}.") from error
