"""Write the golden exports in tests/vectors/exports: one good, the others each named after its fault.

    python tests/vectors/make.py

Run again it writes the same bytes: times, nonces and keys are fixed, and ECDSA signs deterministically
(RFC 6979). The keys are made from words that stand here: TEST KEYS, which protect nothing.
Nothing here comes from the program: what is right was written down a second time, from the formats alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EXPORTS = Path(__file__).parent / "exports"
ORIGIN = "consent.example/v1/shop"
START = 1_790_000_000_000
DAY = 24 * 60 * 60 * 1000
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RECEIPT, NOTICE, ERASURE = "consent-receipt+jws", "consent-notice+jws", "consent-erasure+jws"
KEYS = "consent-key+jws"


def digest(words: str) -> bytes:
    """Return bytes that look random and are always the same."""
    return hashlib.sha256(words.encode()).digest()


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: object) -> str:
    """Write JSON as the program does."""
    return json.dumps(value, separators=(",", ":"))


class TestKey:
    """A P-256 key made from words, its kid the RFC 7638 thumbprint."""

    def __init__(self, words: str) -> None:
        self._key = ec.derive_private_key(int.from_bytes(digest(words)), ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
        members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
        kid = base64url(hashlib.sha256(compact(members).encode()).digest())
        self.jwk = {**members, "kid": kid, "alg": "ES256", "use": "sig"}

    def sign(self, payload: dict[str, Any], typ: str, *, high: bool = False) -> str:
        """Return a JWS; `high` takes the other of the two values of s that hold (RFC 6979)."""
        header = {"alg": "ES256", "typ": typ, "kid": self.jwk["kid"]}
        signed = f"{base64url(compact(header).encode())}.{base64url(compact(payload).encode())}"
        way = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._key.sign(signed.encode(), way))
        s = max(s, ORDER - s) if high else min(s, ORDER - s)
        return f"{signed}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


class TestLogKey:
    """An Ed25519 key made from words, which signs as the log (c2sp.org/signed-note)."""

    def __init__(self, words: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(digest(words))
        public = b"\x01" + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._id = hashlib.sha256(ORIGIN.encode() + b"\n" + public).digest()[:4]
        self.verifier = f"{ORIGIN}+{self._id.hex()}+{base64.b64encode(public).decode()}"

    def checkpoint(self, lines: list[dict[str, Any]]) -> str:
        """Sign the size and root of a log of these leaves."""
        return self.note(len(lines), tree([leaf_hash(line) for line in lines]))

    def note(self, size: int, root: bytes, origin: str = ORIGIN) -> str:
        """Sign what a checkpoint says."""
        text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        signature = base64.b64encode(self._id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {ORIGIN} {signature}\n"


KEY, OTHER_KEY = TestKey("test key of receipts"), TestKey("test key of somebody else")
LOG_KEY, OTHER_LOG_KEY = TestLogKey("test key of the log"), TestLogKey("test key of another log")


def leaf_hash(line: dict[str, Any]) -> bytes:
    """Return the hash of a line's leaf (RFC 6962, 2.1)."""
    if "erased" in line:
        return base64.b64decode(line["leaf_hash"])
    return hashlib.sha256(b"\x00" + line["jws"].encode()).digest()


def tree(leaves: list[bytes]) -> bytes:
    """Return the root over leaf hashes, as RFC 6962 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + tree(leaves[:middle]) + tree(leaves[middle:])).digest()


def text(milliseconds: int) -> str:
    """Write a time as receipts do."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def uuid7(words: str, time: int) -> str:
    """Make a UUIDv7 (RFC 9562, 5.7) of a time, its random bits from words."""
    random = digest(words).hex()
    return f"{time >> 16:08x}-{time & 0xFFFF:04x}-7{random[:3]}-8{random[3:6]}-{random[6:18]}"


def receipt(number: int, time: int | None = None, **more: Any) -> dict[str, Any]:
    """Make the payload of the receipt of a number, made that many seconds after the start."""
    moment = START + 1000 * number if time is None else time
    return {
        "schema": "consent-receipt/1",
        "id": uuid7(f"receipt {number}", moment),
        "site": "shop",
        "subject": base64url(digest(f"subject {number}")[:16]),
        "time": text(moment),
        "decided_at": text(moment - 300),
        "state": "partial",
        "method": "save",
        "choices": {"analytics": number % 2 == 0, "marketing": number % 2 == 1},
        "services": {},
        "notice": {"sha256": digest("notice").hex(), "revision": digest("revision").hex(), "lang": "en"},
        "widget": {"sha256": digest("widget").hex()},
        "signals": {"gpc": False},
        "valid_until": text(moment - 300 + 182 * DAY),
        "previous": None,
        "controller": {"name": "Shop UAB"},
        "jurisdiction": "EU",
        "nonce": base64url(digest(f"nonce {number}")[:16]),
        **more,
    }


def statement(number: int, **more: Any) -> dict[str, Any]:
    """Make the payload of a statement."""
    made = receipt(number)
    return {"schema": "consent-statement/1", "id": made["id"], "site": "shop", "time": made["time"], **more}


def leaf(payload: dict[str, Any], typ: str = RECEIPT, key: TestKey = KEY) -> dict[str, Any]:
    """Make a leaf's line."""
    return {"type": typ, "jws": key.sign(payload, typ)}


def erased(line: dict[str, Any]) -> dict[str, Any]:
    """Make the line that an erasure leaves."""
    return {"erased": True, "leaf_hash": base64.b64encode(leaf_hash(line)).decode()}


def export(sealed: list[dict[str, Any]], waiting: list[dict[str, Any]], **head: Any) -> list[dict[str, Any]]:
    """Make an export; members of `head` replace those of its first line."""
    first = {
        "site": "shop",
        "keys": {"keys": [KEY.jwk]},
        "log_key": LOG_KEY.verifier,
        "checkpoint": LOG_KEY.checkpoint(sealed),
    }
    return [{**first, **head}, *({"index": n, **line} for n, line in enumerate(sealed)), *waiting]


SHOWN = leaf(statement(0, notice=receipt(0)["notice"]), NOTICE)
RECEIPTS = [leaf(receipt(number)) for number in range(1, 9)]
STATED = leaf(statement(9, reason="subject", ranges=[[3, 4]]), ERASURE)
SEALED = [SHOWN, *RECEIPTS[:2], *map(erased, RECEIPTS[2:4]), *RECEIPTS[4:7], STATED]
WAITING = [leaf(receipt(10))]
CAME_AT = START // 1000
CAME = leaf(statement(10, event="came", key={**KEY.jwk, "nbf": CAME_AT}), KEYS)
WENT = leaf(statement(11, event="went", key={**KEY.jwk, "nbf": CAME_AT, "exp": CAME_AT + 9}), KEYS)
GOOD = export(SEALED, WAITING)


def changed(place: int, lines: list[dict[str, Any]] = GOOD, **members: Any) -> list[dict[str, Any]]:
    """Change members of one line."""
    return [*lines[:place], {**lines[place], **members}, *lines[place + 1 :]]


def replaced(place: int, line: dict[str, Any]) -> list[dict[str, Any]]:
    """Make an export that agrees with itself, another leaf at `place`: what only the key's holder can do."""
    return export([*SEALED[:place], line, *SEALED[place + 1 :]], WAITING)


def forged() -> str:
    """Alter what a receipt says and keep its signature."""
    header, _, signature = SEALED[1]["jws"].split(".")
    payload = receipt(1, choices={"analytics": True, "marketing": True}, state="given")
    return f"{header}.{base64url(compact(payload).encode())}.{signature}"


BEFORE = START - 30 * DAY
ODD = receipt(2, time=START + 2000)
EXPORTS_BY_NAME: dict[str, list[dict[str, Any]]] = {
    "good": GOOD,
    "good_all_waiting": export(SEALED, [*WAITING, leaf(receipt(11))]),
    "good_with_dated_keys": export(
        [*SEALED, CAME, WENT], [], keys={"keys": [{**KEY.jwk, "nbf": CAME_AT, "exp": CAME_AT + 9}]}
    ),
    "good_with_a_date_that_is_not_stated_yet": export(
        [*SEALED, CAME], [], keys={"keys": [{**KEY.jwk, "nbf": CAME_AT, "exp": CAME_AT + 9}]}
    ),
    "good_without_log": [{**GOOD[0], "log_key": None, "checkpoint": None}, *WAITING],
    "forged": changed(2, jws=forged()),
    "forged_by_another_key": changed(
        2, jws=SEALED[1]["jws"][:-86] + OTHER_KEY.sign(receipt(1), RECEIPT)[-86:]
    ),
    "other_key": changed(2, **leaf(receipt(1), key=OTHER_KEY)),
    "other_log_key": changed(0, checkpoint=OTHER_LOG_KEY.checkpoint(SEALED)),
    "other_site": replaced(1, leaf(receipt(1, site="elsewhere"))),
    "signature_in_its_other_form": changed(2, jws=KEY.sign(receipt(1), RECEIPT, high=True)),
    "re-signed": changed(2, **leaf(receipt(1, nonce=base64url(digest("another nonce")[:16])))),
    "jws_truncated": changed(2, jws=SEALED[1]["jws"][:-7]),
    "jws_with_padding": changed(2, jws=SEALED[1]["jws"] + "=="),
    "truncated": GOOD[:6],
    "left_out": GOOD[:2] + GOOD[3:],
    "left_out_and_renumbered": [GOOD[0], *export([SHOWN, *SEALED[2:]], WAITING)[1:]],
    "reordered": [*GOOD[:2], GOOD[3], GOOD[2], *GOOD[4:]],
    "reordered_and_renumbered": [*GOOD[:2], {**GOOD[3], "index": 1}, {**GOOD[2], "index": 2}, *GOOD[4:]],
    "duplicated": export([*SEALED, SEALED[1]], WAITING),
    "duplicated_among_those_that_wait": [*GOOD, SEALED[1]],
    "waiting_twice": [*GOOD, *WAITING],
    "back-dated_in_the_log": export([*SEALED, leaf(receipt(12, BEFORE))], WAITING),
    "back-dated_time": replaced(2, leaf({**ODD, "time": text(BEFORE)})),
    "back-dated_decision": replaced(2, leaf({**ODD, "decided_at": text(START - 181 * DAY)})),
    "back-dated_before_its_decision": replaced(2, leaf({**ODD, "decided_at": text(START + DAY)})),
    "back-dated_previous": replaced(
        2, leaf({**ODD, "previous": {"id": uuid7("later", START + DAY), "sha256": digest("later").hex()}})
    ),
    "expired_before_it_was_given": replaced(2, leaf({**ODD, "valid_until": text(BEFORE)})),
    "retyped_line": changed(2, type=NOTICE),
    "retyped": replaced(2, leaf(ODD, NOTICE)),
    "unknown_type": changed(2, type="consent-anything+jws"),
    "unknown_schema": replaced(2, leaf({**ODD, "schema": "consent-receipt/9"})),
    "state_not_chosen": replaced(2, leaf({**ODD, "state": "given"})),
    "method_that_contradicts": replaced(2, leaf({**ODD, "method": "refuse_all"})),
    "erased_without_statement": export(SEALED[:8], WAITING),
    "erased_with_a_forged_statement": export(
        [*SEALED[:8], leaf(statement(9, reason="subject", ranges=[[3, 4]]), ERASURE, OTHER_KEY)], WAITING
    ),
    "erased_more_than_stated": export([*SEALED[:2], erased(SEALED[2]), *SEALED[3:]], WAITING),
    "erased_hash_altered": changed(4, leaf_hash=base64.b64encode(digest("nothing")).decode()),
    "erasure_stated_in_advance": export(
        [*SEALED[:8], leaf(statement(9, ranges=[[0, 99]]), ERASURE)], WAITING
    ),
    "checkpoint_altered": changed(0, checkpoint=GOOD[0]["checkpoint"].replace("\n9\n", "\n8\n")),
    "checkpoint_missing": changed(0, checkpoint=None),
    "checkpoint_of_fewer_leaves": changed(0, checkpoint=LOG_KEY.checkpoint(SEALED[:7])),
    "key_dated_otherwise": export([*SEALED, CAME], [], keys={"keys": [{**KEY.jwk, "nbf": CAME_AT - 1}]}),
    "key_gone_at_another_time": export(
        [*SEALED, CAME, WENT], [], keys={"keys": [{**KEY.jwk, "nbf": CAME_AT, "exp": CAME_AT + 99}]}
    ),
    "key_dated_in_words": export([*SEALED, leaf(statement(10, key={"kid": "x", "nbf": "today"}), KEYS)], []),
    "keys_missing": changed(0, keys={"keys": []}),
    "key_misnamed": changed(0, keys={"keys": [{**OTHER_KEY.jwk, "kid": KEY.jwk["kid"]}]}),
    # These agree with themselves: what finds them is the checkpoint of the last visit.
    "rolled_back": export([SHOWN, *RECEIPTS[:5]], []),
    "rolled_back_and_grown_again": export(
        [SHOWN, *RECEIPTS[:5], *(leaf(receipt(n)) for n in (20, 21, 22))], []
    ),
    "shrunk": export([*SEALED[:2], erased(RECEIPTS[1])], [leaf(statement(9, ranges=[[2, 2]]), ERASURE)]),
}


def write(directory: Path) -> None:
    """Write all of them, and what an auditor holds."""
    for name, lines in EXPORTS_BY_NAME.items():
        content = "".join(compact(line) + "\n" for line in lines)
        (directory / f"{name}.ndjson").write_text(content, encoding="utf-8")
    good = (directory / "good.ndjson").read_bytes()
    (directory / "cut_in_a_line.ndjson").write_bytes(good[:3000])
    (directory / "not_utf-8.ndjson").write_bytes(good.replace(b'{"index":2', b'{"\xff":2'))
    (directory / "empty.ndjson").write_bytes(b"")
    (directory / "test-keys.json").write_text(compact({"keys": [KEY.jwk]}) + "\n", encoding="utf-8")
    (directory / "test-log-key.txt").write_text(LOG_KEY.verifier + "\n", encoding="utf-8")
    (directory / "last-visit.txt").write_text(LOG_KEY.checkpoint(SEALED[:7]), encoding="utf-8")


if __name__ == "__main__":
    EXPORTS.mkdir(exist_ok=True)
    write(EXPORTS)
