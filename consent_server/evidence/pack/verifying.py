"""Verification of a pack, offline: each file, then each leaf, then what the leaves name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from consent_server.errors import EvidenceInvalid
from consent_server.evidence import timestamp
from consent_server.evidence.export import ExportCheck, Trust, open_note
from consent_server.evidence.keys import public_keys
from consent_server.evidence.merkle import verify_consistency
from consent_server.evidence.note import decode_base64
from consent_server.evidence.pack.archive import Archive
from consent_server.evidence.pack.layout import (
    CHECKPOINT,
    JWKS,
    LEAVES,
    LOG_KEY,
    MANIFEST,
    NOTICES,
    PROOFS,
    REQUIRED,
    Manifest,
    hash_in,
    parse_manifest,
    picture_file,
    series_of,
    stamp_files,
    stamped_sizes,
)
from consent_server.evidence.pack.links import check_links
from consent_server.evidence.pack.part import PartCheck
from consent_server.evidence.pack.pictures import INDEX, check_series
from consent_server.evidence.shown import read_notice
from consent_server.evidence.verify import json_object

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from cryptography.x509 import Certificate

    from consent_server.evidence.checkpoint import Checkpoint
    from consent_server.evidence.pack.layout import Part
    from consent_server.evidence.shown import Asked

Progress: TypeAlias = Callable[[float], None]
"""Is told the share that is done, from 0 to 1, again and again."""
_T = TypeVar("_T")
_HASHED, _VERIFIED = 0.1, 0.9
"""The shares that are done once the files are hashed, and once the leaves are verified."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp on the checkpoint of the first `size` leaves; `verified` where an authority vouches."""

    size: int
    time: datetime
    verified: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What a pack that holds shows. `part` is None for the whole log, `note` is the signed checkpoint."""

    site: str
    states: Mapping[str, int]
    checkpoint: Checkpoint
    note: str
    part: Part | None
    files: int
    stamps: Sequence[Stamp] = ()

    @property
    def receipts(self) -> int:
        """How many receipts there are."""
        return sum(self.states.values())


def verify_pack(
    path: str | Path,
    trust: Trust | None = None,
    roots: Sequence[Certificate] = (),
    workers: int = 1,
    progress: Progress = lambda _: None,
) -> Report:
    """Verify a pack, with as many processes as `workers`. Raises EvidenceInvalid, naming file and line.

    `roots` are the certificates of time stamp authorities; without them stamps are compared with what they
    stamp, not verified. Memory does not grow with the log.
    """
    trust = trust or Trust()
    with Archive(path) as archive:
        manifest = _manifest(archive)
        _check_files(archive, manifest, progress)
        head = _head(archive, manifest, trust)
        checkpoint, part = _checkpoint(head), manifest.part
        states, running = _leaves(archive, part, head, trust, workers)
        length = part.end - part.first if part else checkpoint.size
        for number in running:
            progress(_HASHED + (_VERIFIED - _HASHED) * min(1, number / length))
        if checkpoint.origin.rpartition("/v1/")[2] != manifest.site:
            raise EvidenceInvalid(f"{MANIFEST}: The pack is not of the site {manifest.site!r}.")
        _check_named(archive, manifest, progress)
        _check_pictures(archive, manifest)
        sizes = stamped_sizes(manifest.files)
        stamps = [_stamp(archive, size, head, roots) for size in sizes]
        return Report(manifest.site, states, checkpoint, head["checkpoint"], part, len(archive.names), stamps)


def _manifest(archive: Archive) -> Manifest:
    data = archive.read(MANIFEST)
    try:
        return parse_manifest(data)
    except EvidenceInvalid as error:
        raise EvidenceInvalid(f"{MANIFEST}: {error.detail}") from None


def _check_files(archive: Archive, manifest: Manifest, progress: Progress) -> None:
    """Check that every file is there, and is what manifest and name say, and that there is no other."""
    wanted = REQUIRED | {PROOFS} if manifest.part else REQUIRED
    for name in sorted(wanted - manifest.files.keys()):
        raise EvidenceInvalid(f"{name}: The manifest does not list it, and every pack has it.")
    for name in archive.names:
        if name not in manifest.files and name != MANIFEST:
            raise EvidenceInvalid(f"{name}: The manifest does not list it.")
    if PROOFS in manifest.files and not manifest.part:
        raise EvidenceInvalid(f"{PROOFS}: The pack of a whole log has no proofs.")
    total = 1 + sum(archive.size(name) for name in archive.names)
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress(_HASHED * done / total)

    for name, listed in manifest.files.items():
        found = archive.measure(name, read)
        if found != listed or hash_in(name) not in {None, found.sha256}:
            raise EvidenceInvalid(f"{name}: It was changed: its SHA-256 or size is not what is stated.")


def _head(archive: Archive, manifest: Manifest, trust: Trust) -> Mapping[str, Any]:
    """Return the first line of the leaves, once the files of keys and checkpoint agree with it."""
    head = _object(next(archive.lines(LEAVES), b""), f"{LEAVES}, line 1")
    for name, member, content in (
        (JWKS, "keys", _object(archive.read(JWKS), JWKS)),
        (LOG_KEY, "log_key", archive.text(LOG_KEY).strip()),
        (CHECKPOINT, "checkpoint", archive.text(CHECKPOINT)),
        (MANIFEST, "site", manifest.site),
    ):
        if head.get(member) != content:
            raise EvidenceInvalid(f"{name}: It is not the one in the first line of {LEAVES}.")
    held = {
        **head,
        "keys": head["keys"] if trust.jwks is None else trust.jwks,
        "log_key": head["log_key"] if trust.log_key is None else trust.log_key,
    }
    _naming(JWKS, lambda: public_keys(held["keys"]))
    _naming(CHECKPOINT, lambda: _checkpoint(held))
    return held


def _leaves(
    archive: Archive, part: Part | None, head: Mapping[str, Any], trust: Trust, workers: int
) -> tuple[Mapping[str, int], Iterator[int]]:
    """Return the counts by state and what, run to its end, verifies the leaves and fills the counts."""
    notices = _notices(archive)
    lines = archive.lines(LEAVES)
    if part is None:
        whole = ExportCheck(trust, notices=notices)
        return whole.states, _in_leaves(whole.verify(lines, workers))
    if trust.since is not None:
        raise EvidenceInvalid("A pack of a part of the log cannot show that the log only grew.")
    next(lines)
    check = PartCheck(part, _checkpoint(head), notices)
    return check.states, check.verify(head, lines, archive.lines(PROOFS), workers)


def _notices(archive: Archive) -> Mapping[str, Asked]:
    """Return what each notice of the pack asked, by its SHA-256."""
    notices: dict[str, Asked] = {}
    for name in archive.names:
        if name.startswith(NOTICES):
            content = archive.read(name)
            notices[str(hash_in(name))] = _naming(name, lambda: read_notice(content))  # noqa: B023 - called at once
    return notices


def _checkpoint(head: Mapping[str, Any]) -> Checkpoint:
    return open_note(head["checkpoint"], head["log_key"])


def _in_leaves(running: Iterator[int]) -> Iterator[int]:
    try:
        yield from running
    except EvidenceInvalid as error:
        raise EvidenceInvalid(f"{LEAVES}, {error.detail}") from None


def _check_named(archive: Archive, manifest: Manifest, progress: Progress) -> None:
    lines = archive.lines(LEAVES)
    size = len(next(lines))
    total = archive.size(LEAVES)

    def counted() -> Iterator[bytes]:
        nonlocal size
        for line in lines:
            size += len(line)
            yield line

    for _ in check_links(counted(), manifest.files, whole=manifest.part is None):
        progress(_VERIFIED + (1 - _VERIFIED) * size / total)


def _check_pictures(archive: Archive, manifest: Manifest) -> None:
    hashes = {name: file.sha256 for name, file in manifest.files.items()}
    for number in series_of(manifest.files):
        name = picture_file(number, INDEX)
        if name not in hashes:
            raise EvidenceInvalid(f"{name}: It is missing, and there are pictures beside it.")
        data = archive.read(name)
        _naming(name, lambda: check_series(number, data, manifest.site, hashes))  # noqa: B023 - called at once


def _stamp(archive: Archive, size: int, head: Mapping[str, Any], roots: Sequence[Certificate]) -> Stamp:
    checkpoint = _checkpoint(head)
    token_file, stamped_file, proof_file = stamp_files(size)
    text = archive.text(stamped_file)
    stamped = _naming(stamped_file, lambda: open_note(text, head["log_key"]))
    hashes = _object(archive.read(proof_file), proof_file).get("hashes")
    path = [str(encoded) for encoded in hashes] if isinstance(hashes, list) else []

    def grew() -> None:
        if stamped.size != size:
            raise EvidenceInvalid(f"It proves nothing of {stamped_file}, which has {stamped.size} leaves.")
        nodes = [decode_base64(encoded) for encoded in path]
        verify_consistency(size, checkpoint.size, stamped.root, checkpoint.root, nodes)

    _naming(proof_file, grew)
    token = archive.read(token_file)
    if roots:
        time = _naming(token_file, lambda: timestamp.verify(token, text, roots))
    else:
        time = _naming(token_file, lambda: timestamp.read(token, text))
    return Stamp(size, time, bool(roots))


def _object(data: bytes, name: str) -> Mapping[str, Any]:
    return _naming(name, lambda: json_object(data, "content"))


def _naming(name: str, check: Callable[[], _T]) -> _T:
    """Put the file's name in front of what is found wrong with it."""
    try:
        return check()
    except EvidenceInvalid as error:
        raise EvidenceInvalid(f"{name}: {error.detail}") from None
