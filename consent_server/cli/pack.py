"""`consent-server pack`."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.app import now
from consent_server.authority import Authority
from consent_server.cli.opening import open_existing
from consent_server.cli.parameters import DAY
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.consent.packing import Packer, Pictures, Plan
from consent_server.consent.publisher import Shelf
from consent_server.consent.stamper import Stamper
from consent_server.errors import ConsentError, EvidenceInvalid, SettingsError
from consent_server.evidence.pack.pictures import INDEX, read_index
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.option("--site", required=True, help="The id of the site.")
@click.option("--from", "since", type=DAY, help="From the beginning of this day on (UTC).")
@click.option("--to", "until", type=DAY, help="Before the beginning of this day (UTC).")
@click.option(
    "--pictures",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of `catalog snapshot` to put in; may be given several times.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Write this file."
)
def pack(site: str, since: int | None, until: int | None, pictures: tuple[Path, ...], output: Path) -> None:
    """Write a pack: receipts with all that was shown, keys, checkpoint, proofs, and how to verify them.

    Without dates it holds the whole log, which proves the most. Whoever gets it needs nothing of ours.

    \b
    Examples:
      consent-server pack --site bacloud -o bacloud.zip
      consent-server pack --site bacloud --pictures snapshots/2027-01-01 -o bacloud.zip
      consent-server pack --site bacloud --from 2027-01-01 --to 2027-04-01 -o first-quarter.zip
    """
    if since is not None and until is not None and since >= until:
        raise SettingsError("--from must be before --to, which is not inside.")
    series = [_series(folder) for folder in pictures]
    settings = read_settings()
    with closing(open_existing(settings)) as store:
        signer = ReceiptSigner(signing_pems(settings))
        if store.log(site) is None:
            raise SettingsError(f"Nothing was ever recorded for a site {site!r}.")
        exporter = Exporter(store, store, Keyring(store, signer, now), log_key(settings))
        if settings.tsa_url:
            _stamp(Stamper(store, store, Authority(settings.tsa_url), now), site)
        packer = Packer(exporter, Shelf(store, store, store, store), now, store.stamps)
        plan = packer.plan(site, since, until)
        _write(packer, plan, series, output)
    said = f"leaves {plan.part.first} to {plan.part.end - 1}" if plan.part else "all leaves"
    click.echo(f"{output} holds {said} of {plan.size}. To verify it: consent-server verify {output}")


def _stamp(stamper: Stamper, site: str) -> None:
    """Have the checkpoint stamped that the pack is about to hold, where the authority can be reached."""
    try:
        stamper.stamp(site, every=0)
    except ConsentError as error:
        click.echo(f"The pack has no fresh time stamp. {error.detail}", err=True)


def _series(folder: Path) -> Pictures:
    """Read a series of pictures, no file that its index does not name. Raises SettingsError."""
    try:
        index = read_index((folder / INDEX).read_bytes())
        return {name: (folder / name).read_bytes() for name in (INDEX, *index.pictures)}
    except EvidenceInvalid as error:
        raise SettingsError(f"{folder / INDEX}: {error.detail}") from None
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _write(packer: Packer, plan: Plan, pictures: Sequence[Pictures], output: Path) -> None:
    """Write the file at once: whatever stops this, no half of it stands under its name."""
    try:
        with tempfile.NamedTemporaryFile(dir=output.absolute().parent, delete=False) as file:
            half = Path(file.name)
            try:
                with click.progressbar(length=plan.steps, label="Packing") as bar:
                    for step in packer.write(plan, file, pictures):
                        bar.update(step)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                half.unlink()
                raise
        half.chmod(0o600)
        half.replace(output)
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}.") from error
