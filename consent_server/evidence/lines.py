"""One line of an export, checked by itself: what many processes can do at once.

Whether the lines together are the log, whole and in order, is for `export` to say.
"""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.content import Content, check_content
from consent_server.evidence.keys import public_keys
from consent_server.evidence.merkle import check_hashes
from consent_server.evidence.note import decode_base64
from consent_server.evidence.signing import ERASURE_TYPE, LEAF_TYPES, signature_holds
from consent_server.evidence.verify import json_object, verify_jws

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_URL_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_STANDARD_TO_URL = bytes.maketrans(b"+/", b"-_")
_decode_json = json.JSONDecoder().decode


class Terms(NamedTuple):
    """What every line is checked against: a JWK Set and a site's id.

    With `log_only` the content of receipts is not looked at, only that of erasures. With `keep` the
    payloads are kept.
    """

    jwks: Mapping[str, Any]
    site: object
    log_only: bool = False
    keep: bool = False


class Line(NamedTuple):
    """A line that holds by itself. `index` is what the line says, None where it says none.

    An erased leaf has neither type nor content, and in a check of the log alone receipts have no content.
    """

    index: Any
    leaf_hash: bytes
    type: str | None = None
    content: Content | None = None
    payload: Mapping[str, Any] | None = None


class Fault(NamedTuple):
    """What is wrong with a line, and the leaf's id where the line tells it truly."""

    detail: str
    name: str | None = None


class Batch(NamedTuple):
    """Lines in their order, up to the first one that fails, and what is wrong with that one."""

    lines: list[Line]
    fault: Fault | None = None


class LineCheck:
    """Checks lines on `terms`. Raises EvidenceInvalid where the JWK Set cannot be used."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._keys = public_keys(terms.jwks)
        self._headers: dict[tuple[bytes, str], EllipticCurvePublicKey] = {}

    def check(self, lines: Iterable[bytes]) -> Batch:
        """Check lines up to the first that fails."""
        held: list[Line] = []
        for line in lines:
            try:
                held.append(self._check(line))
            except _Named as error:
                return Batch(held, Fault(error.detail, error.name))
            except EvidenceInvalid as error:
                return Batch(held, Fault(error.detail))
        return Batch(held)

    def _check(self, line: bytes) -> Line:
        item = _object(line, "line")
        index = item.get("index")
        if "index" in item and (type(index) is not int or index < 0):
            raise EvidenceInvalid(f"Its index is {index!r}, which is none.")
        if item.get("erased") is True:
            return _erased(item)
        jws, typ = item.get("jws"), item.get("type")
        if not isinstance(jws, str) or not isinstance(typ, str) or typ not in LEAF_TYPES:
            raise EvidenceInvalid("The line has no “jws”, or no “type” that a log holds.")
        try:
            encoded = jws.encode("ascii")
        except UnicodeEncodeError:
            raise EvidenceInvalid("The JWS has a character that is not ASCII.") from None
        hashed = sha256(b"\0" + encoded).digest()
        if self._terms.log_only and typ != ERASURE_TYPE:
            return Line(index, hashed, typ)
        payload = self._quick(encoded, typ) or self._strict(jws, typ)
        try:
            content = check_content(typ, payload, self._terms.site)
        except EvidenceInvalid as error:
            raise _Named(error.detail, payload.get("id")) from None
        return Line(index, hashed, typ, content, payload if self._terms.keep else None)

    def _strict(self, jws: str, typ: str) -> Mapping[str, Any]:
        payload = verify_jws(jws, self._keys, typ)
        header = jws.partition(".")[0].encode("ascii")
        # verify_jws has shown that this header says `typ` and names a key of the set.
        self._headers[header, typ] = self._keys[_kid(header)]
        return payload

    def _quick(self, jws: bytes, typ: str) -> Mapping[str, Any] | None:
        """Verify a JWS whose header is that of one that held; None sends it to verify_jws.

        That saves parsing the same header again for every leaf. It accepts nothing that verify_jws does not.
        """
        header, _, rest = jws.partition(b".")
        key = self._headers.get((header, typ))
        if key is None:
            return None
        body, _, encoded_signature = rest.partition(b".")
        payload, signature = _decode(body), _decode(encoded_signature)
        if payload and signature and signature_holds(key, header + b"." + body, signature):
            return _object(payload, "payload")
        return None


class _Named(EvidenceInvalid):
    """A fault of a leaf whose signature holds, so that its id is known."""

    def __init__(self, detail: str, name: object) -> None:
        super().__init__(detail)
        self.name = str(name) if name else None


def _object(data: bytes, what: str) -> Mapping[str, Any]:
    # The decoder itself saves json.loads' guess of the encoding; json_object names what it does not accept.
    try:
        item = _decode_json(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return json_object(data, what)
    return item if isinstance(item, dict) else json_object(data, what)


def _erased(item: Mapping[str, Any]) -> Line:
    hashed = decode_base64(str(item.get("leaf_hash")))
    check_hashes(hashed)
    return Line(item.get("index"), hashed)


def _kid(header: bytes) -> str:
    return str(json_object(_decode(header) or b"", "header")["kid"])


def _decode(part: bytes) -> bytes | None:
    """Decode base64url in its one canonical form; None for anything else."""
    try:
        decoded = a2b_base64(part.translate(_URL_TO_STANDARD) + b"==")
    except Base64Error:
        return None
    again = b2a_base64(decoded, newline=False).translate(_STANDARD_TO_URL).rstrip(b"=")
    return decoded if again == part else None
