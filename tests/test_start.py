"""What a server refuses to start on, or warns of: somebody else's log key, a clock that went back."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.app import build_server, now
from consent_server.cli.serve import check
from consent_server.consent.sealer import Sealer
from consent_server.errors import SettingsError
from consent_server.evidence.note import generate_key
from consent_server.evidence.signing import ReceiptSigner
from consent_server.keys import log_key, signing_pems

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.app import Server
    from consent_server.settings import Settings


def test_a_log_whose_key_was_swapped_is_not_continued(server: Server, settings: Settings) -> None:
    """Auditors could not open its checkpoints; the message says which key is wanted."""
    server.seal()
    server.close()
    kept = settings.data_dir / "log-key.pem"
    right = kept.read_bytes()
    kept.write_bytes(generate_key())
    for start in (build_server, check):
        with pytest.raises(SettingsError, match="not the one that signed the log of shop"):
            start(settings)
    kept.write_bytes(right)
    check(settings)


def test_a_clock_that_went_back_is_said(
    server: Server,
    settings: Settings,
    post: Callable[..., Any],
    decide: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log goes on, and the operator reads why auditors will ask."""
    server.seal()
    post(decide())
    signer = ReceiptSigner(signing_pems(settings))
    late = Sealer(server.store, signer, log_key(settings), lambda: now() - 600_000)
    with caplog.at_level(logging.WARNING, "consent_server.consent.sealer"):
        assert late.seal("shop")
    assert "The clock is 60" in caplog.text or "The clock is 59" in caplog.text
    assert "set it right" in caplog.text
