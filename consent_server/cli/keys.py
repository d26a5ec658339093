"""`consent-server keys`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from consent_server.app import now
from consent_server.cli.opening import open_existing
from consent_server.consent.keyring import Keyring
from consent_server.consent.receipt import timestamp
from consent_server.errors import SettingsError
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import add_signing_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from consent_server.consent.stored import KnownKey


@click.group()
def keys() -> None:
    """Look after the keys that sign receipts."""


@keys.command("list")
def list_() -> None:
    """List every key that ever signed receipts, with its dates.

    \b
    Example:
      consent-server keys list
    """
    with closing(open_existing(read_settings())) as store:
        for key in store.signing_keys():
            click.echo(_line(key))


@keys.command()
def rotate() -> None:
    """Add a new signing key. The next start signs with it; the old one stays published.

    Where the keys are given by CONSENT_SIGNING_KEY, append the new one there yourself.

    \b
    Example:
      consent-server keys rotate
    """
    settings = read_settings()
    if settings.signing_key is not None:
        raise SettingsError(
            "The keys are given by CONSENT_SIGNING_KEY: append the new one to it, and restart."
        )
    signing_pems(settings)
    add_signing_key(settings)
    jwk = ReceiptSigner(signing_pems(settings)).jwks()["keys"][0]
    click.echo(f"The next start signs with {jwk['kid']}.")


@keys.command()
def accept() -> None:
    """Start anew with the keys that are given, where the ones that signed are lost. The log will show it.

    \b
    Example:
      consent-server keys accept
    """
    settings = read_settings()
    with closing(open_existing(settings)) as store:
        signer = ReceiptSigner(signing_pems(settings))
        Keyring(store, signer, now).accept()
        for key in store.signing_keys():
            click.echo(_line(key))


def _line(key: KnownKey) -> str:
    went = f", went {timestamp(key.went)}" if key.went is not None else ""
    return f"{key.kid}  came {timestamp(key.came)}{went}"
