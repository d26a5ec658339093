"""Verify a consent pack with openssl, jose and Python's standard library (3.8 or newer), and nothing else.

    python3 -I verify.py [PACK] [--keys jwks.json] [--log-key log-key.txt] [--tsa-roots roots.pem]

PACK is the zip or the folder it was unpacked into. Exits 1 and names the first thing wrong. --keys and
--log-key are what you got from the operator at another time or by another way: without them a pack is
compared with the keys inside it.
It shares no code with the program that wrote the pack, on purpose.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

RECEIPT, NOTICE, BUILD, KEY, ERASURE = (
    f"consent-{kind}+jws" for kind in ("receipt", "notice", "build", "key", "erasure")
)
FIXED = ["leaves.ndjson", "checkpoint.txt", "keys/jwks.json", "keys/log-key.txt"]
FIXED += ["VERIFY.md", "verify.sh", "verify.py"]
NAME = re.compile(
    r"proofs\.ndjson|notices/[0-9a-f]{64}\.json|builds/[0-9a-f]{64}\.js"
    r"|timestamps/[1-9][0-9]{0,18}\.(?:tsr|txt|json)"
    r"|pictures/[1-9][0-9]{0,3}/(?:snapshot\.json|[A-Za-z0-9][A-Za-z0-9-]{0,99}\.png)|"
    + "|".join(map(re.escape, FIXED))
)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # what stands before a raw key (RFC 8410)
SLACK = 6 * 60_000  # milliseconds by which the order of a log and its times may disagree
LARGEST, LARGEST_MANIFEST, LONGEST_LINE, MOST_FILES, MOST_PACKED = 1 << 24, 1 << 26, 1 << 26, 100_000, 100
BATCH = 256  # signatures that are handed to jose together


class Wrong(Exception):
    """What does not hold, and where."""


def need(holds: object, detail: str) -> None:
    """Raise Wrong unless something holds."""
    if not holds:
        raise Wrong(detail)


def run(*words: str, data: bytes = b"") -> tuple[bool, str]:
    """Run a tool; return whether it succeeded, and what it said."""
    done = subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # noqa: S603 - openssl and jose
    return done.returncode == 0, done.stdout.decode("utf-8", "replace")


def decode(text: object, *, url: bool = False) -> bytes:
    """Decode base64 in its one canonical form."""
    try:
        data = str(text).encode("ascii")
        found = (
            base64.b64decode(data + b"=" * (-len(data) % 4), b"-_", True)
            if url
            else base64.b64decode(data, validate=True)
        )
    except ValueError:
        raise Wrong("this is not base64.") from None
    again = base64.urlsafe_b64encode(found).rstrip(b"=") if url else base64.b64encode(found)
    need(again == data, "this is not base64 in its one canonical form.")
    return found


def parse(data: bytes, what: str) -> dict[str, Any]:
    """Parse a JSON object."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Wrong(f"{what}: it is not JSON.") from None
    need(isinstance(value, dict), f"{what}: it is not a JSON object.")
    return value  # type: ignore[no-any-return]


class Pack:
    """The files of a pack, in a zip or in a folder."""

    def __init__(self, path: Path) -> None:
        self.root = path
        self.zip: zipfile.ZipFile | None = None
        if path.is_dir():
            found = (p for p in path.rglob("*") if not p.is_dir() or p.is_symlink())
            self.sizes = {p.relative_to(path).as_posix(): self._size(p) for p in found}
        else:
            self.sizes = self._open_zip(path)
        for name, size in self.sizes.items():
            need(
                name == "manifest.json" or NAME.fullmatch(name),
                f"{name!r}: a pack holds no file of this name.",
            )
            limit = LARGEST_MANIFEST if name == "manifest.json" else LARGEST
            need(
                name.endswith(".ndjson") or size <= limit,
                f"{name}: it has {size} bytes, {limit} is the most.",
            )

    def _size(self, path: Path) -> int:
        need(path.is_file() and not path.is_symlink(), f"{path.name!r}: it is no plain file.")
        return path.stat().st_size

    def _open_zip(self, path: Path) -> dict[str, int]:
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise Wrong("this is no whole archive: it was cut off, or damaged, on its way.") from None
        infos = self.zip.infolist()
        names = [info.filename for info in infos]
        need(len(names) <= MOST_FILES, f"the archive holds {len(names)} files, {MOST_FILES} is the most.")
        packed = sum(info.compress_size for info in infos)
        need(
            packed <= path.stat().st_size,
            "files of the archive overlap: it is made to unpack to more than it holds.",
        )
        for info in infos:
            name, size = info.filename, info.file_size
            need(
                names.count(name) == 1 or len(names) == len(set(names)),
                f"{name}: it stands in the archive twice.",
            )
            need(
                not info.flag_bits & 1 and info.compress_type in (0, 8),
                f"{name}: it is packed in a foreign way.",
            )
            honest = size <= max(1 << 20, info.compress_size * MOST_PACKED)
            need(honest, f"{name}: it would unpack to {size} bytes from {info.compress_size}.")
        return {info.filename: info.file_size for info in infos}

    def chunks(self, name: str, *, lines: bool = False) -> Iterator[bytes]:
        """Yield a file by pieces, or by lines."""
        need(name in self.sizes, f"{name}: it is missing.")
        try:
            with self._stream(name) as stream:
                yield from iter(lambda: stream.readline(LONGEST_LINE) if lines else stream.read(1 << 20), b"")
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise Wrong(f"{name}: it is damaged in the archive: {error}.") from None

    def read(self, name: str) -> bytes:
        """Return a whole file."""
        return b"".join(self.chunks(name))

    def text(self, name: str) -> str:
        """Return a whole file that is text."""
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError:
            raise Wrong(f"{name}: it is not text.") from None

    def _stream(self, name: str) -> IO[bytes]:
        return self.zip.open(name) if self.zip else (self.root / name).open("rb")


def check_files(pack: Pack) -> dict[str, Any]:
    """Check that every file is there and is what the manifest and its own name say; return the manifest."""
    manifest = parse(pack.read("manifest.json"), "manifest.json")
    part: Any = manifest.get("range")
    files: Any = manifest.get("files")
    need(manifest.get("schema") == "consent-pack/1" and isinstance(files, dict), "manifest.json: it is none.")
    if part is not None:
        numbers = isinstance(part, dict) and all(type(part.get(name)) is int for name in ("first", "end"))
        need(numbers and 0 <= part["first"] < part["end"], "manifest.json: its range is none.")
    for name in FIXED + (["proofs.ndjson"] if part else []):
        need(name in files, f"{name}: the manifest does not list it, and every pack has it.")
    need(part or "proofs.ndjson" not in files, "proofs.ndjson: the pack of a whole log has no proofs.")
    for name in pack.sizes:
        need(name in files or name == "manifest.json", f"{name}: the manifest does not list it.")
    for name, listed in files.items():
        hashed, size = hashlib.sha256(), 0
        for chunk in pack.chunks(name):
            hashed.update(chunk)
            size += len(chunk)
        same = listed == {"sha256": hashed.hexdigest(), "size": size}
        named = not name.startswith(("notices/", "builds/")) or hashed.hexdigest() in name
        need(same and named, f"{name}: it was changed: its SHA-256 or size is not what is stated.")
    return manifest


class Note:
    """A checkpoint (c2sp.org/tlog-checkpoint) whose signature openssl verified under the log's key."""

    def __init__(self, signed: str, log_key: str, folder: Path) -> None:
        name, _, rest = log_key.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        key = decode(encoded)
        text, gap, lines = signed.rpartition("\n\n")
        text += "\n"
        need(key[:1] == b"\x01" and len(key) == 33, "the log's key is no Ed25519 key.")  # noqa: PLR2004 - type and key
        hashed = hashlib.sha256(f"{name}\n".encode() + key).digest()[:4]
        need(hashed.hex() == key_id, "the log's key is damaged.")
        stamps = [line.split(" ") for line in lines.split("\n") if line.startswith(f"— {name} ")]
        own = [stamp for stamp in (decode(words[2]) for words in stamps) if stamp[:4] == hashed]
        need(gap and own, "it is not signed by the log's key.")
        for stamp in own:
            self._verify(key[1:], text.encode(), stamp[4:], folder)
        origin, size, root = text.split("\n")[:3]
        need(origin == name and re.fullmatch(r"[1-9][0-9]{0,18}", size), "it is of another log, or of none.")
        self.origin, self.size, self.root = origin, int(size), decode(root)

    def _verify(self, key: bytes, text: bytes, signature: bytes, folder: Path) -> None:
        for name, data in (("key", ED25519_DER + key), ("text", text), ("signature", signature)):
            (folder / name).write_bytes(data)
        key_file, text_file, signature_file = (str(folder / name) for name in ("key", "text", "signature"))
        holds, _ = run(
            *("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key_file),
            *("-rawin", "-in", text_file, "-sigfile", signature_file),
        )
        need(holds, "its signature does not match (openssl).")


class Signatures:
    """Verifies JWS: their form here, their signatures with jose, a batch over all processors."""

    def __init__(self, jwks: object, folder: Path) -> None:
        self.keys: dict[str, str] = {}
        keys = jwks.get("keys") if isinstance(jwks, dict) else None
        need(isinstance(keys, list) and keys, "keys/jwks.json: it holds no keys.")
        for number, jwk in enumerate(keys or []):
            bare = {name: str(jwk.get(name)) for name in ("crv", "kty", "x", "y")}
            thumbprint = hashlib.sha256(json.dumps(bare, separators=(",", ":")).encode()).digest()
            kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
            need(
                bare["crv"] == "P-256" and jwk.get("kid") == kid,
                "keys/jwks.json: a key is not what its kid says.",
            )
            self.keys[kid] = str(folder / f"{number}.jwk")
            Path(self.keys[kid]).write_text(json.dumps(bare))
        self.pool = ThreadPoolExecutor(os.cpu_count() or 1)

    def check(self, batch: list[tuple[str, str, str]]) -> None:
        """Check JWS, each given with its place and its kid. Raises Wrong for the first that fails."""
        for (place, _, _), (holds, _) in zip(batch, self.pool.map(self._holds, batch)):  # noqa: B905 - Python 3.8
            need(holds, f"{place}: the signature does not match (jose).")

    def _holds(self, item: tuple[str, str, str]) -> tuple[bool, str]:
        _, jws, kid = item
        return run("jose", "jws", "ver", "-i", "-", "-k", self.keys[kid], data=jws.encode())

    def payload(self, jws: str, typ: str) -> tuple[dict[str, Any], str]:
        """Return the payload of a JWS and its kid once its form is the one that is allowed."""
        parts = jws.split(".")
        need(len(parts) == 3, "a JWS has three parts.")  # noqa: PLR2004 - RFC 7515
        header, payload, signature = (decode(part, url=True) for part in parts)
        says = parse(header, "header")
        kid = says.get("kid")
        need(
            says == {"alg": "ES256", "typ": typ, "kid": kid},
            f"its header does not say ES256 and {typ} alone.",
        )
        need(isinstance(kid, str) and kid in self.keys, f"the key {kid!r} is not among the published keys.")
        low = len(signature) == 64 and int.from_bytes(signature[32:], "big") <= ORDER // 2  # noqa: PLR2004 - r and s
        need(low, "its signature is not in its one canonical form.")
        return parse(payload, "payload"), str(kid)


class Tree:
    """A Merkle tree that grows (RFC 6962), and what proofs in it lead to (RFC 9162, 2.1)."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Append a leaf's hash."""
        self.size += 1
        rest = self.size
        while not rest & 1:
            leaf, rest = node(self.peaks.pop(), leaf), rest >> 1
        self.peaks.append(leaf)

    def root(self) -> bytes:
        """Return the root."""
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root


def node(left: bytes, right: bytes) -> bytes:
    """Hash two nodes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Tell whether a proof leads from a leaf to the root."""
    last = size - 1
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            leaf = node(sibling, leaf)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            leaf = node(leaf, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and leaf == root


def grew(old: Note, new: Note, path: list[bytes]) -> bool:
    """Tell whether a proof shows that the new tree begins with the old one."""
    if old.size == new.size:
        return old.root == new.root and not path
    if old.size > new.size or not path:
        return False
    if old.size & (old.size - 1) == 0:
        path = [old.root, *path]
    index, last = old.size - 1, new.size - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    left = right = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            left, right = node(sibling, left), node(sibling, right)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            right = node(right, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and left == old.root and right == new.root


def asked_in(content: bytes, name: str) -> dict[str, Any]:
    """Return what a notice asked: what a receipt repeats of it, and what could be chosen."""
    body = parse(content, name)
    need(body.get("schema") == "consent-notice/1", f"{name}: its schema is {body.get('schema')!r}.")
    need(canonical(body) == content, f"{name}: it is not in the one form that has a hash (RFC 8785).")
    try:
        inside = {
            one["id"]: (one["required"] is True, sorted({row["service"] for row in one["cookies"]}))
            for one in body["categories"]
        }
        services = {one["id"]: [one["id"], one["provider"], one["country"]] for one in body["services"]}
        counted = {
            "categories": {name: [services[one] for one in names] for name, (_, names) in inside.items()},
            "revision_number": body["revision_number"],
        }
        return {
            "site": body["site"],
            "language": body["language"],
            "revision": hashlib.sha256(canonical(counted)).hexdigest(),
            "controller": body["controller"]["name"],
            "jurisdiction": body["jurisdiction"],
            "lasting": body["ask_again_after"] * 1000,
            "required": {name for name, (required, _) in inside.items() if required},
            "optional": {name for name, (required, _) in inside.items() if not required},
            "services": {one for required, names in inside.values() if not required for one in names},
        }
    except (KeyError, TypeError, AttributeError):
        raise Wrong(f"{name}: it is no notice.") from None


def canonical(value: object) -> bytes:
    """Write JSON in its one form (RFC 8785), for what notices hold: names in ASCII, whole numbers, text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def check_fit(typ: str, payload: dict[str, Any], asked: dict[str, Any]) -> None:
    """Check that a receipt, or the statement of a notice, fits the notice that it names."""
    said = {"site": payload["site"], "language": payload["notice"]["lang"]}
    said["revision"] = payload["notice"]["revision"]
    if typ == RECEIPT:
        said.update(controller=payload["controller"]["name"], jurisdiction=payload["jurisdiction"])
    for what, one in said.items():
        need(
            one == asked[what],
            f"it contradicts its notice: the {what} is {one!r} here and {asked[what]!r} there.",
        )
    if typ != RECEIPT:
        return
    choices, services = set(payload["choices"]), set(payload["services"])
    for name in sorted(choices - asked["optional"]):
        need(
            name not in asked["required"],
            f"its choices answer for {name!r}, which its notice grants unasked.",
        )
        raise Wrong(f"its choices name the category {name!r}, which its notice does not have.")
    for name in sorted(asked["optional"] - choices):
        raise Wrong(f"its choices do not answer for the category {name!r} of its notice.")
    for name in sorted(services - asked["services"]):
        raise Wrong(f"it names the service {name!r}, which its notice does not let choose.")
    check_state(payload)
    lasts = milliseconds(payload["valid_until"]) - milliseconds(payload["decided_at"])
    need(lasts == asked["lasting"], "its “valid_until” is not as long after “decided_at” as its notice says.")


def check_state(payload: dict[str, Any]) -> None:
    """Check that a receipt's state is what its method, choices and services amount to."""
    method, said = payload["method"], [*payload["choices"].values(), *payload["services"].values()]
    need(all(type(one) is bool for one in said), "its choices do not say true or false for each.")
    fits = {"accept_all": all(said), "embed": any(said), "save": True, "api": True}
    fits.update(dict.fromkeys(("refuse_all", "signal", "withdraw", "form"), not any(said)))
    need(fits.get(method), f"its choices and services contradict its method {method!r}.")
    state = "refused" if not any(said) else "given" if all(said) else "partial"
    state = "withdrawn" if method in ("withdraw", "form") else state
    need(
        payload["state"] == state,
        f"its state is {payload['state']!r}; method, choices and services make it {state!r}.",
    )


class Leaves:
    """Reads the leaves of a pack: all of a log, or a range and what states its erasures."""

    def __init__(self, pack: Pack, manifest: dict[str, Any], note: Note, signatures: Signatures) -> None:
        self.pack, self.site, self.note, self.signatures = pack, manifest.get("site"), note, signatures
        self.part = manifest.get("range")
        self.first: int = self.part["first"] if self.part else 0
        self.end: int = self.part["end"] if self.part else note.size
        need(self.end <= note.size, "leaves.ndjson: the range goes beyond what was sealed.")
        self.next, self.tree = self.first, Tree()
        self.states: dict[str, int] = {}
        self.waiting: list[tuple[str, str, str]] = []
        self.named: set[str] = set()
        self.dates: list[tuple[str, int, int | None]] = []
        notices = [name for name in pack.sizes if name.startswith("notices/")]
        self.asked = {name: asked_in(pack.read(name), name) for name in notices}
        self.stated: list[tuple[int, int]] = []
        self.erased: list[list[int]] = []
        self.erased_count = 0
        self.scratch = sqlite3.connect("")  # on disk beside memory, gone at the end
        self.scratch.execute(
            "CREATE TABLE receipt (id TEXT PRIMARY KEY, line INTEGER, hash TEXT, previous TEXT, said TEXT)"
        )

    def check(self) -> None:
        """Check every line, then what they say together."""
        proofs = enumerate(self.pack.chunks("proofs.ndjson", lines=True), 1) if self.part else None
        numbered = enumerate(self.pack.chunks("leaves.ndjson", lines=True), 1)
        next(numbered)
        number = 1
        for number, line in numbered:
            place = f"leaves.ndjson, line {number}"
            try:
                self._line(number, line, proofs)
            except Wrong as error:
                self._check_waiting()  # a wrong signature, here or before, is named first
                raise Wrong(str(error) if ".ndjson" in str(error) else f"{place}: {error}") from None
            if len(self.waiting) >= BATCH:
                self._check_waiting()
        self._check_waiting()
        self._check_end(number, proofs)

    def _check_waiting(self) -> None:
        waiting, self.waiting = self.waiting, []
        self.signatures.check(waiting)

    def _line(self, number: int, line: bytes, proofs: Any) -> None:
        item = parse(line, "line")
        index, jws, typ = item.get("index"), item.get("jws"), item.get("type")
        if item.get("erased") is True:
            leaf = decode(item.get("leaf_hash"))
            need(len(leaf) == 32, "its hash has not 32 bytes.")  # noqa: PLR2004 - SHA-256
            self._note_erased(index)
            self._ends(index, None)
        else:
            need(
                isinstance(jws, str) and typ in (RECEIPT, NOTICE, BUILD, KEY, ERASURE),
                "it is no leaf of a log.",
            )
            payload, kid = self.signatures.payload(str(jws), str(typ))
            self.waiting.append((f"leaves.ndjson, line {number}", str(jws), kid))
            leaf = hashlib.sha256(b"\0" + str(jws).encode()).digest()
            need(payload.get("site") == self.site, f"it belongs to the site {payload.get('site')!r}.")
            self._content(number, str(typ), str(jws), payload, index)
        self._place(index, typ, leaf, proofs)

    def _note_erased(self, index: object) -> None:
        self.erased_count += 1
        if type(index) is int:
            if self.erased and self.erased[-1][1] == index - 1:
                self.erased[-1][1] = index
            else:
                self.erased.append([index, index])

    def _content(self, number: int, typ: str, jws: str, payload: dict[str, Any], index: Any) -> None:
        try:
            if typ in (RECEIPT, NOTICE):
                name = f"notices/{payload['notice']['sha256']}.json"
                self._name(name, number)
                check_fit(typ, payload, self.asked[name])
            if typ in (RECEIPT, BUILD) and payload.get("widget"):
                self._name(f"builds/{payload['widget']['sha256']}.js", number)
            if typ == KEY:
                self.dates.append((payload["key"]["kid"], payload["key"]["nbf"], payload["key"].get("exp")))
            if typ == ERASURE:
                ranges = [(int(first), int(last)) for first, last in payload["ranges"]]
                before = index if type(index) is int else self.note.size
                need(all(last < before for _, last in ranges), "it states the erasure of leaves after it.")
                self.stated += ranges
            if typ == RECEIPT:
                self._receipt(number, jws, payload)
            self._ends(index, int(payload["id"].replace("-", "")[:12], 16))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Wrong("it does not say what such a leaf must say.") from None

    def _name(self, name: str, number: int) -> None:
        if name not in self.named:
            need(
                name in self.pack.sizes, f"{name}: it is missing, and leaves.ndjson, line {number}, names it."
            )
            self.named.add(name)

    def _receipt(self, number: int, jws: str, payload: dict[str, Any]) -> None:
        previous = payload.get("previous") or {"id": None, "sha256": None}
        hashed = hashlib.sha256(jws.encode()).hexdigest()
        row = (payload["id"], number, hashed, previous["id"], previous["sha256"])
        try:
            self.scratch.execute("INSERT INTO receipt VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            raise Wrong(f"the receipt {payload['id']} stands in the pack twice.") from None
        self.states[payload["state"]] = self.states.get(payload["state"], 0) + 1

    def _ends(self, index: object, time: int | None) -> None:
        """Check that the first and last leaf of a range lie outside of the times that were asked for."""
        if not self.part:
            return
        since, until = (self.part.get(name) and milliseconds(self.part[name]) for name in ("from", "to"))
        early = index != self.first or self.first == 0 or (time and since and time < since - SLACK)
        need(early, "the range begins too late: leaves before it may be of the time asked for.")
        late = (
            index != self.end - 1 or self.end == self.note.size or (time and until and time >= until + SLACK)
        )
        need(late, "the range ends too early: leaves after it may be of the time asked for.")

    def _place(self, index: Any, typ: object, leaf: bytes, proofs: Any) -> None:
        if self.next < self.end:
            need(
                type(index) is int and index == self.next, f"its index is {index!r}; the next is {self.next}."
            )
            self.next += 1
        else:
            what = "after the leaves of the range stand only statements of erasures."
            need(not self.part or typ == ERASURE, what)
            beyond = index is None or (self.part and type(index) is int and index >= self.end)
            need(beyond, f"its index is {index!r}, and the checkpoint covers {self.note.size} leaves.")
        if proofs is not None and index is not None:
            self._prove(index, leaf, *next(proofs, ("after the last", b"{}")))
        elif index is not None:
            self.tree.add(leaf)

    def _prove(self, index: int, leaf: bytes, number: object, proof: bytes) -> None:
        place = f"proofs.ndjson, line {number}"
        value = parse(proof, place)
        need(value.get("index") == index, f"{place}: it is not the proof of the leaf {index}.")
        try:
            path = [decode(encoded) for encoded in value["hashes"]]
        except (KeyError, TypeError, Wrong):
            raise Wrong(f"{place}: its hashes are none.") from None
        holds = index < self.note.size and included(leaf, index, self.note.size, path, self.note.root)
        need(holds, f"{place}: it does not show that the leaf {index} is in the log.")

    def _check_end(self, number: int, proofs: Any) -> None:
        last = f"leaves.ndjson, line {number}"
        need(self.next == self.end, f"{last}: the leaves end here, before the leaf {self.next}.")
        if proofs is None:
            whole = self.tree.root() == self.note.root
            need(whole, f"{last}: the leaves do not have the root that the checkpoint states.")
        else:
            need(next(proofs, None) is None, "proofs.ndjson: there are more proofs than leaves.")
        unstated = first_outside(self.erased, self.stated)
        if unstated is not None:
            line = unstated - self.first + 2
            detail = f"the leaf {unstated} was erased, and no signed statement says so."
            raise Wrong(f"leaves.ndjson, line {line}: {detail}")
        self._check_previous()
        for name in self.pack.sizes:
            need(
                not name.startswith(("notices/", "builds/")) or name in self.named,
                f"{name}: no leaf names it.",
            )

    def check_dates(self, keys: list[dict[str, Any]]) -> None:
        """Compare the dates of the pack's keys with those that the log states, as far as it does."""
        for key in keys:
            kid, came, went = key["kid"], key.get("nbf"), key.get("exp")
            all_came = {one for name, one, _ in self.dates if name == kid}
            all_went = {one for name, _, one in self.dates if name == kid and one is not None}
            same = not all_came or came in all_came
            same = same and (went is None or not all_went or went in all_went)
            need(
                same,
                f"leaves.ndjson, line 1: the key {kid} came or went at another time than the log states.",
            )

    def _check_previous(self) -> None:
        find = (
            "SELECT a.line FROM receipt a JOIN receipt b ON b.id = a.previous "
            "WHERE a.said <> b.hash ORDER BY a.line"
        )
        other = self.scratch.execute(find).fetchone()
        need(not other, f"leaves.ndjson, line {other and other[0]}: the receipt before it has another hash.")
        find = (
            "SELECT count(DISTINCT previous), min(line) FROM receipt "
            "WHERE previous NOT IN (SELECT id FROM receipt)"
        )
        missing, line = self.scratch.execute(find).fetchone()
        known = self.part or missing <= self.erased_count
        need(
            known, f"leaves.ndjson, line {line}: a receipt that it names as the one before is not in the log."
        )


def first_outside(erased: list[list[int]], stated: list[tuple[int, int]]) -> int | None:
    """Return the first erased index that no statement names."""
    stated = sorted(stated)
    place, reached = 0, -1
    for first, last in erased:
        while True:
            while place < len(stated) and stated[place][0] <= max(first, reached + 1):
                reached, place = max(reached, stated[place][1]), place + 1
            if reached >= last:
                break
            if place == len(stated) or stated[place][0] > max(first, reached + 1):
                return max(first, reached + 1)
    return None


def milliseconds(text: str) -> int:
    """Return a time as Unix milliseconds."""
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)  # noqa: UP017 - Python 3.8
    return round(moment.timestamp() * 1000)


def check_stamps(pack: Pack, note: Note, log_key: str, roots: str | None, folder: Path) -> Iterator[str]:
    """Check time stamps (RFC 3161) with openssl; yield what each shows."""
    sizes = {name[11:].split(".")[0] for name in pack.sizes if name.startswith("timestamps/")}
    for size in sorted(sizes, key=int):
        name = f"timestamps/{size}"
        text = pack.text(f"{name}.txt")
        stamped = named(f"{name}.txt", lambda: Note(text, log_key, folder))  # noqa: B023 - called at once
        path = parse(pack.read(f"{name}.json"), f"{name}.json").get("hashes")
        hashes = named(f"{name}.json", lambda: [decode(encoded) for encoded in path or []])  # noqa: B023 - as above
        growth = stamped.size == int(size) and grew(stamped, note, hashes)
        need(growth, f"{name}.json: it does not show that the log grew from this checkpoint.")
        (folder / "stamp").write_bytes(pack.read(f"{name}.tsr"))
        holds, said = run("openssl", "ts", "-reply", "-in", str(folder / "stamp"), "-text")
        dump = re.findall(r"^ +[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){16})", said, re.MULTILINE)
        imprint = "".join(dump[:2]).replace(" ", "").replace("-", "")
        of_this = holds and "Granted" in said and imprint == hashlib.sha256(text.encode()).hexdigest()
        need(of_this, f"{name}.tsr: it is no time stamp of {name}.txt.")
        if roots:
            (folder / "text").write_text(text, encoding="utf-8")
            words = ("-data", str(folder / "text"), "-in", str(folder / "stamp"), "-CAfile", roots)
            holds, _ = run("openssl", "ts", "-verify", *words)
            need(holds, f"{name}.tsr: no authority among your roots stands for it (openssl).")
        time = next(iter(re.findall(r"^Time stamp: (.*)$", said, re.MULTILINE)), "?")
        yield f"The first {size} leaves are stamped {time}" + (
            "." if roots else ", by whom: see --tsa-roots."
        )


def check_pictures(pack: Pack, manifest: dict[str, Any]) -> None:
    """Check that each series of pictures is of this site and its notices, and what its index says."""
    files = {name: file["sha256"] for name, file in manifest["files"].items() if name.startswith("pictures/")}
    for folder in sorted({name.rpartition("/")[0] for name in files}):
        name = f"{folder}/snapshot.json"
        need(name in files, f"{name}: it is missing, and there are pictures beside it.")
        index = parse(pack.read(name), name)
        try:
            of_this = index["site"] == manifest["site"]
            shown = any(f"notices/{one['sha256']}.json" in pack.sizes for one in index["notices"].values())
            listed = {f"{folder}/{one['file']}": one["sha256"] for one in index["pictures"]}
        except (KeyError, TypeError, AttributeError):
            raise Wrong(f"{name}: it is no index of pictures.") from None
        need(of_this and shown, f"{name}: its pictures are not of this site and its notices.")
        here = {one: sha256 for one, sha256 in files.items() if one.startswith(f"{folder}/") and one != name}
        need(here == listed, f"{name}: the pictures beside it are not those that it names.")


def named(name: str, check: Any) -> Any:
    """Put a file's name in front of what is wrong with it."""
    try:
        return check()
    except (Wrong, ValueError, IndexError) as error:
        raise Wrong(f"{name}: {error}") from None


def verify(options: argparse.Namespace, folder: Path) -> Iterable[str]:
    """Verify a pack; return what it shows."""
    pack = Pack(Path(options.pack))
    manifest = check_files(pack)
    head = parse(next(islice(pack.chunks("leaves.ndjson", lines=True), 1), b""), "leaves.ndjson, line 1")
    for name, member, content in (
        ("keys/jwks.json", "keys", parse(pack.read("keys/jwks.json"), "keys/jwks.json")),
        ("keys/log-key.txt", "log_key", pack.text("keys/log-key.txt").strip()),
        ("checkpoint.txt", "checkpoint", pack.text("checkpoint.txt")),
        ("manifest.json", "site", manifest.get("site")),
    ):
        need(head.get(member) == content, f"{name}: it is not the one in the first line of leaves.ndjson.")
    jwks = parse(Path(options.keys).read_bytes(), options.keys) if options.keys else head["keys"]
    log_key = Path(options.log_key).read_text(encoding="utf-8") if options.log_key else head["log_key"]
    note = named("checkpoint.txt", lambda: Note(head["checkpoint"], log_key, folder))
    need(
        note.origin.endswith(f"/v1/{manifest.get('site')}"),
        "manifest.json: the pack is not of this log's site.",
    )
    leaves = Leaves(pack, manifest, note, Signatures(jwks, folder))
    leaves.check()
    if not options.keys and not leaves.part:
        leaves.check_dates(head["keys"]["keys"])
    check_pictures(pack, manifest)
    said = [*check_stamps(pack, note, log_key, options.tsa_roots, folder)]
    counts = ", ".join(f"{count} {state}" for state, count in sorted(leaves.states.items()))
    what = (
        f"leaves {leaves.first} to {leaves.end - 1} of {note.size}"
        if leaves.part
        else f"all {note.size} leaves"
    )
    said.insert(0, f"The pack holds: {what} of the log {note.origin}.")
    said.insert(1, f"{sum(leaves.states.values())} receipts verified" + (f": {counts}." if counts else "."))
    if not (options.keys and options.log_key):
        said.append("Keys were the pack's own; with --keys and --log-key it is checked against yours.")
    return said


def main() -> int:
    """Run from a command line."""
    parser = argparse.ArgumentParser(description="Verify a consent pack.")
    here = Path(__file__).resolve().parent
    parser.add_argument("pack", nargs="?", default=here, help="the zip, or a folder; without it, this folder")
    parser.add_argument("--keys", help="a JWK Set that you hold, to trust instead of the pack's")
    parser.add_argument("--log-key", help="the log's verifier key that you hold, likewise")
    parser.add_argument("--tsa-roots", help="PEM certificates of time stamp authorities that you trust")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write("\n".join(verify(options, Path(folder))) + "\n")
    except Wrong as error:
        sys.stderr.write(f"This pack does not hold. {error}\n")
        return 1
    except (FileNotFoundError, PermissionError) as error:
        sys.stderr.write(f"{error.filename} cannot be used: {error.strerror}.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
