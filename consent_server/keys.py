"""The keys of this deployment: given by setting, or generated once into the data directory."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from consent_server.errors import SettingsError
from consent_server.evidence.keys import generate_key, split_pem
from consent_server.evidence.note import generate_key as generate_log_key
from consent_server.evidence.note import load_private_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consent_server.settings import Settings

LogKey: TypeAlias = "Ed25519PrivateKey"
"""What signs checkpoints."""
_SECRET_LENGTH = 32


def signing_pems(settings: Settings) -> list[bytes]:
    """Return the PEM keys that sign receipts, oldest first. Raises SettingsError."""
    given = settings.signing_key
    return split_pem(given or _kept(settings.data_dir / "signing-key.pem", generate_key))


def add_signing_key(settings: Settings) -> None:
    """Append a new key to the generated ones; the file is replaced at once. Raises SettingsError."""
    path = settings.data_dir / "signing-key.pem"
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(path.read_bytes() + generate_key())
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read or written: {error.strerror}.") from error


def log_key(settings: Settings) -> LogKey:
    """Return the key that signs checkpoints. Raises SettingsError."""
    given = settings.log_key
    return load_private_key(given or _kept(settings.data_dir / "log-key.pem", generate_log_key))


def token_secrets(settings: Settings) -> list[bytes]:
    """Return the secrets that tokens are made with, oldest first. Raises SettingsError."""
    given = settings.secret_key or _kept(settings.data_dir / "secret-key", _generate_secret)
    lines = [line.strip() for line in given.splitlines() if line.strip()]
    if not lines or any(len(line) < _SECRET_LENGTH for line in lines):
        raise SettingsError(
            f"CONSENT_SECRET_KEY: each line needs at least {_SECRET_LENGTH} characters. "
            "`openssl rand -base64 32` makes one."
        )
    return lines


def _generate_secret() -> bytes:
    return secrets.token_urlsafe(_SECRET_LENGTH).encode() + b"\n"


def _kept(path: Path, generate: Callable[[], bytes]) -> bytes:
    """Return what `path` holds; where there is nothing, generate it, readable by its owner alone.

    Of two processes that start at once one writes and both read the same.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _place(path, generate())
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read or written: {error.strerror}.") from error


def _place(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:  # its mode is 0600
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        try:
            Path(path).hardlink_to(file.name)
        except FileExistsError:
            return
