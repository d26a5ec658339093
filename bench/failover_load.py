# ruff: noqa: INP001 - beside a script
"""Visitors who decide on several nodes, and send each decision until it is recorded."""

from __future__ import annotations

import json
import threading
import time
import tomllib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from consent_server.app import now
from consent_server.consent.uuid7 import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

    from started import Running

CATALOG = Path(__file__).resolve().parent.parent / "cookie_catalog.toml"
PATIENCE = 60.0
"""Seconds after which whatever is waited for is given up."""


@dataclass(slots=True)
class Sent:
    """A decision that got its 201: its receipt, when (monotonic seconds), and how often it was sent."""

    receipt: str
    at: float
    attempts: int


@dataclass(slots=True)
class Visitors:
    """Threads that decide on nodes, each decision again and again until it is recorded."""

    nodes: list[Running]
    threads: int
    sent: list[Sent] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Let them decide until the block ends, and each finish the decision at hand."""
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._decide, args=(self.nodes[number % len(self.nodes)], stop))
            for number in range(self.threads)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def first_after(self, moment: float) -> float | None:
        """Return how many seconds after a moment the first 201 came."""
        return next(
            (sent.at - moment for sent in sorted(self.sent, key=lambda one: one.at) if sent.at > moment), None
        )

    def _decide(self, node: Running, stop: threading.Event) -> None:
        site, origin, body = question(node)
        while not stop.is_set():
            decision = json.dumps({**body, "decision": str(uuid7(now()))}).encode()
            asked = Request(  # noqa: S310 - our own server
                f"{node.url}/v1/{site}/receipts", decision, {"Origin": origin, "Content-Type": "text/plain"}
            )
            until, attempts = time.monotonic() + PATIENCE, 0
            while time.monotonic() < until:
                attempts += 1
                receipt = self._send(asked)
                if receipt is not None:
                    self.sent.append(Sent(receipt, time.monotonic(), attempts))
                    break
                time.sleep(0.2)

    def _send(self, asked: Request) -> str | None:
        began = time.monotonic()
        try:
            with urlopen(asked, timeout=20) as answer:  # noqa: S310
                return str(json.load(answer)["receipt"])
        except HTTPError as error:
            self.refused[str(error.code)] += 1
        except (OSError, HTTPException, ValueError) as error:
            self.refused[type(error).__name__] += 1
        self.slowest = max(self.slowest, time.monotonic() - began)
        return None


def question(node: Running) -> tuple[str, str, dict[str, Any]]:
    """Return the catalog's site, its origin, and a decision about what it shows."""
    site = tomllib.loads(CATALOG.read_text(encoding="utf-8"))["site"]
    with urlopen(f"{node.url}/v1/{site['id']}/notice.json", timeout=20) as answer:  # noqa: S310
        shown = json.load(answer)
    asked = [category["id"] for category in shown["notice"]["categories"] if not category["required"]]
    choices = dict.fromkeys(asked, True)
    return (
        site["id"],
        site["origins"][0],
        {"notice": shown["sha256"], "method": "accept_all", "choices": choices},
    )
