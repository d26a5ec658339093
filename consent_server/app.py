"""The composition root: builds the parts, connects them, returns the Flask app."""

from __future__ import annotations

import atexit
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from consent_server.assets import load
from consent_server.authority import Authority
from consent_server.catalog.files import fingerprint, read_catalogs
from consent_server.checkpoints import CheckedSealer, CheckpointFiles
from consent_server.consent.auditing import Auditing
from consent_server.consent.erasing import Eraser
from consent_server.consent.export import Exporter
from consent_server.consent.holders import Holders
from consent_server.consent.keyring import Keyring
from consent_server.consent.logs import Logs
from consent_server.consent.publisher import Publisher, Shelf
from consent_server.consent.recorder import Recorder, Stores
from consent_server.consent.sealer import Sealer
from consent_server.consent.sites import Sites, live_sites
from consent_server.consent.stamper import LOOK, Stamper
from consent_server.consent.stored import Build
from consent_server.erasures import ErasureFile
from consent_server.evidence.note import verifier_of
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.tokens import Tokens
from consent_server.keys import log_key, signing_pems, token_secrets
from consent_server.processor import Processor, Staying
from consent_server.repeat import Repeat
from consent_server.settings import read_settings
from consent_server.storage.postgresql import PostgresqlStore
from consent_server.storage.replica import Replica
from consent_server.storage.sqlite import SqliteStore
from consent_server.watch import INTERVAL, Watch
from consent_server.web.application import Application
from consent_server.web.audit import audit_blueprint
from consent_server.web.console import console_blueprint
from consent_server.web.console_pages import Desk
from consent_server.web.console_session import Sessions
from consent_server.web.docs import docs_blueprint
from consent_server.web.files import files_blueprint
from consent_server.web.forms import forms_blueprint
from consent_server.web.hardening import Hardened
from consent_server.web.health import Health
from consent_server.web.kept import Kept
from consent_server.web.limits import limits_of
from consent_server.web.log import log_blueprint
from consent_server.web.metrics import Metrics
from consent_server.web.operations import operations_blueprint
from consent_server.web.page_console_receipts import Opener
from consent_server.web.pages import pages_blueprint
from consent_server.web.patience import Patience
from consent_server.web.problems import register_problems
from consent_server.web.receipts import receipts_blueprint
from consent_server.web.recording import Recording
from consent_server.web.shown import shown_blueprint
from consent_server.web.tracing import Traced
from consent_server.web.views import ReceiptViews
from consent_server.web.widget import widget_blueprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from consent_server.assets import Assets
    from consent_server.keys import LogKey
    from consent_server.settings import Settings
    from consent_server.storage.store import SqlStore


def now() -> int:
    """Return the server's time in Unix milliseconds."""
    return time.time_ns() // 1_000_000


def connect_store(settings: Settings) -> SqlStore:
    """Return the database that the settings name, as it is: where it has no tables, none are made."""
    if settings.on_sqlite:
        return SqliteStore(settings.sqlite_path)
    return PostgresqlStore(settings.database_url)


def open_store(settings: Settings) -> SqlStore:
    """Open the database that the settings name, its tables ready."""
    store = connect_store(settings)
    store.prepare()
    return store


@dataclass(frozen=True, slots=True)
class Server:
    """A running app with what has to be let go of at its end. `seal` seals every site at once."""

    app: Flask
    sites: Sites
    store: SqlStore
    replica: Replica | None
    seal: Callable[[], None]
    repeating: tuple[Repeat, ...]

    def close(self) -> None:
        """Stop what repeats, write what is waiting, close the database."""
        for repeat in self.repeating:
            repeat.stop()
        self.store.close()
        if self.replica:
            self.replica.close()


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both the routes and the threads beside them work with."""

    settings: Settings
    sites: Sites
    assets: Assets
    store: SqlStore
    replica: Replica | None
    signer: ReceiptSigner
    tokens: Tokens
    keyring: Keyring
    log_key: LogKey
    sealer: CheckedSealer
    holders: Holders
    watch: Watch


def build_server(settings: Settings) -> Server:
    """Build everything that `settings` describe.

    Raises CatalogError, SettingsError, StorageUnavailable, LogDamaged.
    """
    parts = _build_parts(settings)

    def seal() -> None:
        for site in parts.sites:
            parts.sealer.seal(site.id)
        if parts.holders.erased():
            parts.store.scrub()

    app, repeating = _build_app(parts), _repeating(parts, seal)
    return Server(app, parts.sites, parts.store, parts.replica, seal, repeating)


def _build_parts(settings: Settings) -> _Parts:
    """Open what there is, refuse what was damaged meanwhile, and make provable what is about to be shown."""
    served = fingerprint(settings.catalog)
    sites = Sites(live_sites(read_catalogs(settings.catalog)))
    signer, tokens, assets = ReceiptSigner(signing_pems(settings)), Tokens(token_secrets(settings)), load()
    key = log_key(settings)
    store = open_store(settings)
    keyring = Keyring(store, signer, now)
    keyring.check()
    keyring.accept()
    logs, files = Logs(store, store), CheckpointFiles(settings.data_dir)
    for site in sites:
        files.check(site.id, logs)
        logs.check_key(site.id, key)
    builds = (
        Build(assets.build.sha256, assets.build.content, main=True),
        Build(assets.preferences.sha256, assets.preferences.content),
        Build(assets.extras.sha256, assets.extras.content),
    )
    publisher = Publisher(Shelf(store, store, store, store), keyring, settings.host_name, builds, now)
    watch = Watch(settings.catalog, served, sites, publisher.publish)
    publisher.publish({site.id: site for site in sites})
    erasures = ErasureFile(settings.data_dir)
    eraser = Eraser(store, signer, erasures.keep)
    eraser.replay(erasures.read(), now())
    holders = Holders(store, eraser, tokens, now)
    replica = Replica(settings.replica_url, store) if settings.replica_url else None
    sealer = CheckedSealer(Sealer(store, signer, key, now), logs, files)
    return _Parts(
        settings, sites, assets, store, replica, signer, tokens, keyring, key, sealer, holders, watch
    )


def _build_app(parts: _Parts) -> Flask:
    settings, sites, store, watch = parts.settings, parts.sites, parts.store, parts.watch
    stylesheet = f"/v1/assets/{parts.assets.pages_css.sha256}.css"
    build = parts.assets.build
    metrics = Metrics()
    recorder = Recorder(Stores(store, store, store), parts.signer, parts.tokens, now, metrics.decided)
    views = ReceiptViews(store, stylesheet, settings.public_url)
    audited = parts.replica or store
    logs, auditing = Logs(store, store), Auditing(store, audited, now)
    exporter = Exporter(audited, audited, parts.keyring, parts.log_key)
    behind = parts.replica.behind if parts.replica else None
    health = Health(
        sites,
        store,
        store,
        store,
        lambda: watch.trouble,
        lambda: watch.flaws,
        now,
        behind,
        lambda: parts.sealer.damages,
    )
    metrics.tell(health, store.commits, build.sha256)

    app = Application("consent_server", static_folder=None)
    app.url_map.merge_slashes = False
    limits = limits_of(settings, token_secrets(settings)[0])
    _surround(app, metrics, sites, Recording(app.wsgi_app, sites, recorder, limits, metrics.answered))
    for blueprint in (
        widget_blueprint(sites, build.content, store),
        files_blueprint(store, parts.assets.pages_css.content, parts.assets.types),
        shown_blueprint(sites, store, store, build.sha256, stylesheet),
        pages_blueprint(sites, stylesheet),
        forms_blueprint(sites, recorder, stylesheet, settings.public_url),
        receipts_blueprint(sites, recorder, parts.holders, views, settings.public_url),
        log_blueprint(sites, logs),
        audit_blueprint(sites, auditing, exporter, now),
        console_blueprint(_desk(parts, auditing, exporter, stylesheet)),
        operations_blueprint(parts.keyring.jwks(), health, metrics.text, settings.metrics_token),
        docs_blueprint(stylesheet),
    ):
        if limits:
            limits.guard(blueprint)
        app.register_blueprint(blueprint)
    return app


def _desk(parts: _Parts, auditing: Auditing, exporter: Exporter, stylesheet: str) -> Desk:
    store = parts.store
    return Desk(
        sites=parts.sites,
        sessions=Sessions(store, token_secrets(parts.settings), now),
        auditing=auditing,
        exporter=exporter,
        opener=Opener(store, store, Logs(store, store)),
        auditors=store,
        logs=store,
        log_key=lambda origin: verifier_of(origin, parts.log_key).encode(),
        clock=now,
        stylesheet=stylesheet,
        public_url=parts.settings.public_url,
    )


def _repeating(parts: _Parts, seal: Callable[[], None]) -> tuple[Repeat, ...]:
    settings, store = parts.settings, parts.store
    repeating = [
        Repeat(parts.watch.look, INTERVAL, "consent-watch"),
        Repeat(seal, settings.seal_interval, "consent-sealer"),
    ]
    if settings.tsa_url:
        stamper = Stamper(store, store, Authority(settings.tsa_url), now)
        stamp = partial(stamper.stamp_all, parts.sites)
        repeating.append(Repeat(stamp, LOOK, "consent-stamper"))
    return tuple(repeating)


def create_app() -> Flask:
    """Build the app from the environment: what a WSGI server calls in each worker."""
    settings = read_settings()
    return _build_staying(settings) if settings.pin else _build_until_exit(settings)


def _build_staying(settings: Settings) -> Flask:
    processor = Processor(settings.port)
    with processor.starting():
        app = _build_until_exit(settings)
    app.wsgi_app = Staying(app.wsgi_app, processor)  # type: ignore[assignment]
    return app


def _build_until_exit(settings: Settings) -> Flask:
    server = build_server(settings)
    atexit.register(server.close)
    return server.app


def _surround(app: Flask, metrics: Metrics, sites: Sites, recording: Recording) -> None:
    """Set what happens around every request, whichever blueprint answers it."""
    metrics.watch(app)
    register_problems(app)
    app.wsgi_app = Traced(Hardened(Kept(Patience(recording), sites, metrics.answered)))  # type: ignore[assignment]
