"""Several nodes on one database seal in turn, whatever becomes of one of them."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import psycopg
import pytest
from started import Running, started

from consent_server.app import now
from consent_server.consent.uuid7 import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_HOLDER = """
SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND granted AND application_name LIKE 'node-%'
"""


@pytest.fixture
def nodes(
    keyed: dict[str, str], postgresql_url: str, catalog_path: Path, tmp_path: Path
) -> Iterator[dict[str, Running]]:
    """Give two nodes on one database, each with a directory of its own, by the names that it knows."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                started(
                    catalog_path,
                    tmp_path / name,
                    {
                        **keyed,
                        "CONSENT_DATA_DIR": str(tmp_path / name),
                        "CONSENT_PUBLIC_URL": "https://consent.example",
                        "CONSENT_DATABASE_URL": f"{postgresql_url}&application_name={name}",
                    },
                )
            )
            for name in ("node-a", "node-b")
        }


def processes(node: Running) -> list[psutil.Process]:
    """Return every process of a node, known by its port."""
    ours = psutil.Process().children(recursive=True)
    port = node.environ["CONSENT_PORT"]
    return [one for one in ours if one.environ().get("CONSENT_PORT") == port]


def decide(node: Running) -> str:
    """Record a decision there and return its receipt's id."""
    with urlopen(f"{node.url}/v1/shop/notice.json") as answer:
        shown: Any = json.load(answer)
    choices = {"analytics": True, "marketing": True}
    body = {
        "decision": str(uuid7(now())),
        "notice": shown["sha256"],
        "method": "accept_all",
        "choices": choices,
    }
    headers = {"Origin": "https://shop.example", "Content-Type": "text/plain"}
    asked = Request(f"{node.url}/v1/shop/receipts", json.dumps(body).encode(), headers)
    with urlopen(asked) as answer:
        return str(json.load(answer)["id"])


def is_sealed(node: Running, receipt: str) -> bool:
    """Whether a node proves that a receipt is in the log."""
    with suppress(HTTPError), urlopen(f"{node.url}/v1/shop/receipts/{receipt}/proof"):
        return True
    return False


@pytest.mark.parametrize("fate", ["kill", "suspend"])
def test_another_node_seals_when_the_one_that_did_is_gone(
    nodes: dict[str, Running],
    postgresql_url: str,
    eventually: Callable[[Callable[[], bool]], None],
    fate: str,
) -> None:
    """Killed amid its transaction, or on a machine that says no word any more: its right to seal ends."""
    with (
        ExitStack() as stack,
        closing(psycopg.connect(postgresql_url)) as held,
        closing(psycopg.connect(postgresql_url, autocommit=True)) as looking,
    ):
        held.execute("LOCK TABLE position IN ACCESS EXCLUSIVE MODE")
        receipts = [decide(node) for node in nodes.values()]
        eventually(lambda: looking.execute(_HOLDER).fetchone() is not None)
        [gone] = looking.execute(_HOLDER).fetchone() or [""]
        dying = processes(nodes[gone])
        stack.callback(lambda: [process.kill() for process in dying])
        for process in dying:
            getattr(process, fate)()
        held.rollback()
        [other] = [node for name, node in nodes.items() if name != gone]
        for receipt in receipts:
            eventually(lambda receipt=receipt: is_sealed(other, receipt))  # type: ignore[misc]
