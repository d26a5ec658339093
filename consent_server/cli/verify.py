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
from consent_server.evidence.mirror import verify_mirror
from consent_server.evidence.pack import is_pack, verify_pack
from consent_server.evidence.parallel import cores
from consent_server.evidence.timestamp import load_roots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consent_server.evidence.checkpoint import Checkpoint
    from consent_server.evidence.timestamp import Roots

_LONGEST_LINE = 64 * 1024 * 1024
"""Bytes: room for an erasure of millions of leaves, and an end to a file that is one line."""

_STEPS = 1000
"""Steps of the progress bar of a pack."""


class FileOrFolder(click.ParamType["IO[bytes] | Path"]):
    """A file that is opened, `-` for standard input, or the path of a folder."""

    name = "file"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> IO[bytes] | Path:
        """Open a file, and leave a folder as it is."""
        if Path(value).is_dir():
            return Path(value)
        opened: IO[bytes] = click.File("rb").convert(value, param, ctx)
        return opened


@click.command()
@click.argument("file", type=FileOrFolder())
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
    "--tsa-roots",
    type=click.File("rb"),
    help="Certificates (PEM) of time stamp authorities that you trust: a pack's time stamps are verified.",
)
@click.option(
    "--log-only", is_flag=True, help="Check the log and its checkpoint, not each receipt's signature."
)
@click.option(
    "--save-checkpoint", type=click.Path(path_type=Path), help="Keep this export's checkpoint here."
)
def verify(
    file: IO[bytes] | Path,
    *,
    tsa_roots: IO[bytes] | None,
    log_only: bool,
    save_checkpoint: Path | None,
    **held: IO[bytes] | None,
) -> None:
    """Check an export or a pack offline: signatures, completeness, times, and that the log only grew.

    Of a folder with a log's checkpoint and tiles, as the server publishes them, the tree is checked.
    Exits 1 naming the first thing wrong, in the order of the file.

    \b
    Examples:
      consent-server verify bacloud.ndjson --save-checkpoint last-visit.txt
      consent-server verify bacloud.ndjson --keys jwks.json --log-key log-key.txt --since last-visit.txt
      consent-server verify bacloud.ndjson --log-only
      consent-server verify pack.zip --tsa-roots tsa-root.pem
      consent-server verify mirror/ --log-key log-key.txt --since last-visit.txt
    """
    trust = _trust(**held)
    roots = load_roots(tsa_roots.read()) if tsa_roots else []
    note = _verify(file, trust, roots, log_only=log_only)
    if not isinstance(file, Path) and (trust.jwks is None or trust.log_key is None):
        click.echo(
            "Keys were the export's own; with --keys and --log-key you check them against yours.", err=True
        )
    if save_checkpoint:
        if note is None:
            raise EvidenceInvalid("The export has no checkpoint to keep.")
        save_checkpoint.write_text(note, encoding="utf-8")


def _verify(file: IO[bytes] | Path, trust: Trust, roots: Roots, *, log_only: bool) -> str | None:
    """Verify what there is, say what it shows, and return its signed checkpoint."""
    if isinstance(file, Path):
        return _verify_mirror(file, trust)
    # A name such as <stdin> is no file: what comes through a pipe is an export.
    path = Path(str(getattr(file, "name", "")))
    if path.is_file() and is_pack(path):
        return _verify_pack(path, trust, roots)
    return _verify_export(file, ExportCheck(trust, log_only))


def _trust(keys: IO[bytes] | None, log_key: IO[bytes] | None, since: IO[bytes] | None) -> Trust:
    return Trust(
        jwks=_jwks(keys) if keys else None,
        log_key=_text(log_key) if log_key else None,
        since=_text(since) if since else None,
    )


def _verify_export(file: IO[bytes], check: ExportCheck) -> str | None:
    """Verify an export, say what it shows, and return its signed checkpoint."""
    _run(check, file)
    if check.log_only:
        click.echo(f"{check.receipts} receipts are in the export; their signatures were not checked.")
    else:
        _say_receipts(check.receipts, check.states)
    if check.checkpoint is None:
        click.echo("The export has no checkpoint: nothing shows that it is complete.")
    else:
        _say_log(check.checkpoint, check.trust)
    return check.note


def _verify_pack(path: Path, trust: Trust, roots: Roots) -> str:
    """Verify a pack, whole whatever was asked for, say what it shows, and return its signed checkpoint."""
    with click.progressbar(length=_STEPS, label="Verifying") as bar:
        report = verify_pack(
            path, trust, roots, cores(), progress=lambda share: bar.update(int(share * _STEPS) - bar.pos)
        )
    _say_receipts(report.receipts, report.states)
    if report.part is None:
        _say_log(report.checkpoint, trust)
    else:
        part = report.part
        click.echo(
            f"The pack holds the leaves from {part.first} to {part.end - 1} of {report.checkpoint.size}."
        )
    for stamp in report.stamps:
        by = "" if stamp.verified else ", by whom: see --tsa-roots"
        click.echo(f"The first {stamp.size} leaves were stamped at {stamp.time:%Y-%m-%d %H:%M:%S %Z}{by}.")
    return report.note


def _verify_mirror(folder: Path, trust: Trust) -> str:
    """Verify a mirror, say what it shows, and return its signed checkpoint."""
    if trust.log_key is None:
        raise click.UsageError("A mirror has no keys in it: give the log's with --log-key.")
    mirror = verify_mirror(folder, trust)
    click.echo(f"{mirror.tiles} tiles are those under the checkpoint; receipts are not in a mirror.")
    _say_log(mirror.checkpoint, trust)
    return mirror.note


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


def _say_receipts(receipts: int, states: Mapping[str, int]) -> None:
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    click.echo(f"{receipts} receipts verified" + (f": {counted}." if counted else "."))


def _say_log(checkpoint: Checkpoint, trust: Trust) -> None:
    grown = " It grew from your checkpoint." if trust.since else ""
    click.echo(f"The log {checkpoint.origin} is complete to {checkpoint.size} leaves.{grown}")


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
