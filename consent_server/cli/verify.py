"""`consent-server verify`: offline, from the formats alone."""

from __future__ import annotations

import json
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import click

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.verify import verify_export

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP = 1000


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--keys", type=click.File("rb"), help="A JWK Set that you hold, to trust instead of the export's own."
)
def verify(file: IO[bytes], keys: IO[bytes] | None) -> None:
    r"""Check an export offline: each signature, each receipt once. Exits 1 naming the first that fails.

    \b
    Examples:
      consent-server verify bacloud.ndjson
      consent-server verify bacloud.ndjson --keys jwks.json
    """
    trusted = _jwks(keys) if keys else None
    states: Counter[str] = Counter()
    with click.progressbar(length=None, label="Verifying", show_pos=True) as bar:
        for number, payload in enumerate(verify_export(_lines(file), trusted), start=1):
            states[str(payload.get("state"))] += 1
            if number % _STEP == 0:
                bar.update(_STEP)
    counted = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    click.echo(f"{states.total()} receipts verified" + (f": {counted}." if counted else "."))
    if trusted is None:
        click.echo("The keys were the export's own; with --keys you check them against yours.", err=True)


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
