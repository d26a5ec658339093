"""Keys are generated once, kept tight, and the same for every process."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from consent_server.errors import SettingsError
from consent_server.evidence.keys import generate_key
from consent_server.keys import signing_pems, token_secrets
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_keys_are_generated_at_first_start_and_kept(tmp_path: Path) -> None:
    """The second start signs with the key of the first."""
    settings = read_settings({"CONSENT_DATA_DIR": str(tmp_path / "var")})
    assert signing_pems(settings) == signing_pems(settings)
    assert token_secrets(settings) == token_secrets(settings)


def test_generated_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """Mode 0600, and nothing else is left in the directory."""
    settings = read_settings({"CONSENT_DATA_DIR": str(tmp_path / "var")})
    signing_pems(settings)
    token_secrets(settings)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "var").iterdir()}
    assert modes == {"signing-key.pem": 0o600, "secret-key": 0o600}


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    """One writes, all read the same."""
    settings = read_settings({"CONSENT_DATA_DIR": str(tmp_path / "var")})
    with ThreadPoolExecutor(8) as pool:
        keys = {pems[0] for pems in pool.map(lambda _: signing_pems(settings), range(16))}
    assert len(keys) == 1


def test_given_keys_are_used_in_their_order(tmp_path: Path) -> None:
    """Oldest first, as for a rotation; nothing is generated beside them."""
    pems = [generate_key(), generate_key()]
    settings = read_settings(
        {
            "CONSENT_DATA_DIR": str(tmp_path / "var"),
            "CONSENT_SIGNING_KEY": b"\n".join(pems).decode(),
            "CONSENT_SECRET_KEY": "a" * 32 + "\n" + "b" * 32,
        }
    )
    assert signing_pems(settings) == pems
    assert token_secrets(settings) == [b"a" * 32, b"b" * 32]
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("secret", ["short", "a" * 32 + "\nshort", "\n \n"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    """The operator reads how to make a better one."""
    with pytest.raises(SettingsError, match="openssl rand"):
        token_secrets(read_settings({"CONSENT_SECRET_KEY": secret}))


def test_a_data_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "var").write_text("in the way")
    with pytest.raises(SettingsError, match="cannot be read or written"):
        signing_pems(read_settings({"CONSENT_DATA_DIR": str(tmp_path / "var")}))
