"""The command line: exits 0 on success, 1 when what was checked does not hold, 2 on wrong use or settings."""

from __future__ import annotations

import sys
from typing import Any

import click

from consent_server import __version__
from consent_server.cli.auditor import auditor
from consent_server.cli.backup import backup, restore
from consent_server.cli.catalog import catalog
from consent_server.cli.demo import demo
from consent_server.cli.doctor import doctor
from consent_server.cli.export import export
from consent_server.cli.hold import hold
from consent_server.cli.init import init
from consent_server.cli.keys import keys
from consent_server.cli.pack import pack
from consent_server.cli.purge import erase, purge
from consent_server.cli.scan import scan
from consent_server.cli.serve import serve
from consent_server.cli.verify import verify
from consent_server.errors import BackupInvalid, ConsentError, EvidenceInvalid


class _Program(click.Group):
    """Turns every refusal into one plain sentence and the right exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ConsentError as refusal:
            click.echo(refusal.detail, err=True)
            sys.exit(1 if isinstance(refusal, EvidenceInvalid | BackupInvalid) else 2)


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Cookie consent, self-hosted: ask, record, prove.

    Settings are read from CONSENT_* variables; README lists them all.

    \b
    Examples:
      consent-server demo
      consent-server serve
      consent-server auditor add "Jane Doe" --site bacloud --expires 30d
    """


for _command in (
    *(serve, demo, doctor, init, catalog, scan, auditor, export, verify, pack),
    *(erase, purge, hold, keys, backup, restore),
):
    main.add_command(_command)
