"""`consent-server catalog`."""

from __future__ import annotations

import click

from consent_server.cli.add import add
from consent_server.cli.catalog_check import check
from consent_server.cli.catalog_diff import diff_command
from consent_server.cli.catalog_schema import schema
from consent_server.cli.import_ import import_
from consent_server.cli.preview import preview
from consent_server.cli.snapshot import snapshot
from consent_server.cli.tag import tag


@click.group()
def catalog() -> None:
    """Work on the catalog, the file that the legal team edits."""


catalog.add_command(check)
catalog.add_command(diff_command)
catalog.add_command(schema)
catalog.add_command(add)
catalog.add_command(import_)
catalog.add_command(preview)
catalog.add_command(snapshot)
catalog.add_command(tag)
