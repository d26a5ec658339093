"""`consent-server catalog schema`."""

from __future__ import annotations

import click

from consent_server.catalog.schema import schema_bytes


@click.command()
def schema() -> None:
    """Print the JSON Schema of a catalog file, for editors that complete and check while one types.

    The first line of a catalog points at it, here at the copy that every server publishes:

    \b
      #:schema https://consent.example.com/catalog.schema.json

    \b
    Example:
      consent-server catalog schema > cookie_catalog.schema.json
    """
    click.echo(schema_bytes(), nl=False)
