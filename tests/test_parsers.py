"""Whatever strangers send or auditors are handed is read, or refused in our own words."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.lifespan import parse_lifespan
from consent_server.errors import ConsentError, EvidenceInvalid
from consent_server.evidence import checkpoint, proof, timestamp
from consent_server.evidence.export import ExportCheck
from consent_server.evidence.keys import generate_key, public_keys, split_pem
from consent_server.evidence.note import parse_verifier, split
from consent_server.evidence.pack.verifying import verify_pack
from consent_server.evidence.signing import ReceiptSigner
from consent_server.evidence.tiles import parse_path
from consent_server.evidence.tokens import Holding, Tokens
from consent_server.evidence.verify import parse_jws
from consent_server.scan.set_cookie import parse_set_cookie
from consent_server.settings import read_settings
from consent_server.web.bodies import read_form, read_json
from consent_server.web.clients import parse as parse_address
from consent_server.web.console_queries import load_range
from consent_server.web.queries import load_days, load_page
from consent_server.web.schemas import load_decision

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

VECTORS = Path(__file__).parent / "vectors"
CATALOG = (Path(__file__).parent.parent / "cookie_catalog.toml").read_bytes()
SIGNER = ReceiptSigner([generate_key()])
TOKENS = Tokens([b"s" * 32])
TOKEN = TOKENS.issue(Holding("shop", b"s" * 16, UUID(int=7), "ab" * 32))
EXPORT = (VECTORS / "exports" / "good.ndjson").read_bytes()
CHECKPOINT = (VECTORS / "exports" / "last-visit.txt").read_bytes()
PAGE_ASKED = (
    b"from=2026-01-01&to=2026-02-01&cursor=5&limit=10&state=given&category=analytics&subject=AaIt3KjofVHoQLKXcfruzA"
    b"&id=01920000-0000-7000-8000-000000000000"
)
DECISION = {
    "decision": "01920000-0000-7000-8000-000000000000",
    "notice": "ab" * 32,
    "method": "save",
    "choices": {"analytics": True},
    "signals": {"gpc": False},
}


class Parser(NamedTuple):
    """What reads bytes, an example that it takes, and how it refuses others."""

    read: Callable[[bytes], object]
    example: bytes
    refusals: tuple[type[Exception], ...] = (ConsentError,)


def text(data: bytes) -> str:
    """Return bytes as text, whatever they are; with lone surrogates, as JSON and variables can bring them."""
    return data.decode("utf-8", "surrogateescape")


def asked(data: bytes, media_type: str) -> WSGIEnvironment:
    """Make a request with a body."""
    return EnvironBuilder(method="POST", data=data, content_type=media_type).get_environ()


def decision(data: bytes) -> object:
    """Read a decision as it is posted."""
    return load_decision(read_json(asked(data, "text/plain"))[0])


def query(load: Callable[[dict[str, str]], object]) -> Callable[[bytes], object]:
    """Give a query's parameters to what reads them."""
    return lambda data: load(dict(one.partition("=")[::2] for one in text(data).split("&")))


def from_file(read: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
    """Give bytes to what reads files."""

    def reading(data: bytes) -> object:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / name
            path.write_bytes(data)
            return read(path)

    return reading


def in_json(read: Callable[[Any], object]) -> Callable[[bytes], object]:
    """Give parsed JSON to what takes it; what is no JSON is refused before."""

    def reading(data: bytes) -> object:
        try:
            value = json.loads(data)
        except ValueError as error:
            raise EvidenceInvalid("no JSON") from error
        return read(value)

    return reading


def environment(name: str) -> Callable[[bytes], object]:
    """Give text to a setting."""
    return lambda data: read_settings({name: text(data), "CONSENT_RATE_LIMIT": "off"})


PARSERS = {
    "a receipt": Parser(lambda data: parse_jws(text(data)), SIGNER.sign({"a": 1}).encode()),
    "a token": Parser(lambda data: TOKENS.read(text(data), "shop"), TOKEN.encode()),
    "a decision": Parser(decision, json.dumps(DECISION).encode()),
    "a form": Parser(
        lambda data: read_form(asked(data, "application/x-www-form-urlencoded")), b"token=a%20b&lang=en"
    ),
    "a page's query": Parser(query(load_page), PAGE_ASKED),
    "a query of days": Parser(
        query(lambda found: load_days(found, 1_790_000_000_000)), b"from=2026-01-01&to=2026-02-01"
    ),
    "a dashboard's query": Parser(
        query(lambda found: load_range(found, 1_790_000_000_000)), b"from=2026-01-01&through=2026-02-01"
    ),
    "an address": Parser(lambda data: parse_address(text(data)), b"[2001:db8::1]:443"),
    "a tile's path": Parser(lambda data: parse_path(text(data)), b"tile/0/x001/234.p/5"),
    "an export": Parser(lambda data: list(ExportCheck().read(io.BytesIO(data))), EXPORT),
    "a pack": Parser(from_file(verify_pack, "pack.zip"), (VECTORS / "packs" / "good_part.zip").read_bytes()),
    "a checkpoint": Parser(lambda data: checkpoint.parse(split(text(data))[0]), CHECKPOINT),
    "a proof": Parser(in_json(proof.parse_json), (VECTORS / "proofs" / "good.json").read_bytes()),
    "a proof as text": Parser(
        lambda data: proof.parse_text(text(data)), b"c2sp.org/tlog-proof@v1\nindex 0\n"
    ),
    "a JWK Set": Parser(in_json(public_keys), json.dumps(SIGNER.jwks()).encode()),
    "a verifier's key": Parser(
        lambda data: parse_verifier(text(data)),
        (VECTORS / "exports" / "test-log-key.txt").read_bytes().strip(),
    ),
    "a time stamp": Parser(lambda data: timestamp.read(data, "checkpoint"), b"\x30\x03\x02\x01\x00"),
    "a private key": Parser(split_pem, generate_key()),
    "a catalog": Parser(from_file(read_catalogs, "cookie_catalog.toml"), CATALOG),
    "a lifespan": Parser(lambda data: parse_lifespan(text(data)), b"2 years", (ValueError,)),
    "a Set-Cookie": Parser(
        lambda data: parse_set_cookie(text(data), 1.0),
        b"a=b; Domain=.example.com; Max-Age=3600; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly",
    ),
    "a public address": Parser(environment("CONSENT_PUBLIC_URL"), b"https://consent.example.com"),
    "proxies": Parser(environment("CONSENT_TRUSTED_PROXIES"), b"127.0.0.1, 10.0.0.0/8"),
    "a port": Parser(environment("CONSENT_PORT"), b"8000"),
}
EXAMPLES = 400


def damaged(example: bytes) -> st.SearchStrategy[bytes]:
    """Return bytes of any kind, and examples of which a part was cut, doubled, or replaced."""
    places = st.integers(0, len(example))
    parts = st.one_of(
        st.sampled_from([b"", b"9" * 5000, b"\\ud800"]),
        st.binary(max_size=8),
        st.text(max_size=4).map(str.encode),
    )
    cut = st.builds(
        lambda one, other, part: example[: min(one, other)] + part + example[max(one, other) :],
        places,
        places,
        parts,
    )
    inserted = st.builds(lambda place, part: example[:place] + part + example[place:], places, parts)
    return st.one_of(st.binary(max_size=60), st.text(max_size=30).map(str.encode), cut, inserted)


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_reads_or_refuses(name: str) -> None:
    """Nothing else is raised, whatever comes."""
    parser = PARSERS[name]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(parser.example))
    def reads_or_refuses(data: bytes) -> None:
        with contextlib.suppress(*parser.refusals):
            parser.read(data)

    reads_or_refuses()
