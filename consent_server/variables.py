"""The CONSENT_* variables as they are documented: name, default, meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable: what it means and what stands where it is not set."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS = (
    Setting(
        "CONSENT_CATALOG", "cookie_catalog.toml", "The catalog: a file, or a directory with one file a site."
    ),
    Setting(
        "CONSENT_DATABASE_URL",
        "SQLite in the data directory",
        "`sqlite:///path/to/file.db` or `postgresql://user:password@host/database`; of several hosts, with "
        "commas between them, the one that takes writes is used.",
    ),
    Setting(
        "CONSENT_REPLICA_URL",
        "none",
        "A read replica, `postgresql://user:password@host/database`, that answers auditors while it knows "
        "all that the primary has sealed.",
    ),
    Setting("CONSENT_DATA_DIR", "./var", "Where the SQLite database and generated keys are kept."),
    Setting(
        "CONSENT_PUBLIC_URL",
        "taken from each request",
        "The address under which browsers reach this server, such as `https://consent.example.com`. "
        "Set it behind a proxy.",
    ),
    Setting("CONSENT_HOST", "127.0.0.1", "The address that `serve` listens on."),
    Setting("CONSENT_PORT", "8000", "The port that `serve` listens on."),
    Setting(
        "CONSENT_WORKERS",
        "1 with SQLite, 2 with PostgreSQL",
        "Processes that answer. SQLite has one writer and takes one.",
    ),
    Setting(
        "CONSENT_PIN",
        "on with SQLite, off with PostgreSQL",
        "Whether the threads that run Python stay on one processor (Linux). They share one lock; in a "
        "virtual machine passing it to another processor costs as much as the work. `off` where that one "
        "is busy.",
    ),
    Setting(
        "CONSENT_SIGNING_KEY",
        "generated on SQLite, required on PostgreSQL",
        "PEM private keys on P-256, oldest first; the newest signs. Or `CONSENT_SIGNING_KEY_FILE`, a path.",
        secret=True,
    ),
    Setting(
        "CONSENT_SECRET_KEY",
        "generated on SQLite, required on PostgreSQL",
        "Secrets for tokens, one a line, oldest first (which stays for good), each of 32 characters or more. "
        "Or `CONSENT_SECRET_KEY_FILE`, a path.",
        secret=True,
    ),
    Setting(
        "CONSENT_LOG_KEY",
        "generated on SQLite, required on PostgreSQL",
        "PEM private key (Ed25519) that signs the log's checkpoints. Or `CONSENT_LOG_KEY_FILE`, a path.",
        secret=True,
    ),
    Setting(
        "CONSENT_SEAL_INTERVAL",
        "2",
        "Seconds until a new receipt has its place in the log, from 1 to 60.",
    ),
    Setting(
        "CONSENT_TSA_URL",
        "none",
        "A time stamp authority (RFC 3161), such as `http://tsa.example.com/tsr`, that stamps each log's "
        "checkpoint once an hour while it grows.",
    ),
    Setting(
        "CONSENT_RATE_LIMIT",
        "60",
        "Writes that one client, an IPv4 address or an IPv6 /64, may send a minute; `off` for none. "
        "Wrong tokens are limited with it, to 10 a minute.",
    ),
    Setting(
        "CONSENT_RATE_LIMIT_STORE",
        "memory",
        "Where writes are counted: `memory`, each process for itself, or what nodes share, such as "
        "`redis://host:6379/0`.",
        secret=True,
    ),
    Setting(
        "CONSENT_TRUSTED_PROXIES",
        "unknown",
        "Addresses and networks of the proxies in front, such as `127.0.0.1, 10.0.0.0/8`, whose "
        "`X-Forwarded-For` is believed; `none` where there are none. While it is unknown, writes that come "
        "through a proxy are not limited by client.",
    ),
    Setting(
        "CONSENT_METRICS_TOKEN",
        "none",
        "Bearer token that opens `/metrics` and the details of `/readyz` from other machines, of 16 "
        "characters or more. Or `CONSENT_METRICS_TOKEN_FILE`, a path.",
        secret=True,
    ),
    Setting("CONSENT_LOG_LEVEL", "info", "What is logged: `debug`, `info`, `warning` or `error`, and above."),
)
"""Every setting, in the order of the documentation."""
