"""`consent-server verify`: offline, from the formats alone."""

from __future__ import annotations

import json
import os
import stat
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.parallel import cores

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST_LINE = 64 * 1024 * 1024
"""Bytes: room for an erasure of millions of leaves, and an end to a file that is one line."""

_ZIP = b"PK\x03\x04"
"""How a ZIP file begins."""


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--keys", type=click.File("rb"), help="A JWK Set that you hold, to trust instead of the export's."
)
@click.option("--log-key", type=click.File("rb"), help="The log's verifier key that you hold, likewise.")
@click.option(
    "--since",
    type=click.File("rb"),
    help="The checkpoint of your last visit: the log must have grown from it.",
)
@click.option(
    "--log-only", is_flag=True, help="Check the log and its checkpoint, not each receipt's signature."
)
@click.option(
    "--save-checkpoint", type=click.Path(path_type=Path), help="Keep this export's checkpoint here."
)
def verify(
    file: IO[bytes], *, log_only: bool, save_checkpoint: Path | None, **held: IO[bytes] | None
) -> None:
    r"""Check an export or a pack offline: signatures, completeness, times, and that the log only grew.

    Exits 1 naming the first thing wrong, in the order of the file.

    \b
    Examples:
      consent-server verify bacloud.ndjson --save-checkpoint last-visit.txt
      consent-server verify bacloud.ndjson --keys jwks.json --log-key log-key.txt --since last-visit.txt
      consent-server verify bacloud.ndjson --log-only
      consent-server verify pack.zip
    """
    trust = _trust(**held)
    if _is_zip(file):
        _verify_pack(file, trust)
        return
    check = ExportCheck(trust, log_only)
    _run(check, file)
    _say_receipts(check)
    _say_log(check)
    if trust.jwks is None or trust.log_key is None:
        click.echo(
            "Keys were the export's own; with --keys and --log-key you check them against yours.", err=True
        )
    if save_checkpoint:
        _save(check, save_checkpoint)


def _trust(keys: IO[bytes] | None, log_key: IO[bytes] | None, since: IO[bytes] | None) -> Trust:
    return Trust(
        jwks=_jwks(keys) if keys else None,
        log_key=_text(log_key) if log_key else None,
        since=_text(since) if since else None,
    )


def _is_zip(file: IO[bytes]) -> bool:
    if _size(file) is None:
        return False
    begin = file.read(len(_ZIP))
    file.seek(0)
    return begin == _ZIP


def _verify_pack(file: IO[bytes], trust: Trust) -> None:
    # A pack brings what only packs need; an export is verified without it.
    from consent_server.evidence.pack import is_pack, verify_pack  # noqa: PLC0415

    path = Path(file.name)
    if not is_pack(path):
        raise EvidenceInvalid(f"{path} is a ZIP file, and no pack.")
    click.echo(verify_pack(path, trust))


def _run(check: ExportCheck, file: IO[bytes]) -> None:
    lines: Iterator[bytes] = iter(partial(file.readline, _LONGEST_LINE), b"")
    size = _size(file)
    if size is None:
        for _ in check.verify(lines, cores()):
            pass
        return
    with click.progressbar(length=size, label="Verifying") as bar:
        for _ in check.verify(lines, cores()):
            bar.update(file.tell() - bar.pos)


def _size(file: IO[bytes]) -> int | None:
    """Return the bytes of a regular file, None for a pipe."""
    try:
        status = os.fstat(file.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _say_receipts(check: ExportCheck) -> None:
    if check.log_only:
        click.echo(f"{check.receipts} receipts are in the export; their signatures were not checked.")
        return
    counted = ", ".join(f"{count} {state}" for state, count in sorted(check.states.items()))
    click.echo(f"{check.receipts} receipts verified" + (f": {counted}." if counted else "."))


def _say_log(check: ExportCheck) -> None:
    if check.checkpoint is None:
        click.echo("The export has no checkpoint: nothing shows that it is complete.")
        return
    grown = " It grew from your checkpoint." if check.trust.since else ""
    click.echo(f"The log {check.checkpoint.origin} is complete to {check.checkpoint.size} leaves.{grown}")


def _save(check: ExportCheck, path: Path) -> None:
    if check.note is None:
        raise EvidenceInvalid("The export has no checkpoint to keep.")
    path.write_text(check.note, encoding="utf-8")


def _text(file: IO[bytes]) -> str:
    try:
        return file.read().decode("utf-8")
    except UnicodeDecodeError:
        raise EvidenceInvalid("The log key, or the checkpoint of your last visit, is not text.") from None


def _jwks(file: IO[bytes]) -> dict[str, Any]:
    try:
        keys = json.load(file)
    except (ValueError, RecursionError):
        raise EvidenceInvalid("The file of keys is not JSON.") from None
    if not isinstance(keys, dict):
        raise EvidenceInvalid("The file of keys is not a JWK Set.")
    return keys
