"""A clock that is set back and forth under a running server loses and doubles nothing."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import build_server, now
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.errors import EvidenceInvalid
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner
from consent_server.keys import log_key, signing_pems
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from consent_server.app import Server
    from consent_server.settings import Settings

    Step = Callable[[float], None]

ORIGIN = {"Origin": "https://shop.example"}
MINUTE = 60


@pytest.fixture
def step(monkeypatch: pytest.MonkeyPatch) -> Step:
    """Give a function that sets the machine's clock, as this whole program sees it, so many seconds off."""
    exact, coarse = time.time_ns, time.time

    def step(seconds: float) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: exact() + int(seconds * 1e9))
        monkeypatch.setattr(time, "time", lambda: coarse() + seconds)

    return step


def record(server: Server, body: dict[str, Any]) -> Any:
    """Post a decision as the shop's page does."""
    return server.app.test_client(use_cookies=False).post("/v1/shop/receipts", json=body, headers=ORIGIN)


def sealed(server: Server) -> list[str | None]:
    """Return the receipts in the log."""
    return [leaf.jws for leaf in server.store.sealed("shop", 0, 1000) if leaf.type == RECEIPT_TYPE]


def verify(server: Server, settings: Settings) -> None:
    """Verify the whole export, as an auditor does."""
    keyring = Keyring(server.store, ReceiptSigner(signing_pems(settings)), now)
    exporter = Exporter(server.store, server.store, keyring, log_key(settings))
    list(ExportCheck().read(exporter.lines("shop")))


def test_a_clock_that_wavers_is_no_matter(
    server: Server, settings: Settings, step: Step, decide: Callable[..., dict[str, Any]]
) -> None:
    """Four minutes forth and back, again and again: each decision once in the log, which verifies."""
    receipts = []
    for seconds in (0, 4 * MINUTE, 0, 4 * MINUTE, 2 * MINUTE, 0):
        body = decide()
        step(seconds)
        receipts.append(record(server, body).json["receipt"])
        assert record(server, body).json["receipt"] == receipts[-1]
        server.seal()
    assert sealed(server) == receipts
    verify(server, settings)


def test_a_clock_that_was_hours_off_loses_nothing_and_hides_nothing(
    server: Server,
    settings: Settings,
    step: Step,
    decide: Callable[..., dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What was recorded meanwhile stays; operator and auditor are told that the clock went back."""
    receipts = []
    steps = (0, 3 * 60 * MINUTE, 0)
    for seconds, body in zip(steps, [decide() for _ in steps], strict=True):  # browsers' clocks are right
        step(seconds)
        receipts.append(record(server, body).json["receipt"])
        with caplog.at_level(logging.WARNING):
            server.seal()
    assert sealed(server) == receipts
    assert "The clock is 1" in caplog.text
    with pytest.raises(EvidenceInvalid, match="back-dated"):
        verify(server, settings)


def test_a_clock_that_went_back_locks_no_client_out(
    catalog_path: Path, tmp_path: Path, step: Step, decide: Callable[..., dict[str, Any]]
) -> None:
    """A minute of the rate limit that began in the future does not last until then."""
    environ = {
        "CONSENT_CATALOG": str(catalog_path),
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_RATE_LIMIT": "1",
    }
    server = build_server(read_settings(environ))
    bodies = [decide() for _ in range(3)]
    step(3 * 60 * MINUTE)
    assert [record(server, body).status_code for body in bodies[:2]] == [201, 429]
    step(0)
    assert record(server, bodies[2]).status_code == 201
    server.close()
