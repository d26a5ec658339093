"""A running server and a catalog that cannot be read: it says why, and goes on with the last good one."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

TEXT = b'[site]\nid = "shop"\n'
NESTED = "tables or lists are nested too deep: write them as in the shipped catalog"
BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "10 MB": (
        lambda path: path.write_bytes(b"#" * 10_000_000),
        "the file is larger than 1 MB: split it into one file for each site",
    ),
    "nested": (lambda path: path.write_bytes(TEXT + b"a = " + b"[" * 100_000), NESTED),
    "no UTF-8": (
        lambda path: path.write_bytes(TEXT + b'name = "\xff"'),
        "the file is not UTF-8 from here on: save it as UTF-8",
    ),
    "byte order mark": (
        lambda path: path.write_bytes(b"\xef\xbb\xbf" + TEXT),
        "the file begins with a byte order mark: save it as plain UTF-8, without BOM",
    ),
    "link to itself": (
        lambda path: path.symlink_to(path),
        "this is a symbolic link that leads back to itself: replace it with the file",
    ),
    "directory": (
        lambda path: path.mkdir(),
        "the directory holds no *.toml file: add one for each site",
    ),
    "pipe": (
        os.mkfifo,
        "this is neither a file nor a directory of *.toml files: name one of these",
    ),
    "half": (
        lambda path: path.write_bytes(b'[site]\nid = "sh'),
        "this is no valid TOML: Unterminated string. Check quotes, brackets and equals signs",
    ),
}


def wait_for(condition: Callable[[], bool], about: str) -> None:
    """Wait until something holds; the promise is two seconds, a busy machine gets more."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, about
        time.sleep(0.05)


def test_the_last_good_catalog_stays(client: FlaskClient, catalog_path: Path) -> None:
    """Whatever takes the catalog's place is told in one message, and visitors see what they saw before."""
    good = catalog_path.read_bytes()
    shown = client.get("/v1/shop/notice.json").json
    for name, (replace, message) in BAD.items():
        _remove(catalog_path)
        replace(catalog_path)
        wait_for(lambda message=message: _told(client) == [message], name)  # type: ignore[misc]
        assert client.get("/v1/shop/notice.json").json == shown
    _remove(catalog_path)
    catalog_path.write_bytes(good.replace(b"\n", b"\r\n"))
    wait_for(lambda: client.get("/readyz").json["flaws"] == [], "mended")
    assert client.get("/v1/shop/notice.json").json == shown


def test_a_warning_is_told_and_the_catalog_served(client: FlaskClient, catalog_path: Path) -> None:
    """Readiness lists what the law would question, with its line and without the path of the file."""
    text = catalog_path.read_text(encoding="utf-8")
    catalog_path.write_text(text.replace('"5 years"', '"11 years"'), encoding="utf-8")
    wait_for(lambda: bool(_told(client)), "warned")
    state = client.get("/readyz").json
    assert state["catalog"] == "ok"
    assert [(flaw["file"], flaw["line"], flaw["rule"], flaw["severity"]) for flaw in state["flaws"]] == [
        ("cookie_catalog.toml", 10, "R10-receipts-long", "warning")
    ]


def _told(client: FlaskClient) -> list[Any]:
    return [flaw["message"] for flaw in client.get("/readyz").json["flaws"]]


def _remove(path: Path) -> None:
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
