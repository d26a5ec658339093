"""Workers: where they run, and that whichever is asked for metrics answers for all of them."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from consent_server.keys import log_key, signing_pems

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from started import Running

    from consent_server.settings import Settings

DECISIONS = 20
HEADERS = {"Origin": "https://shop.example", "Content-Type": "text/plain", "Connection": "close"}


def recorded(url: str) -> float:
    """Return how many decisions one of the workers tells of."""
    with urlopen(Request(f"{url}/metrics", headers={"Connection": "close"}), timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return sum(
        one.value for family in families for one in family.samples if one.name == "consent_decisions_total"
    )


def test_metrics_of_all_workers_are_added_up(
    serving: Callable[..., AbstractContextManager[Running]],
    postgresql_url: str,
    settings: Settings,
    decide: Callable[..., dict[str, Any]],
) -> None:
    """Every answer tells of every decision, once."""
    keys = {
        "CONSENT_SIGNING_KEY": b"".join(signing_pems(settings)).decode(),
        "CONSENT_SECRET_KEY": "s" * 32,
        "CONSENT_LOG_KEY_FILE": str(settings.data_dir / "log-key.pem"),
    }
    log_key(settings)
    bodies = [json.dumps(decide()).encode() for _ in range(DECISIONS)]
    with serving(CONSENT_DATABASE_URL=postgresql_url, CONSENT_WORKERS="2", **keys) as running:

        def record(body: bytes) -> None:
            urlopen(Request(f"{running.url}/v1/shop/receipts", body, HEADERS), timeout=10).close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(record, bodies))
        assert {recorded(running.url) for _ in range(10)} == {DECISIONS}


def test_a_worker_that_does_not_stop_does_not_hold_the_server(
    serving: Callable[..., AbstractContextManager[Running]],
) -> None:
    """One that hears no signal is killed, and the server ends."""
    with serving() as running:
        port = running.environ["CONSENT_PORT"]
        children = psutil.Process().children(recursive=True)
        first, worker = (child for child in children if child.environ().get("CONSENT_PORT") == port)
        worker.suspend()
        first.terminate()
        gone, left = psutil.wait_procs([first, worker], timeout=30)
        for process in left:
            process.kill()
    assert len(gone) == 2


@pytest.mark.parametrize(("setting", "processors"), [("on", 1), ("off", len(os.sched_getaffinity(0)))])
def test_on_sqlite_what_runs_python_stays_on_one_processor_unless_told_otherwise(
    serving: Callable[..., AbstractContextManager[Running]], setting: str, processors: int
) -> None:
    """Of the worker's threads those that answer have as many as the setting says, some have all."""
    with serving(CONSENT_PIN=setting) as running:
        port = running.environ["CONSENT_PORT"]
        children = psutil.Process().children(recursive=True)
        _, worker = (child for child in children if child.environ().get("CONSENT_PORT") == port)
        have = [len(os.sched_getaffinity(thread.id)) for thread in worker.threads()]
    assert min(have) == processors
    assert max(have) == len(os.sched_getaffinity(0))
