"""Settings refuse bad values at start, in plain words."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from consent_server.errors import SettingsError
from consent_server.settings import read_settings
from consent_server.variables import SETTINGS

README = Path(__file__).parent.parent / "README.md"


def test_the_defaults_need_nothing() -> None:
    """An empty environment gives SQLite in ./var on port 8000."""
    settings = read_settings({})
    assert (settings.catalog, settings.data_dir) == (Path("cookie_catalog.toml"), Path("var"))
    assert (settings.sqlite_path, settings.on_sqlite) == (Path("var/consent.db"), True)
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 8000, 1)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"CONSENT_PORT": "0"}, "CONSENT_PORT: '0' is not a whole number from 1 to 65535"),
        ({"CONSENT_PORT": "eighty"}, "CONSENT_PORT: 'eighty'"),
        ({"CONSENT_PORT": "\uff18\uff10"}, "CONSENT_PORT"),
        ({"CONSENT_WORKERS": "2"}, "SQLite has one writer"),
        (
            {"CONSENT_DATABASE_URL": "postgresql://db/consent", "CONSENT_WORKERS": "2", "CONSENT_PIN": "on"},
            "several workers",
        ),
        ({"CONSENT_PIN": "maybe"}, "“on” or “off”"),
        ({"CONSENT_DATABASE_URL": "mysql://x"}, "CONSENT_DATABASE_URL: it begins with"),
        ({"CONSENT_REPLICA_URL": "mysql://x"}, "CONSENT_REPLICA_URL: it begins with"),
        ({"CONSENT_REPLICA_URL": "postgresql://db/consent"}, "SQLite has no replica"),
        (
            {"CONSENT_DATABASE_URL": "postgresql://db/consent"},
            "CONSENT_SIGNING_KEY (or CONSENT_SIGNING_KEY_FILE)",
        ),
        (
            {"CONSENT_DATABASE_URL": "postgresql://db/consent", "CONSENT_SIGNING_KEY": "x"},
            "CONSENT_SECRET_KEY (or CONSENT_SECRET_KEY_FILE)",
        ),
        ({"CONSENT_PUBLIC_URL": "consent.example"}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PUBLIC_URL": "https://consent.example/path"}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PUBLIC_URL": "https://Consent.example"}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PUBLIC_URL": "https://consent.example:443"}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PUBLIC_URL": "https://me:secret@consent.example"}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PUBLIC_URL": "https://consent.example:99999"}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PUBLIC_URL": "http://["}, "CONSENT_PUBLIC_URL"),
        ({"CONSENT_PORT": "1" * 5000}, "CONSENT_PORT"),
        ({"CONSENT_DATABASE_URL": "sqlite:///"}, "name a file"),
        ({"CONSENT_DATABASE_URL": "sqlite:///:memory:"}, "name a file"),
        (
            {"CONSENT_SECRET_KEY_FILE": "/nowhere/at/all"},
            "CONSENT_SECRET_KEY_FILE: /nowhere/at/all cannot be read",
        ),
        ({"CONSENT_SECRET_KEY": "a", "CONSENT_SECRET_KEY_FILE": "b"}, "both set"),
        ({"CONSENT_RATE_LIMIT": "0"}, "CONSENT_RATE_LIMIT: '0'"),
        ({"CONSENT_RATE_LIMIT": "60/minute"}, "CONSENT_RATE_LIMIT"),
        ({"CONSENT_RATE_LIMIT_STORE": "mongodb://db"}, "CONSENT_RATE_LIMIT_STORE: it is “memory”, or begins"),
        ({"CONSENT_TRUSTED_PROXIES": "proxy.example"}, "CONSENT_TRUSTED_PROXIES: 'proxy.example'"),
        ({"CONSENT_TRUSTED_PROXIES": "10.0.0.1/8"}, "CONSENT_TRUSTED_PROXIES: 10.0.0.1/8 has host bits set"),
        ({"CONSENT_TRUSTED_PROXIES": "10.0.0.1,"}, "CONSENT_TRUSTED_PROXIES"),
        ({"CONSENT_METRICS_TOKEN": "short"}, "CONSENT_METRICS_TOKEN: it takes 16 characters"),
        ({"CONSENT_METRICS_TOKEN": "sixteen or more, with spaces"}, "CONSENT_METRICS_TOKEN"),
        ({"CONSENT_LOG_LEVEL": "loud"}, "CONSENT_LOG_LEVEL: 'loud' is none of"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(environ: dict[str, str], words: str) -> None:
    """The message names the variable and says what is wrong."""
    with pytest.raises(SettingsError, match=re.escape(words)):
        read_settings(environ)


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    """Container secrets are files."""
    path = tmp_path / "secret"
    path.write_bytes(b"s" * 40)
    assert read_settings({"CONSENT_SECRET_KEY_FILE": str(path)}).secret_key == b"s" * 40


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    """A log line with the settings tells nothing."""
    text = repr(read_settings({"CONSENT_SECRET_KEY": "hush" * 10, "CONSENT_SIGNING_KEY": "hush" * 10}))
    assert "hush" not in text


def test_settings_cannot_be_changed_once_read() -> None:
    """Whoever holds them can rely on them."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_settings({}).port = 1  # type: ignore[misc]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_stands_in_the_readme_with_its_default(setting: object) -> None:
    """The table in README is the documentation."""
    name, default, meaning = (getattr(setting, part) for part in ("name", "default", "meaning"))
    row = next(
        line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` |")
    )
    assert default in row
    assert meaning in row


def test_every_variable_that_is_read_is_a_documented_setting() -> None:
    """No setting hides in the code."""
    source = Path(read_settings.__code__.co_filename).read_text(encoding="utf-8")
    read = set(re.findall(r'"(CONSENT_[A-Z_]+)"', source))
    assert read == {setting.name for setting in SETTINGS}
