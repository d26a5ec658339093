"""Verification of a whole export (NDJSON, DESIGN 6), line by line and offline.

It proves that every leaf is signed, that the leaves are exactly those under the signed checkpoint, that
what is missing was erased under a signed statement, and that the log only grew since an older checkpoint.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import checkpoint as checkpoints
from consent_server.evidence.frontier import Frontier
from consent_server.evidence.keys import public_keys
from consent_server.evidence.merkle import EMPTY_ROOT
from consent_server.evidence.note import decode_base64, parse_verifier
from consent_server.evidence.signing import ERASURE_TYPE, LEAF_TYPES, leaf_hash
from consent_server.evidence.verify import json_object, verify_jws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    from consent_server.evidence.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Trust:
    """What the auditor holds: a JWK Set, the log's verifier key, and the checkpoint of the last visit.

    What is None is taken from the export itself, which then proves only that it agrees with itself.
    """

    jwks: Mapping[str, Any] | None = None
    log_key: str | None = None
    since: str | None = None


@dataclass(slots=True)
class ExportCheck:
    """Verifies an export while it is read. Raises EvidenceInvalid, naming the first line that fails."""

    trust: Trust = field(default_factory=Trust)
    checkpoint: Checkpoint | None = None
    note: str | None = None
    _since: Checkpoint | None = None
    _site: object = None
    _keys: Mapping[str, EllipticCurvePublicKey] = field(default_factory=dict)
    _tree: Frontier = field(default_factory=Frontier)
    _ids: set[str] = field(default_factory=set)
    _erased: dict[int, int] = field(default_factory=dict)
    _stated: list[tuple[int, int]] = field(default_factory=list)

    def read(self, lines: Iterable[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield type and payload of every leaf that is still there, each verified.

        Only when this ends without an error has everything been checked.
        """
        numbered = enumerate(lines, start=1)
        number, first = next(numbered, (1, ""))
        with _naming(number):
            self._read_head(first)
        covered = True
        for number, line in numbered:
            with _naming(number):
                item = json_object(line.encode("utf-8", "replace"), "line")
                if covered and "index" not in item:
                    covered = False
                    self._check_root()
                leaf = self._read_leaf(number, item)
            if leaf:
                yield leaf
        with _naming(number):
            if covered:
                self._check_root()
        self._check_erasures()

    def _read_head(self, line: str) -> None:
        head = json_object(line.encode("utf-8", "replace"), "line")
        self._site = head.get("site")
        self._keys = public_keys(head.get("keys") if self.trust.jwks is None else self.trust.jwks)
        note, log_key = (
            head.get("checkpoint"),
            head.get("log_key") if self.trust.log_key is None else self.trust.log_key,
        )
        if note is not None:
            self.checkpoint = _open(note, log_key)
            self.note = note
        if self.trust.since is not None:
            self._since = _open(self.trust.since, log_key)
            if self.checkpoint is None or self.checkpoint.size < self._since.size:
                raise EvidenceInvalid(f"The log has shrunk: it had {self._since.size} leaves.")
            self._check_since()

    def _read_leaf(self, number: int, item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        if item.get("erased") is True:
            self._grow(item, decode_base64(str(item.get("leaf_hash"))))
            if "index" in item:
                self._erased[item["index"]] = number
            return None
        jws, typ = item.get("jws"), item.get("type")
        if not isinstance(jws, str) or typ not in LEAF_TYPES:
            raise EvidenceInvalid("The line has no “jws”, or no “type” that a log holds.")
        payload = verify_jws(jws, self._keys, str(typ))
        with _naming(number, payload.get("id")):
            self._check_payload(payload)
            self._grow(item, leaf_hash(jws))
            if typ == ERASURE_TYPE:
                self._stated += _ranges(payload)
        return str(typ), payload

    def _check_payload(self, payload: Mapping[str, Any]) -> None:
        if payload.get("site") != self._site:
            raise EvidenceInvalid(f"It belongs to the site {payload.get('site')!r}, not to {self._site!r}.")
        if str(payload.get("id")) in self._ids:
            raise EvidenceInvalid("It stands in the export twice.")
        self._ids.add(str(payload.get("id")))

    def _grow(self, item: Mapping[str, Any], hashed: bytes) -> None:
        if "index" not in item:
            return
        index = item["index"]
        if self.checkpoint is None or type(index) is not int or index != self._tree.size:
            raise EvidenceInvalid(f"Its index is {index!r}; the next in the log is {self._tree.size}.")
        self._tree.add(hashed)
        self._check_since()

    def _check_since(self) -> None:
        since = self._since
        if since and self._tree.size == since.size and self._tree.root() != since.root:
            raise EvidenceInvalid(f"The first {since.size} leaves are not those of your checkpoint.")

    def _check_root(self) -> None:
        size, root = (self.checkpoint.size, self.checkpoint.root) if self.checkpoint else (0, EMPTY_ROOT)
        if self._tree.size != size:
            raise EvidenceInvalid(
                f"The checkpoint covers {size} leaves, the export has {self._tree.size} of them."
            )
        if self._tree.root() != root:
            raise EvidenceInvalid("The leaves do not have the root that the checkpoint states.")

    def _check_erasures(self) -> None:
        stated = sorted(self._stated)
        place = 0
        for index, number in sorted(self._erased.items()):
            while place < len(stated) and stated[place][1] < index:
                place += 1
            if place == len(stated) or stated[place][0] > index:
                with _naming(number):
                    raise EvidenceInvalid(f"The leaf {index} was erased, and no signed statement says so.")


def _open(note: object, log_key: object) -> Checkpoint:
    if not isinstance(note, str) or not isinstance(log_key, str):
        raise EvidenceInvalid("There is a checkpoint without the log's key, or one that is no text.")
    verifier = parse_verifier(log_key.strip())
    return checkpoints.open_checkpoint(note, [verifier], verifier.name)


def _ranges(payload: Mapping[str, Any]) -> list[tuple[int, int]]:
    found = payload.get("ranges")
    try:
        ranges = [(int(first), int(last)) for first, last in found or ()]
    except (TypeError, ValueError):
        raise EvidenceInvalid("An erasure names no ranges of indices.") from None
    return ranges


@contextmanager
def _naming(number: int, name: object = None) -> Iterator[None]:
    """Put the place in front of whatever is found wrong inside."""
    try:
        yield
    except EvidenceInvalid as error:
        if error.detail.startswith("line "):
            raise
        place = f"line {number}" + (f", leaf {name}" if name else "")
        raise EvidenceInvalid(f"{place}: {error.detail}") from None
