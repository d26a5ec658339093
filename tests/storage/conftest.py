"""A primary and its standby, a store on both, leaves to put there, and their sealing."""

from __future__ import annotations

import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cluster import Postgres, replicating, url_of
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.app import now
from consent_server.consent.sealer import Sealer
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.keys import generate_key
from consent_server.evidence.signing import RECEIPT_TYPE, ReceiptSigner, leaf_hash
from consent_server.keys import log_key, signing_pems
from consent_server.storage.postgresql import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consent_server.settings import Settings
    from consent_server.storage.store import SqlStore

_SECONDS = 30


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Postgres, Postgres]]:
    """Give a running primary and its standby, the same for all tests of a module."""
    with (
        tempfile.TemporaryDirectory(prefix="consent-pair-") as directory,
        replicating(Path(directory)) as pair,
    ):
        yield pair


@pytest.fixture
def replicated(
    pair: tuple[Postgres, Postgres], eventually: Callable[[Callable[[], bool]], None]
) -> Iterator[PostgresqlStore]:
    """Give an empty store on the primary, whose every commit waits for the standby."""
    primary, _ = pair
    primary.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    primary.wait_for("standby")
    eventually(lambda: primary.execute("SELECT sync_state FROM pg_stat_replication") == [("sync",)])
    store = PostgresqlStore(url_of(pair))
    store.prepare()
    yield store
    store.close()
    primary.wait_for()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Give a function that waits until something holds that has to come true soon."""

    def eventually(holds: Callable[[], bool]) -> None:
        until = time.monotonic() + _SECONDS
        while not holds():
            assert time.monotonic() < until
            time.sleep(0.1)

    return eventually


@pytest.fixture
def new_leaf() -> Callable[..., Leaf]:
    """Give a function that makes a leaf like any other; arguments replace its members."""

    def new_leaf(**members: Any) -> Leaf:
        leaf_id, jws = uuid7(now()), f"head.{secrets.token_urlsafe()}.signature"
        usual: dict[str, Any] = {
            "site": "shop",
            "id": leaf_id,
            "type": RECEIPT_TYPE,
            "key": leaf_id.bytes + b"123456",
            "body": secrets.token_bytes(32),
            "subject": b"s" * 16,
            "time": now(),
            "state": "partial",
            "method": "save",
            "language": "en",
            "notice": "ab" * 32,
            "jws": jws,
            "leaf_hash": leaf_hash(jws),
        }
        return Leaf(**{**usual, **members})

    return new_leaf


@pytest.fixture
def seal() -> Callable[[SqlStore], None]:
    """Give a function that seals all that waits of the shop."""
    signer, key = ReceiptSigner([generate_key()]), Ed25519PrivateKey.generate()

    def seal(store: SqlStore) -> None:
        store.open_log("shop", "host/v1/shop")
        Sealer(store, signer, key, now).seal("shop")

    return seal


@pytest.fixture
def keyed(settings: Settings, catalog_path: Path, tmp_path: Path) -> dict[str, str]:
    """Give the environment of a server of the shop with keys, as several nodes share them."""
    signing_pems(settings)
    log_key(settings)
    return {
        "CONSENT_CATALOG": str(catalog_path),
        "CONSENT_DATA_DIR": str(tmp_path / "node"),
        "CONSENT_SIGNING_KEY_FILE": str(settings.data_dir / "signing-key.pem"),
        "CONSENT_LOG_KEY_FILE": str(settings.data_dir / "log-key.pem"),
        "CONSENT_SECRET_KEY": "s" * 32,
        "CONSENT_RATE_LIMIT": "off",
        "CONSENT_WORKERS": "1",
    }
