"""`consent-server verify`: offline, from the formats alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--keys", type=click.File("rb"), help="A JWK Set that you hold, to trust instead of the export's."
)
@click.option("--log-key", type=click.File("r"), help="The log's verifier key that you hold, likewise.")
@click.option(
    "--since",
    type=click.File("r"),
    help="The checkpoint of your last visit: the log must have grown from it.",
)
@click.option(
    "--save-checkpoint", type=click.Path(path_type=Path), help="Keep this export's checkpoint here."
)
def verify(
    file: IO[bytes],
    keys: IO[bytes] | None,
    log_key: IO[str] | None,
    since: IO[str] | None,
    save_checkpoint: Path | None,
) -> None:
    r"""Check an export offline: signatures, completeness, erasures, and that the log only grew.

    Exits 1 naming the first line that fails.

    \b
    Examples:
      consent-server verify bacloud.ndjson --save-checkpoint last-visit.txt
      consent-server verify bacloud.ndjson --keys jwks.json --log-key log-key.txt --since last-visit.txt
    """
    trust = Trust(
        jwks=_jwks(keys) if keys else None,
        log_key=log_key.read() if log_key else None,
        since=since.read() if since else None,
    )
    check = ExportCheck(trust)
    states = _count(check, file)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    click.echo(f"{states.total()} receipts verified" + (f": {counted}." if counted else "."))
    _say_log(check, file.name)
    if trust.jwks is None or trust.log_key is None:
        click.echo(
            "Keys were the export's own; with --keys and --log-key you check them against yours.", err=True
        )
    if save_checkpoint:
        _save(check, file.name, save_checkpoint)


def _count(check: ExportCheck, file: IO[bytes]) -> Counter[str]:
    states: Counter[str] = Counter()
    with click.progressbar(check.read(_lines(file)), label="Verifying", show_pos=True) as bar:
        for typ, payload in bar:
            if typ == RECEIPT_TYPE:
                states[str(payload.get("state"))] += 1
    return states


def _say_log(check: ExportCheck, name: str) -> None:
    if check.checkpoint is None:
        click.echo(f"{name} has no checkpoint: nothing shows that it is complete.")
        return
    grown = " It grew from your checkpoint." if check.trust.since else ""
    click.echo(f"The log {check.checkpoint.origin} is complete to {check.checkpoint.size} leaves.{grown}")


def _save(check: ExportCheck, name: str, path: Path) -> None:
    if check.note is None:
        raise EvidenceInvalid(f"{name} has no checkpoint to keep.")
    path.write_text(check.note, encoding="utf-8")


def _jwks(file: IO[bytes]) -> dict[str, Any]:
    try:
        keys = json.load(file)
    except ValueError:
        raise EvidenceInvalid("The file of keys is not JSON.") from None
    if not isinstance(keys, dict):
        raise EvidenceInvalid("The file of keys is not a JWK Set.")
    return keys


def _lines(file: IO[bytes]) -> Iterator[str]:
    return (line.rstrip(b"\n").decode("utf-8", "replace") for line in file)
