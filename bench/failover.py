# ruff: noqa: INP001, T201 - a script, which talks
"""Kill the primary under load and promote its standby: what is lost, and how long it takes.

    python bench/failover.py --rounds 3

Starts PostgreSQL with a synchronous standby and two nodes of the server, on this machine and in a temporary
directory that it deletes. Visitors decide all the time; each sends the same decision until it gets its 201,
as the widget does. First the standby stands still for a while. Then in each round the primary is killed
(SIGKILL, every process of it), the standby promoted, and the dead one replaced by a new standby. The nodes
are never restarted. In the end the log is exported and verified: every receipt that got a 201 has to be in
it, once. Exits with 1 where one is lost or doubled. Takes two or three minutes; PostgreSQL comes with the
packages of the tests.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from cluster import Postgres, replicating, url_of
from failover_load import CATALOG, PATIENCE, Visitors, question
from started import Running, started

from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

GONE = 15.0
"""Seconds for which the standby stands still."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one failover cost: 201s before and since, seconds to the promotion's end and to the first 201."""

    before: int
    after: int
    promoted: float
    recorded: float
    repeated: int


@dataclass(frozen=True, slots=True)
class Gone:
    """What came of a standby that stood still.

    Decisions recorded meanwhile; refusals and broken requests by kind, and the seconds of the slowest;
    commits that waited at the end; seconds from its return to the first 201.
    """

    recorded: int
    refused: dict[str, int]
    slowest: float
    waiting: int
    first: float


def main() -> None:
    """Do as the arguments say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 6), help="failovers (default: 3)")
    parser.add_argument("--visitors", type=int, default=8, help="decisions at a time (default: 8)")
    parser.add_argument(
        "--seconds", type=float, default=8.0, help="load before and after each kill (default: 8)"
    )
    parser.add_argument(
        "--asynchronous", action="store_true", help="let no commit wait for the standby, and see what is lost"
    )
    given = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-failover-")))
        said("starting a primary, its standby and two nodes")
        servers = stack.enter_context(replicating(place))
        environ = keys(place) | {"CONSENT_DATABASE_URL": url_of(servers)}
        nodes = [
            stack.enter_context(started(CATALOG, place / name, environ)) for name in ("node-a", "node-b")
        ]
        visitors = Visitors(nodes, given.visitors)
        tables = []
        if not given.asynchronous:
            synchronous(servers[0])
            tables.append(table_of(without_standby(visitors, *servers)))
        rounds = fail_over(visitors, given, servers, stack)
        lost, doubled, verified = compare(visitors, place, nodes[0])
        tables.append(table(rounds, len(visitors.sent), lost, doubled, verified=verified))
        print(*tables, sep="\n")
    sys.exit(0 if verified and not lost and not doubled else 1)


def keys(place: Path) -> dict[str, str]:
    """Make the keys that the nodes share, and return their settings."""
    made = read_settings({"CONSENT_DATA_DIR": str(place / "keys")})
    signing_pems(made)
    log_key(made)
    return {
        "CONSENT_SIGNING_KEY_FILE": str(place / "keys" / "signing-key.pem"),
        "CONSENT_LOG_KEY_FILE": str(place / "keys" / "log-key.pem"),
        "CONSENT_SECRET_KEY": "a secret of no worth, for measurements",
        "CONSENT_PUBLIC_URL": "https://consent.example.com",
        "CONSENT_RATE_LIMIT": "off",
        "CONSENT_WORKERS": "1",
    }


def synchronous(primary: Postgres) -> None:
    """Let every commit wait for the standby, and wait until it does."""
    primary.wait_for("standby")
    until(lambda: primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])


def without_standby(visitors: Visitors, primary: Postgres, standby: Postgres) -> Gone:
    """Let the standby stand still for a while: nothing may be recorded, and every request be answered."""
    with visitors.deciding():
        time.sleep(3)
        standby.freeze()
        time.sleep(1)  # what was on its way
        recorded = len(visitors.sent)
        time.sleep(GONE)
        late = len(visitors.sent) - recorded
        [(waiting,)] = primary.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        thawed = time.monotonic()
        standby.thaw()
        until(lambda: visitors.first_after(thawed) is not None)
        time.sleep(2)
    first = visitors.first_after(thawed) or 0.0
    gone = Gone(late, dict(visitors.refused), visitors.slowest, waiting, first)
    said(f"standby gone for {GONE:.0f} s: {gone}")
    return gone


def fail_over(
    visitors: Visitors, given: argparse.Namespace, servers: tuple[Postgres, Postgres], stack: ExitStack
) -> list[Round]:
    """Kill the primary and promote the standby again and again. Return what it cost."""
    primary, standby = servers
    done: list[Round] = []
    for number in range(1, given.rounds + 1):
        visitors.refused.clear()
        begun = len(visitors.sent)
        with visitors.deciding():
            time.sleep(given.seconds)
            killed, before = time.monotonic(), len(visitors.sent) - begun
            primary.kill()
            standby.promote()
            promoted = time.monotonic() - killed
            until(lambda killed=killed + promoted: visitors.first_after(killed) is not None)  # type: ignore[misc]
            time.sleep(given.seconds)
        primary, standby = standby, Postgres(primary.data.with_name(f"standby-{number}"), primary.port)
        since = visitors.sent[begun + before :]
        first = visitors.first_after(killed + promoted) or 0.0
        repeated = sum(sent.attempts > 1 for sent in since)
        done.append(Round(before, len(since), promoted, promoted + first, repeated))
        said(f"failover {number}: {done[-1]}, refused {dict(visitors.refused)}")
        stack.callback(standby.stop)
        standby.copy(primary, "standby")
        standby.start()
        if not given.asynchronous:
            synchronous(primary)
    return done


def compare(visitors: Visitors, place: Path, node: Running) -> tuple[int, int, bool]:
    """Return how many receipts with a 201 are gone, how many are there twice, and whether the log verifies.

    A log that lost leaves is sealed no more: what is recorded since waits, and is there all the same.
    """
    until(lambda: is_settled(node))
    export = place / "export.ndjson"
    site = question(node)[0]
    command = [sys.executable, "-m", "consent_server"]
    with export.open("wb") as file:
        subprocess.run([*command, "export", "--site", site], env=node.environ, stdout=file, check=True)  # noqa: S603
    verified = subprocess.run([*command, "verify", str(export)], env=node.environ, check=False)  # noqa: S603
    lines = [json.loads(line) for line in export.read_text(encoding="utf-8").splitlines()[1:]]
    there = Counter(line["jws"] for line in lines if line.get("type") == RECEIPT_TYPE)
    lost = sum(sent.receipt not in there for sent in visitors.sent)
    # One decision, one receipt: what the log has beyond the 201s was recorded twice.
    doubled = there.total() - (len(visitors.sent) - lost)
    return lost, doubled, verified.returncode == 0


def is_settled(node: Running) -> bool:
    """Whether nothing waits to be sealed, or nothing is sealed any more."""
    with urlopen(f"{node.url}/readyz", timeout=20) as answer:  # noqa: S310 - our own server
        state = json.load(answer)
    [log] = state["logs"].values()
    return state["sealing"] == "stopped" or not log["waiting_seconds"]


def table_of(gone: Gone) -> str:
    """Return what came of the standby that stood still, as Markdown."""
    refused = ", ".join(f"{count} ({kind})" for kind, count in gone.refused.items())
    return f"""
| standby gone for (s) | recorded | refused | slowest refusal (s) | commits waiting | back to first 201 (s) |
|--:|--:|--:|--:|--:|--:|
| {GONE:.0f} | {gone.recorded} | {refused} | {gone.slowest:.1f} | {gone.waiting} | {gone.first:.2f} |"""


def table(rounds: list[Round], receipts: int, lost: int, doubled: int, *, verified: bool) -> str:
    """Return the result as Markdown."""
    rows = [
        f"| {no} | {one.before} | {one.after} | {one.promoted:.2f} | {one.recorded:.2f} | {one.repeated} |"
        for no, one in enumerate(rounds, 1)
    ]
    median = statistics.median(one.recorded for one in rounds)
    return f"""
| failover | 201s before | 201s after | promoted (s) | first 201 (s) | decisions sent again |
|--:|--:|--:|--:|--:|--:|
{chr(10).join(rows)}

{receipts:,} receipts: {lost} lost, {doubled} doubled, verified: {verified}; median: {median:.2f} s"""


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that has to come true."""
    limit = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > limit:
            sys.exit("Waited in vain: the servers' logs would say why.")
        time.sleep(0.05)


def said(words: str) -> None:
    """Say how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    main()
