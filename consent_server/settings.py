"""Settings: read once from CONSENT_* variables into a frozen object; wrong ones are refused at start."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = range(1, 65536)
_WORKERS = range(1, 65)
_SEAL_SECONDS = range(1, 61)
_WRITES = range(1, 1_000_001)
_SHARED_STORES = ("redis://", "rediss://")
_LEVELS = ("debug", "info", "warning", "error")
_SHORTEST_TOKEN = 16

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Settings:
    """What this process was told. A key is None where it is to be generated."""

    catalog: Path
    data_dir: Path
    database_url: str = field(repr=False)
    replica_url: str | None = field(repr=False)
    public_url: str | None
    host: str
    port: int
    workers: int
    pin: bool
    signing_key: bytes | None = field(repr=False)
    secret_key: bytes | None = field(repr=False)
    log_key: bytes | None = field(repr=False)
    seal_interval: int
    tsa_url: str | None = field(repr=False)
    rate_limit: int | None
    """Writes a minute and client; None for no limit."""
    rate_limit_store: str = field(repr=False)
    trusted_proxies: tuple[Network, ...] | None
    """None where nobody said."""
    metrics_token: bytes | None = field(repr=False)
    log_level: str

    @property
    def host_name(self) -> str:
        """The host, with its port where it has one, that new logs are named after."""
        return urlsplit(self.public_url).netloc if self.public_url else f"{self.host}:{self.port}"

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite:")

    @property
    def sqlite_path(self) -> Path:
        """The path of the SQLite file."""
        return Path(self.database_url.removeprefix("sqlite:///"))


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `environ`, or raise SettingsError naming the first that cannot be used."""
    data_dir = Path(environ.get("CONSENT_DATA_DIR") or "var")
    database_url = _database_url(environ, data_dir)
    on_sqlite = database_url.startswith("sqlite:")
    settings = Settings(
        catalog=Path(environ.get("CONSENT_CATALOG") or "cookie_catalog.toml"),
        data_dir=data_dir,
        database_url=database_url,
        replica_url=_replica_url(environ),
        public_url=_public_url(environ),
        host=environ.get("CONSENT_HOST") or "127.0.0.1",
        port=_number(environ, "CONSENT_PORT", "8000", _PORTS),
        workers=_number(environ, "CONSENT_WORKERS", "1" if on_sqlite else "2", _WORKERS),
        pin=_switch(environ, "CONSENT_PIN", "on" if on_sqlite else "off"),
        signing_key=_secret(environ, "CONSENT_SIGNING_KEY"),
        secret_key=_secret(environ, "CONSENT_SECRET_KEY"),
        log_key=_secret(environ, "CONSENT_LOG_KEY"),
        seal_interval=_number(environ, "CONSENT_SEAL_INTERVAL", "2", _SEAL_SECONDS),
        tsa_url=_tsa_url(environ),
        rate_limit=_rate_limit(environ),
        rate_limit_store=_rate_limit_store(environ),
        trusted_proxies=_trusted_proxies(environ),
        metrics_token=_metrics_token(environ),
        log_level=_log_level(environ),
    )
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    if settings.on_sqlite:
        if settings.workers > 1:
            raise SettingsError("CONSENT_WORKERS: SQLite has one writer and takes 1. PostgreSQL takes more.")
        if settings.replica_url:
            raise SettingsError("CONSENT_REPLICA_URL: SQLite has no replica. Set CONSENT_DATABASE_URL too.")
        return
    if settings.pin and settings.workers > 1:
        raise SettingsError("CONSENT_PIN: several workers would share one processor. Leave it off.")
    for name, value in (
        ("CONSENT_SIGNING_KEY", settings.signing_key),
        ("CONSENT_SECRET_KEY", settings.secret_key),
        ("CONSENT_LOG_KEY", settings.log_key),
    ):
        if value is None:
            raise SettingsError(
                f"{name} (or {name}_FILE) is required where several processes share a database."
            )


def _database_url(environ: Mapping[str, str], data_dir: Path) -> str:
    url = environ.get("CONSENT_DATABASE_URL") or f"sqlite:///{data_dir / 'consent.db'}"
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise SettingsError("CONSENT_DATABASE_URL: it begins with “sqlite:///” or “postgresql://”.")
    if url.removeprefix("sqlite:///") in {"", ":memory:"}:
        raise SettingsError(
            "CONSENT_DATABASE_URL: name a file, such as “sqlite:////var/lib/consent/consent.db”."
        )
    return url


def _replica_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("CONSENT_REPLICA_URL") or None
    if url and not url.startswith("postgresql://"):
        raise SettingsError("CONSENT_REPLICA_URL: it begins with “postgresql://”.")
    return url


def _public_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("CONSENT_PUBLIC_URL")
    if not url:
        return None
    origin = _origin(url)
    # Browsers write origins in one way; another would never match theirs.
    if origin is None or url.rstrip("/") != origin:
        raise SettingsError(
            f"CONSENT_PUBLIC_URL: {url!r} is no address as browsers write it, like "
            "“https://consent.example.com”: lower case, no path, a port only where it is not the usual one."
        )
    return origin


def _tsa_url(environ: Mapping[str, str]) -> str | None:
    url = environ.get("CONSENT_TSA_URL")
    if url and _origin(url) is None:
        raise SettingsError(
            f"CONSENT_TSA_URL: {url!r} is no address of a time stamp authority, such as "
            "“http://tsa.example.com/tsr”."
        )
    return url or None


def _rate_limit(environ: Mapping[str, str]) -> int | None:
    if environ.get("CONSENT_RATE_LIMIT") == "off":
        return None
    return _number(environ, "CONSENT_RATE_LIMIT", "60", _WRITES)


def _rate_limit_store(environ: Mapping[str, str]) -> str:
    store = environ.get("CONSENT_RATE_LIMIT_STORE") or "memory"
    if store != "memory" and not store.startswith(_SHARED_STORES):
        raise SettingsError(
            f"CONSENT_RATE_LIMIT_STORE: it is “memory”, or begins with {', '.join(_SHARED_STORES)}."
        )
    return store


def _trusted_proxies(environ: Mapping[str, str]) -> tuple[Network, ...] | None:
    text = environ.get("CONSENT_TRUSTED_PROXIES", "").strip()
    if not text:
        return None
    if text == "none":
        return ()
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError as error:
        raise SettingsError(
            f"CONSENT_TRUSTED_PROXIES: {error}. Write addresses and networks like “127.0.0.1, 10.0.0.0/8”, "
            "or “none”."
        ) from None


def _metrics_token(environ: Mapping[str, str]) -> bytes | None:
    token = (_secret(environ, "CONSENT_METRICS_TOKEN") or b"").strip()
    if token and (len(token) < _SHORTEST_TOKEN or not re.fullmatch(rb"[\x21-\x7e]+", token)):
        raise SettingsError(
            f"CONSENT_METRICS_TOKEN: it takes {_SHORTEST_TOKEN} characters or more, ASCII without spaces."
        )
    return token or None


def _switch(environ: Mapping[str, str], name: str, default: str) -> bool:
    said = environ.get(name) or default
    if said not in {"on", "off"}:
        raise SettingsError(f"{name}: it is “on” or “off”.")
    return said == "on"


def _log_level(environ: Mapping[str, str]) -> str:
    level = environ.get("CONSENT_LOG_LEVEL") or "info"
    if level not in _LEVELS:
        raise SettingsError(f"CONSENT_LOG_LEVEL: {level!r} is none of {', '.join(_LEVELS)}.")
    return level


def _origin(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def _number(environ: Mapping[str, str], name: str, default: str, allowed: range) -> int:
    text = environ.get(name) or default
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) not in allowed:
        raise SettingsError(
            f"{name}: {text!r} is not a whole number from {allowed.start} to {allowed.stop - 1}."
        )
    return int(text)


def _secret(environ: Mapping[str, str], name: str) -> bytes | None:
    value, path = environ.get(name), environ.get(f"{name}_FILE")
    if value and path:
        raise SettingsError(f"{name} and {name}_FILE are both set: set one.")
    if value:
        return value.encode()
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingsError(f"{name}_FILE: {path} cannot be read: {error.strerror}.") from error
