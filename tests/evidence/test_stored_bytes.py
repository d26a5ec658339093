"""Whatever byte of the evidence is changed where it is stored, what an auditor is given does not verify."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from authority import found, listening
from click.testing import CliRunner
from packs import TOOLS

from consent_server.app import build_server, now, open_store
from consent_server.authority import Authority
from consent_server.catalog.files import read_catalogs
from consent_server.catalog.notice import notices_of
from consent_server.cli import main
from consent_server.consent.stamper import Stamper
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import LogDamaged
from consent_server.evidence.keys import generate_key
from consent_server.evidence.tiles import Tile, path
from consent_server.settings import Settings, read_settings
from consent_server.storage.tables import TABLES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = TOOLS
ORIGIN = {"Origin": "https://shop.example"}
BLOB = "CAST(x'00ff00ff' || substr({0}, 5) AS BLOB)"
RECEIPT = "id = (SELECT id FROM leaf WHERE state = 'partial' AND jws IS NOT NULL ORDER BY id LIMIT 1)"
ERASED = "jws IS NULL"
TEXT = "'x' || substr({0}, 2)"


def changes(column: str, content: str, where: str = "1") -> str:
    """Return the SQL that changes a column of a table, both given as `table.column`."""
    table, name = column.split(".")
    return f"UPDATE {table} SET {name} = {content.format(name)} WHERE {where}"  # noqa: S608 - fixed words


GAP = "line [0-9]+, leaf .*: Its index is [0-9]+; the next in the log is [0-9]+"
ROOT = "line [0-9]+, leaf .*: The leaves do not have the root that the checkpoint states"
DATES = "line 1: The key .* came or went at another time"
TILE = "tile/0/000.p/1[0-9]: It is missing|The tiles on the edge"
INDEX = r"The index of shop differs from what receipts say: [0-9a-f-]{{36}} \({}\)"
COUNTS = "The statistics of shop miscount "
LOST = r"The log of shop names {}, and it is not in the database any more"
# By column: how it is changed, who finds it, and in which words.
EVIDENCE: dict[str, tuple[str, str, str]] = {
    "leaf.site": (changes("leaf.site", "'elsewhere'", RECEIPT), "export", GAP),
    "leaf.id": (changes("leaf.id", BLOB, RECEIPT), "export", GAP),
    "leaf.type": (
        changes("leaf.type", "'consent-key+jws'", RECEIPT),
        "export",
        "line [0-9]+: The header",
    ),
    "leaf.jws": (changes("leaf.jws", TEXT, RECEIPT), "export", "line [0-9]+: The header is not JSON"),
    "leaf.leaf_hash": (changes("leaf.leaf_hash", BLOB, ERASED), "export", ROOT),
    "position.site": (changes("position.site", "'elsewhere'", "leaf_index = 2"), "export", GAP),
    "position.leaf_index": (changes("position.leaf_index", "1000", "leaf_index = 2"), "export", GAP),
    "position.id": (changes("position.id", "(SELECT id FROM unsealed)", "leaf_index = 2"), "export", ROOT),
    "log.site": (changes("log.site", "'elsewhere'"), "export", "Nothing was ever recorded for a site 'shop'"),
    "log.origin": (
        changes("log.origin", "'other.example/v1/shop'"),
        "export",
        "line 1: No known key",
    ),
    "log.size": (changes("log.size", "size - 1"), "export", "line [0-9]+: The checkpoint covers"),
    "log.root": (changes("log.root", BLOB), "start", "The log of shop is not what it was: its tree"),
    "log.checkpoint": (changes("log.checkpoint", TEXT), "export", "line 1: The signature .* does not match"),
    "tile.site": (changes("tile.site", "'elsewhere'"), "mirror", TILE),
    "tile.level": (changes("tile.level", "7"), "mirror", TILE),
    "tile.tile_index": (changes("tile.tile_index", "7"), "mirror", TILE),
    "tile.hashes": (changes("tile.hashes", BLOB), "mirror", TILE),
    "notice.site": (changes("notice.site", "'elsewhere'"), "pack", LOST.format("notices/.*")),
    "notice.sha256": (changes("notice.sha256", TEXT), "pack", LOST.format("notices/.*")),
    "notice.canonical": (changes("notice.canonical", BLOB), "pack", "notices/.*: It was changed"),
    "build.sha256": (changes("build.sha256", TEXT), "pack", LOST.format("builds/.*")),
    "build.content": (changes("build.content", BLOB), "pack", "builds/.*: It was changed"),
    "stamp.size": (changes("stamp.size", "size - 1"), "pack", "timestamps/.*: It proves nothing of"),
    "stamp.checkpoint": (changes("stamp.checkpoint", TEXT), "pack", "timestamps/.*: The signature by"),
    "stamp.response": (changes("stamp.response", BLOB), "pack", "timestamps/.*: This is no response"),
    "signing_key.jwk": (
        "UPDATE signing_key SET jwk = replace(jwk, substr(jwk, instr(jwk, '\"x\"') + 6, 3), 'AAA')",
        "export",
        "line 1: A key of the JWK Set",
    ),
    "signing_key.came": (
        changes("signing_key.came", "came - 5000"),
        "export",
        DATES,
    ),
    "signing_key.went": (
        changes("signing_key.went", "went - 5000", "went IS NOT NULL"),
        "export",
        DATES,
    ),
    # What receipts are searched and counted by is signed by nobody; pages are filled from receipts.
    "leaf.time": (changes("leaf.time", "{0} - 1", RECEIPT), "doctor", INDEX.format("time")),
    "leaf.subject": (changes("leaf.subject", BLOB, RECEIPT), "doctor", INDEX.format("subject")),
    "leaf.state": (changes("leaf.state", "'given'", RECEIPT), "doctor", INDEX.format("state")),
    "leaf.method": (changes("leaf.method", "'accept_all'", RECEIPT), "doctor", INDEX.format("method")),
    "leaf.language": (changes("leaf.language", TEXT, RECEIPT), "doctor", INDEX.format("language")),
    "leaf.notice": (changes("leaf.notice", TEXT, RECEIPT), "doctor", INDEX.format("notice")),
    "leaf.granted": (changes("leaf.granted", "' marketing '", RECEIPT), "doctor", INDEX.format("granted")),
    "leaf.gpc": (changes("leaf.gpc", "1", RECEIPT), "doctor", INDEX.format("gpc")),
    "tally.site": (changes("tally.site", "'elsewhere'"), "doctor", COUNTS),
    "tally.day": (changes("tally.day", "{0} - 1"), "doctor", COUNTS),
    "tally.respect": (changes("tally.respect", "'x'", "respect = 'method'"), "doctor", COUNTS),
    "tally.value": (changes("tally.value", TEXT, "respect = 'method'"), "doctor", COUNTS),
    "tally.receipts": (changes("tally.receipts", "{0} + 9", "respect = 'method'"), "doctor", COUNTS),
    "erasure.site": ("DELETE FROM erasure", "sealed", "line [0-9]+: The leaf [0-9]+ was erased, and no"),
}
WAITS = "what has no place in the log yet has no proof; the visitor holds the receipt"
RECORD = "the operator's own record, which no receipt depends on"
# Every other column, and why nothing that is given to an auditor depends on it.
OTHERS = {
    "leaf.key": "what recognises a repeated decision",
    "leaf.body": "what recognises a repeated decision",
    "unsealed.site": WAITS,
    "unsealed.id": WAITS,
    "log.sealed_at": RECORD,
    **{f"erasure.{name}": "stated under a signature once sealed" for name in ("id", "reason", "time")},
    **{f"hold.{name}": RECORD for name in ("site", "id", "reason", "person", "until")},
    **{f"notice.{name}": "stated under a signature in the log" for name in ("language", "first_served")},
    "notice.replaced_at": RECORD,
    "build.first_served": "stated under a signature in the log",
    "build.main": RECORD,
    "stamp.site": RECORD,
    "stamp.time": "signed by the authority in the response",
    **{f"auditor.{name}": RECORD for name in ("token_hash", "id", "site", "name", "created")},
    "auditor.expires": RECORD,
    "auditor.revoked": RECORD,
    **{f"access.{name}": RECORD for name in ("site", "id", "auditor", "action", "time")},
    "signing_key.kid": "computed anew from the key",
}


def decide(client: Any, notice: str) -> Any:
    """Record a decision."""
    body = {
        "decision": str(uuid7(now())),
        "notice": notice,
        "method": "save",
        "choices": {"analytics": True, "marketing": False},
    }
    return client.post("/v1/shop/receipts", json=body, headers=ORIGIN).json


def erase(client: Any, receipt: Any) -> None:
    """Erase a receipt as its visitor does."""
    holder = {"Authorization": f"Bearer {receipt['token']}"}
    assert client.delete(f"/v1/shop/receipts/{receipt['id']}", headers=ORIGIN | holder).status_code < 300


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Settings:
    """Give the settings of a shop after a day: its key was replaced, and its log is stamped.

    Of its receipts one is erased, one was erased before it had a place, and one waits.
    """
    folder = tmp_path_factory.mktemp("day")
    catalog = folder / "cookie_catalog.toml"
    catalog.write_text(shop, encoding="utf-8")
    given = {"CONSENT_CATALOG": str(catalog), "CONSENT_DATA_DIR": str(folder / "var")}
    settings = read_settings({**given, "CONSENT_SEAL_INTERVAL": "60"})  # only what is sealed here is
    english, lithuanian = (notice.sha256 for notice in notices_of(read_catalogs(catalog)[0]).values())
    server = build_server(settings)
    client = server.app.test_client(use_cookies=False)
    first, *_ = (decide(client, notice) for notice in (english, lithuanian, english))
    server.seal()
    erase(client, first)
    server.close()
    key = settings.data_dir / "signing-key.pem"
    old, new = key.read_bytes(), generate_key()
    for kept in (old + new, new):
        key.write_bytes(kept)
        server.close()
        server = build_server(settings)
    client = server.app.test_client(use_cookies=False)
    decide(client, english)
    server.seal()
    erase(client, decide(client, english))
    decide(client, lithuanian)
    post, _ = found(folder / "tsa")
    with listening(post) as url:
        Stamper(server.store, server.store, Authority(url), now).stamp("shop", every=0)
    server.close()
    return settings


def copied(day: Settings, folder: Path, sql: str) -> dict[str, str]:
    """Copy the shop and change what is stored; return the settings of the copy."""
    shutil.copytree(day.data_dir, folder / "var")
    (file,) = (folder / "var").glob("*.db")
    with sqlite3.connect(file) as database:
        database.execute(sql)
    database.close()
    return {"CONSENT_CATALOG": str(day.catalog), "CONSENT_DATA_DIR": str(folder / "var")}


def run(environ: dict[str, str], *words: str) -> str:
    """Run a command; return what it says is wrong, nothing where all is well."""
    result = CliRunner().invoke(main, list(words), env=environ)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return "" if result.exit_code == 0 else result.stderr


def exported(environ: dict[str, str], folder: Path) -> str:
    """Export, and verify that."""
    file = str(folder / "export.ndjson")
    return run(environ, "export", "--site", "shop", "-o", file) or run(environ, "verify", file)


def packed(environ: dict[str, str], folder: Path) -> str:
    """Pack, and verify that."""
    file = str(folder / "pack.zip")
    return run(environ, "pack", "--site", "shop", "-o", file) or run(environ, "verify", file)


def mirrored(environ: dict[str, str], folder: Path) -> str:
    """Fetch what is public of the log, and verify that with the key of an export."""
    exported(environ, folder)
    head = json.loads((folder / "export.ndjson").read_text("utf-8").splitlines()[0])
    key = folder / "log-key.txt"
    key.write_text(head["log_key"], encoding="utf-8")
    size = int(head["checkpoint"].splitlines()[1])
    tile = path(Tile(0, 0), size)
    with closing(open_store(read_settings(environ))) as store:
        content = store.tiles("shop", [Tile(0, 0)]).get(Tile(0, 0))
    mirror = folder / "mirror"
    (mirror / tile).parent.mkdir(parents=True)
    (mirror / "checkpoint").write_text(head["checkpoint"], encoding="utf-8")
    if content is not None:
        (mirror / tile).write_bytes(content)
    return run(environ, "verify", str(mirror), "--log-key", str(key))


def started(environ: dict[str, str], _: Path) -> str:
    """Start a server."""
    try:
        build_server(read_settings(environ)).close()
    except LogDamaged as error:
        return error.detail
    return ""


def examined(environ: dict[str, str], _: Path) -> str:
    """Let the doctor look; what waits, and for how long, is not what is looked for here."""
    said = CliRunner().invoke(main, ["doctor", "--offline"], env=environ).stdout.splitlines()
    wrongs = [line.removeprefix("wrong").strip() for line in said if line.startswith("wrong")]
    return next((line for line in wrongs if "wait to be sealed" not in line), "")


def sealed(environ: dict[str, str], folder: Path) -> str:
    """Seal what waits, then export, and verify that."""
    server = build_server(read_settings(environ))
    server.seal()
    server.close()
    return exported(environ, folder)


DOORS = {
    "export": exported,
    "pack": packed,
    "mirror": mirrored,
    "start": started,
    "sealed": sealed,
    "doctor": examined,
}


@pytest.mark.parametrize("door", list(DOORS))
def test_what_nobody_changed_verifies(day: Settings, tmp_path: Path, door: str) -> None:
    """By every way by which changes are found."""
    assert DOORS[door](copied(day, tmp_path, "SELECT 1"), tmp_path) == ""


@pytest.mark.parametrize("column", list(EVIDENCE))
def test_what_was_changed_is_named(day: Settings, tmp_path: Path, column: str) -> None:
    """In one line, whichever column of the database it was."""
    sql, door, words = EVIDENCE[column]
    assert re.match(f"({words})", DOORS[door](copied(day, tmp_path, sql), tmp_path))


def test_every_column_is_evidence_or_known_not_to_be() -> None:
    """A new column is thought about: who finds it where it was changed, or why nobody must."""
    columns = {f"{table._meta.table_name}.{field}" for table in TABLES for field in table._meta.fields}  # noqa: SLF001
    assert columns == EVIDENCE.keys() | OTHERS.keys()
    assert not EVIDENCE.keys() & OTHERS.keys()
