"""One line of an export, checked by itself: what many processes can do at once.

Whether the lines together are the log, whole and in order, is for `export` to say.
"""

from __future__ import annotations

import json
from binascii import Error as Base64Error
from binascii import a2b_base64
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.content import Content, check_content
from consent_server.evidence.keys import public_keys
from consent_server.evidence.merkle import check_hashes
from consent_server.evidence.note import decode_base64
from consent_server.evidence.shown import check_fit
from consent_server.evidence.signing import (
    ERASURE_TYPE,
    LEAF_TYPES,
    NOTICE_TYPE,
    RECEIPT_TYPE,
    signature_holds,
)
from consent_server.evidence.verify import json_object, verify_jws

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from consent_server.evidence.shown import Asked

# What base64url does not have becomes "!", which no base64 has.
_TO_STANDARD = bytes.maketrans(b"-_+/=", b"+/!!!")
_PADDING = (b"", b"", b"==", b"=")
# The characters that may end a part by the length modulo 4: those whose spare bits are 0 (RFC 4648, 3.5).
_LAST = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")
_BEFORE_INDEX, _BEFORE_TYPE, _BEFORE_JWS, _END = b'{"index":', b',"type":"', b'","jws":"', b'"}\n'
_JWS_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
_TYPES = {typ.encode(): typ for typ in LEAF_TYPES}
_NAMING = frozenset({RECEIPT_TYPE, NOTICE_TYPE})
_DIGITS = 18
_ZERO = 48
_decode_json = json.JSONDecoder().raw_decode


class Terms(NamedTuple):
    """What every line is checked against: a JWK Set, a site's id, and notices by their SHA-256.

    With `log_only` the content of receipts is not looked at, only that of erasures. With `keep` the
    payloads are kept. A leaf whose notice is not among `notices` is not compared with one.
    """

    jwks: Mapping[str, Any]
    site: object
    log_only: bool = False
    keep: bool = False
    notices: Mapping[str, Asked] = {}


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
        return self._quick(line) or self._slow(line)

    def _slow(self, line: bytes) -> Line:
        item = json_object(line, "line")
        index = item.get("index")
        if "index" in item and (type(index) is not int or index < 0):
            raise EvidenceInvalid(f"Its index is {index!r}, which is none.")
        if item.get("erased") is True:
            return _erased(item)
        jws, typ = item.get("jws"), item.get("type")
        if not isinstance(jws, str) or not isinstance(typ, str) or typ not in LEAF_TYPES:
            raise EvidenceInvalid("The line has no “jws”, or no “type” that a log holds.")
        if not jws.isascii():
            raise EvidenceInvalid("The JWS has a character that is not ASCII.")
        hashed = sha256(b"\0" + jws.encode("ascii")).digest()
        if self._terms.log_only and typ != ERASURE_TYPE:
            return Line(index, hashed, typ)
        return self._line(index, hashed, typ, self._strict(jws, typ))

    def _line(self, index: Any, hashed: bytes, typ: str, payload: Mapping[str, Any]) -> Line:
        try:
            content = check_content(typ, payload, self._terms.site)
            if self._terms.notices and typ in _NAMING:
                self._check_fit(typ, payload)
        except EvidenceInvalid as error:
            raise _Named(error.detail, payload.get("id")) from None
        return Line(index, hashed, typ, content, payload if self._terms.keep else None)

    def _check_fit(self, typ: str, payload: Mapping[str, Any]) -> None:
        notice = payload["notice"]
        name = notice.get("sha256") if isinstance(notice, dict) else None
        asked = self._terms.notices.get(name) if isinstance(name, str) else None
        if asked:
            check_fit(typ, payload, asked)

    def _strict(self, jws: str, typ: str) -> Mapping[str, Any]:
        payload = verify_jws(jws, self._keys, typ)
        header = jws.partition(".")[0].encode("ascii")
        # verify_jws has shown that this header says `typ` and names a key of the set.
        self._headers[header, typ] = self._keys[_kid(header)]
        return payload

    def _quick(self, line: bytes) -> Line | None:
        """Check a line that is written as exports write it, by a key that signed before; None for others.

        It accepts nothing that `_slow` does not, in half the time that is not the signature's.
        """
        head, _, rest = line.partition(_BEFORE_JWS)
        digits, _, encoded_type = head.removeprefix(_BEFORE_INDEX).partition(_BEFORE_TYPE)
        typ = _TYPES.get(encoded_type)
        if typ is None or not (head.startswith(_BEFORE_INDEX) and rest.endswith(_END) and _is_number(digits)):
            return None
        jws = rest[: -len(_END)]
        if self._terms.log_only and typ != ERASURE_TYPE:
            foreign = jws.translate(None, _JWS_LETTERS)
            return None if foreign else Line(int(digits), sha256(b"\0" + jws).digest(), typ)
        payload = self._verified(jws, typ)
        if payload is None:
            return None
        return self._line(int(digits), sha256(b"\0" + jws).digest(), typ, payload)

    def _verified(self, jws: bytes, typ: str) -> Mapping[str, Any] | None:
        """Return the payload of a JWS that holds and has the header of one that held before."""
        header, _, rest = jws.partition(b".")
        key = self._headers.get((header, typ))
        if key is None:
            return None
        body, _, encoded_signature = rest.partition(b".")
        payload, signature = _decode(body), _decode(encoded_signature)
        if payload and signature and signature_holds(key, jws[: -len(encoded_signature) - 1], signature):
            return _object(payload)
        return None


class _Named(EvidenceInvalid):
    """A fault of a leaf whose signature holds, so that its id is known."""

    def __init__(self, detail: str, name: object) -> None:
        super().__init__(detail)
        self.name = str(name) if name else None


def _object(data: bytes) -> Mapping[str, Any] | None:
    """Parse a JSON object without a blank around it; None for anything else."""
    try:
        text = data.decode("utf-8")
        item, end = _decode_json(text)
    except (ValueError, RecursionError):
        return None
    return item if end == len(text) and isinstance(item, dict) else None


def _is_number(digits: bytes) -> bool:
    """Tell whether these are the digits of an index as JSON writes it."""
    return digits.isdigit() and len(digits) <= _DIGITS and (digits[0] != _ZERO or len(digits) == 1)


def _erased(item: Mapping[str, Any]) -> Line:
    hashed = decode_base64(str(item.get("leaf_hash")))
    check_hashes(hashed)
    return Line(item.get("index"), hashed)


def _kid(header: bytes) -> str:
    return str(json_object(_decode(header) or b"", "header")["kid"])


def _decode(part: bytes) -> bytes | None:
    """Decode base64url in its one canonical form; None for anything else."""
    rest = len(part) % 4
    if rest and part[-1:] not in _LAST[rest]:
        return None
    try:
        return a2b_base64(part.translate(_TO_STANDARD) + _PADDING[rest], strict_mode=True)
    except Base64Error:
        return None
