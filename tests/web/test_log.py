"""The log over HTTP: whoever has a receipt can check that it is there, and that nothing was changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from copies import copy_database

from consent_server.app import build_server, now
from consent_server.consent.export import Exporter
from consent_server.consent.keyring import Keyring
from consent_server.errors import LogDamaged, SettingsError
from consent_server.evidence import tiles
from consent_server.evidence.checkpoint import open_checkpoint
from consent_server.evidence.export import ExportCheck, Trust
from consent_server.evidence.keys import generate_key
from consent_server.evidence.merkle import HASH_BYTES
from consent_server.evidence.note import parse_verifier
from consent_server.evidence.proof import parse_json, verify_proof
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.verify import parse_jws
from consent_server.keys import log_key, signing_pems

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from consent_server.app import Server
    from consent_server.evidence.note import Verifier
    from consent_server.settings import Settings

    Decide = Callable[..., dict[str, Any]]
    Post = Callable[..., Any]

ORIGIN = {"Origin": "https://shop.example"}


def lines_of(server: Server, settings: Settings) -> list[str]:
    """Export the site as an operator does."""
    keyring = Keyring(server.store, ReceiptSigner(signing_pems(settings)), now)
    return list(Exporter(server.store, server.store, keyring, log_key(settings)).lines("shop"))


def verifier(server: Server, settings: Settings) -> Verifier:
    """Return the log's verifier key, which an auditor has from the export."""
    return parse_verifier(json.loads(lines_of(server, settings)[0])["log_key"])


def check_log(server: Server, settings: Settings) -> list[tuple[str, Any]]:
    """Verify the whole log and return its leaves."""
    check = ExportCheck()
    return list(check.read(lines_of(server, settings)))


def test_a_receipt_is_proved_to_be_in_the_log(
    client: FlaskClient, server: Server, settings: Settings, decide: Decide, post: Post
) -> None:
    """The proof leads from the receipt to the signed checkpoint, for each receipt and each size."""
    receipts = []
    for _ in range(5):
        receipts += [post(decide()).json, post(decide()).json]
        server.seal()
        check_log(server, settings)
        key = verifier(server, settings)
        for receipt in receipts:
            proof = parse_json(client.get(f"/v1/shop/receipts/{receipt['id']}/proof").json)
            verify_proof(receipt["receipt"], proof, [key], key.name)


def test_a_receipt_that_waits_has_no_proof_yet(client: FlaskClient, decide: Decide, post: Post) -> None:
    """404 not_sealed, and when to ask again."""
    answer = client.get(f"/v1/shop/receipts/{post(decide()).json['id']}/proof")
    assert (answer.status_code, answer.json["code"]) == (404, "not_sealed")
    assert answer.headers["Retry-After"]


def test_the_checkpoint_is_signed_and_covers_all(
    client: FlaskClient, server: Server, settings: Settings, decide: Decide, post: Post
) -> None:
    """C2SP: a signed note with origin, size and root."""
    post(decide())
    server.seal()
    answer = client.get("/v1/shop/log/checkpoint")
    key = verifier(server, settings)
    checkpoint = open_checkpoint(answer.text, [key], key.name)
    assert checkpoint.size == len(check_log(server, settings))
    assert checkpoint.origin.endswith("/v1/shop")
    assert answer.mimetype == "text/plain"


def test_the_tiles_give_the_root_of_the_checkpoint(
    client: FlaskClient, server: Server, settings: Settings, decide: Decide, post: Post
) -> None:
    """A mirror rebuilds the tree from public files alone."""
    for _ in range(3):
        post(decide())
    server.seal()
    key = verifier(server, settings)
    checkpoint = open_checkpoint(client.get("/v1/shop/log/checkpoint").text, [key], key.name)

    def read(wanted: Any) -> dict[tiles.Tile, bytes]:
        paths = {tile: tiles.path(tile, tiles.width_of(tile, checkpoint.size)) for tile in wanted}
        return {tile: client.get(f"/v1/shop/log/{path}").data for tile, path in paths.items()}

    assert tiles.root(read, checkpoint.size) == checkpoint.root
    one = client.get("/v1/shop/log/tile/0/000.p/1")
    assert len(one.data) == HASH_BYTES
    assert "immutable" in one.headers["Cache-Control"]
    assert one.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/999.p/1", "tile/x", "tile/0/000.p/0", "entries/0"])
def test_a_tile_that_is_not_there_is_404(client: FlaskClient, server: Server, path: str) -> None:
    """Beyond the log's size, or no tile at all."""
    server.seal()
    answer = client.get(f"/v1/shop/log/{path}")
    assert (answer.status_code, answer.json["code"]) == (404, "tile_unknown")


def test_what_was_shown_and_which_key_signed_stand_in_the_log(
    server: Server, settings: Settings, client: FlaskClient
) -> None:
    """Both notices, three files of the widget, and the key, each once, however often the server starts."""
    server.seal()
    again = build_server(settings)
    again.seal()
    again.close()
    leaves = check_log(server, settings)
    assert sorted(typ for typ, _ in leaves) == [
        "consent-build+jws",
        "consent-build+jws",
        "consent-build+jws",
        "consent-key+jws",
        "consent-notice+jws",
        "consent-notice+jws",
    ]
    shown = client.get("/v1/shop/notice.json").json
    assert shown["sha256"] in {payload["notice"]["sha256"] for typ, payload in leaves if "notice" in typ}
    assert shown["widget"] in {payload["widget"]["sha256"] for typ, payload in leaves if "build" in typ}


@pytest.mark.parametrize("sealed_before", [True, False])
def test_an_erasure_keeps_every_proof_and_leaves_a_signed_trace(
    client: FlaskClient,
    server: Server,
    settings: Settings,
    decide: Decide,
    post: Post,
    *,
    sealed_before: bool,
) -> None:
    """Sealed or waiting: the others' proofs hold, and the log says what is gone and why."""
    mine, other = post(decide()).json, post(decide()).json
    if sealed_before:
        server.seal()
    headers = {**ORIGIN, "Authorization": f"Bearer {mine['token']}"}
    assert client.delete(f"/v1/shop/receipts/{mine['id']}", headers=headers).status_code == 200
    check_log(server, settings)
    server.seal()
    server.seal()
    leaves = check_log(server, settings)
    (erasure,) = [payload for typ, payload in leaves if typ == "consent-erasure+jws"]
    index = parse_json(client.get(f"/v1/shop/receipts/{mine['id']}/proof").json).index
    assert (erasure["reason"], erasure["ranges"]) == ("subject", [[index, index]])
    key = verifier(server, settings)
    proof = parse_json(client.get(f"/v1/shop/receipts/{other['id']}/proof").json)
    verify_proof(other["receipt"], proof, [key], key.name)


def test_an_auditor_sees_that_the_log_only_grew(
    client: FlaskClient, server: Server, settings: Settings, decide: Decide, post: Post
) -> None:
    """Between two visits: the checkpoint of the first is the beginning of the log at the second."""
    post(decide())
    server.seal()
    first = client.get("/v1/shop/log/checkpoint").text
    post(decide())
    server.seal()
    check = ExportCheck(Trust(since=first))
    assert len(list(check.read(lines_of(server, settings)))) == 8


DAMAGE = {
    "a row of a tile changed": "UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0",
    "a tile removed": "DELETE FROM tile",
    "the size set back": "UPDATE log SET size = size - 1",
    "the root changed": "UPDATE log SET root = zeroblob(32)",
    "the log removed": "DELETE FROM log",
    "the log emptied": (
        "UPDATE log SET size = 0, checkpoint = '', root = zeroblob(32);DELETE FROM tile; DELETE FROM position"
    ),
}


@pytest.mark.parametrize("name", list(DAMAGE))
def test_a_log_that_was_cut_or_edited_is_refused_at_start(
    settings: Settings, decide: Decide, name: str
) -> None:
    """The operator reads what is wrong and what can be done."""
    server = build_server(settings)
    client = server.app.test_client(use_cookies=False)
    client.post("/v1/shop/receipts", json=decide(), headers=ORIGIN)
    server.seal()
    with server.store._connected():  # noqa: SLF001 - somebody with access to the file
        for statement in DAMAGE[name].split(";"):
            server.store._database.execute_sql(statement)  # noqa: SLF001
    server.close()
    with pytest.raises(LogDamaged, match="The log of shop is not what it was"):
        build_server(settings).close()


def test_an_older_copy_of_the_database_is_refused_at_start(settings: Settings, decide: Decide) -> None:
    """A sound one, too: what is missing is known from the checkpoint outside, and every start says so."""
    server = build_server(settings)
    client = server.app.test_client(use_cookies=False)
    older = settings.data_dir / "older.db"
    for _ in range(2):
        client.post("/v1/shop/receipts", json=decide(), headers=ORIGIN)
        server.seal()
        if not older.exists():
            copy_database(settings.sqlite_path, older)
    server.close()
    copy_database(older, settings.sqlite_path)
    for _ in range(2):
        with pytest.raises(LogDamaged, match=r"it had 8 leaves and now has 7\. An older copy"):
            build_server(settings).close()


@pytest.mark.usefixtures("server")
def test_a_key_that_never_signed_here_is_refused_at_start(
    settings: Settings, decide: Decide, post: Post
) -> None:
    """A lost or swapped key is noticed before it signs anything."""
    post(decide())
    key = settings.data_dir / "signing-key.pem"
    old = key.read_bytes()
    key.write_bytes(generate_key())
    with pytest.raises(SettingsError, match="None of the signing keys ever signed here"):
        build_server(settings)
    key.write_bytes(old + generate_key())
    rotated = build_server(settings)
    try:
        jwks = rotated.app.test_client().get("/.well-known/jwks.json").get_json()
        assert len(jwks["keys"]) == 2
        assert all("nbf" in jwk for jwk in jwks["keys"])
        answer = rotated.app.test_client().post("/v1/shop/receipts", json=decide(), headers=ORIGIN)
        assert parse_jws(answer.get_json()["receipt"]).header["kid"] == jwks["keys"][0]["kid"]
        rotated.seal()
        check_log(rotated, settings)
    finally:
        rotated.close()


@pytest.mark.usefixtures("server")
def test_a_key_that_is_taken_away_stays_published_with_its_date(
    settings: Settings, decide: Decide, post: Post
) -> None:
    """Its receipts verify for good, and the log states that it went."""
    receipt = post(decide()).json["receipt"]
    key = settings.data_dir / "signing-key.pem"
    old, new = key.read_bytes(), generate_key()
    key.write_bytes(old + new)
    build_server(settings).close()
    key.write_bytes(new)
    later = build_server(settings)
    try:
        jwks = later.app.test_client().get("/.well-known/jwks.json").get_json()
        dated = {jwk["kid"]: "exp" in jwk for jwk in jwks["keys"]}
        assert sorted(dated.values()) == [False, True]
        assert dated[parse_jws(receipt).header["kid"]]
        later.seal()
        events = [payload["event"] for typ, payload in check_log(later, settings) if typ == "consent-key+jws"]
        assert sorted(events) == ["came", "came", "went"]
    finally:
        later.close()
