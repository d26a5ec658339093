"""What goes into a pack: the log, or the part of it that holds the leaves of some days, and all they name."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from consent_server.consent.export import line_of
from consent_server.errors import LogDamaged, NotSealed
from consent_server.evidence import tiles
from consent_server.evidence.checkpoint import parse
from consent_server.evidence.note import split
from consent_server.evidence.order import BACK
from consent_server.evidence.pack.layout import (
    CHECKPOINT,
    JWKS,
    LEAVES,
    LOG_KEY,
    PROOFS,
    Part,
    hash_in,
    picture_file,
    stamp_files,
)
from consent_server.evidence.pack.links import named_files
from consent_server.evidence.pack.pictures import INDEX, check_shown, read_index
from consent_server.evidence.pack.proving import encode, proof_lines
from consent_server.evidence.pack.writing import PackWriter
from consent_server.evidence.signing import ERASURE_TYPE
from consent_server.evidence.verify import parse_jws

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from consent_server.consent.export import Exporter
    from consent_server.consent.publisher import Shelf
    from consent_server.consent.stored import Leaf, Stamp
    from consent_server.evidence.tiles import Tile

Pictures: TypeAlias = "Mapping[str, bytes]"
"""A series of pictures: `snapshot.json` and what it names, by their names."""
_PAGE = 500
_TILES_KEPT = 64


@dataclass(slots=True)
class Plan:
    """What one pack will hold. `size` is that of the checkpoint; `lines` goes on after the head."""

    site: str
    head: Mapping[str, Any]
    lines: Iterator[str]
    size: int
    part: Part | None

    @property
    def steps(self) -> int:
        """How many steps writing takes, about."""
        return 2 * (self.part.end - self.part.first) if self.part else self.size


class Packer:
    """Makes packs in constant memory. `clock` returns Unix milliseconds.

    `stamps` returns the time stamps on a site's checkpoints.
    """

    def __init__(
        self,
        exporter: Exporter,
        shelf: Shelf,
        clock: Callable[[], int],
        stamps: Callable[[str], Iterable[Stamp]] = lambda _: (),
    ) -> None:
        self._exporter = exporter
        self._shelf = shelf
        self._clock = clock
        self._stamps = stamps

    def plan(self, site: str, since: int | None = None, until: int | None = None) -> Plan:
        """Choose the leaves from `since` to before `until` (Unix milliseconds); without both the whole log.

        Raises NotSealed where there is no checkpoint yet.
        """
        lines = self._exporter.lines(site)
        head = json.loads(next(lines))
        if head["checkpoint"] is None:
            raise NotSealed(f"The log of {site} has no checkpoint yet: nothing in it can be proved.")
        size = parse(split(head["checkpoint"])[0]).size
        part = None if since is None and until is None else self._part(site, size, since, until)
        return Plan(site, head, lines, size, part)

    def write(self, plan: Plan, file: IO[bytes], pictures: Sequence[Pictures] = ()) -> Iterator[int]:
        """Write a pack into `file`, with series of pictures; yield 1 for each step done.

        Raises LogDamaged where something is lost, EvidenceInvalid for pictures of something else.
        """
        with PackWriter(file, self._clock()) as pack:
            lines = plan.lines if plan.part is None else self._part_lines(plan, plan.part)
            named: dict[str, None] = {}
            indices: list[int] = []
            with pack.lines(LEAVES) as write:
                write(_json(plan.head))
                for line in lines:
                    write(line)
                    named.update(dict.fromkeys(_named(line)))
                    if plan.part:
                        _note_later(line, plan.part.end, indices)
                    yield 1
            if plan.part:
                inside = range(plan.part.first, plan.part.end)
                yield from self._write_proofs(pack, plan, chain(inside, indices))
            self._write_named(pack, plan.site, named)
            pack.add_json(JWKS, plan.head["keys"])
            pack.add(LOG_KEY, f"{plan.head['log_key']}\n".encode())
            pack.add(CHECKPOINT, plan.head["checkpoint"].encode())
            self._write_stamps(pack, plan)
            for number, series in enumerate(pictures, 1):
                check_shown(read_index(series[INDEX]), plan.site, named)
                for name, content in series.items():
                    pack.add(picture_file(number, name), content)
            pack.finish(plan.site, plan.part)

    def _part(self, site: str, size: int, since: int | None, until: int | None) -> Part:
        """Find the indices of the leaves of a time, and at each end a leaf more that shows it is outside.

        That one is neither erased nor so near in time that sealing and clocks explain its place.
        """
        first, end = 0, size
        if since is not None:
            first = max(0, self._first_at(site, size, since - BACK) - 1)
            while first > 0 and not self._is(site, first, lambda time: time < since - BACK):
                first -= 1
        if until is not None:
            end = min(size, self._first_at(site, size, until + BACK) + 1)
            while end < size and not self._is(site, end - 1, lambda time: time >= until + BACK):
                end += 1
        return Part(first, end, since, until)

    def _is(self, site: str, index: int, wanted: Callable[[int], bool]) -> bool:
        """Tell whether a leaf has content, and a time (Unix milliseconds) that is wanted."""
        leaf = self._shelf.leaves.sealed(site, index, 1)[0]
        return leaf.jws is not None and wanted(leaf.time)

    def _first_at(self, site: str, size: int, time: int) -> int:
        """Return an index whose leaf is as new as `time` and the leaf before it older; `size` for none."""
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            if self._shelf.leaves.sealed(site, middle, 1)[0].time < time:
                low = middle + 1
            else:
                high = middle
        return low

    def _part_lines(self, plan: Plan, part: Part) -> Iterator[str]:
        erased = _Erased()
        for leaf in self._sealed(plan.site, part.first, part.end):
            erased.note(leaf)
            yield line_of(leaf)
        later = chain(self._sealed(plan.site, part.end, plan.size), self._waiting(plan))
        for leaf in later if erased.unstated > 0 else ():
            if erased.state(leaf):
                yield line_of(leaf)
            if erased.unstated <= 0:
                return

    def _sealed(self, site: str, start: int, end: int) -> Iterator[Leaf]:
        for first in range(start, end, _PAGE):
            yield from self._shelf.leaves.sealed(site, first, min(_PAGE, end - first))

    def _waiting(self, plan: Plan) -> Iterator[Leaf]:
        """Yield what the checkpoint does not cover, as the export has it: without an index."""
        state = self._shelf.logs.log(plan.site)
        after: UUID | None = None
        while leaves := self._shelf.leaves.unsealed(plan.site, after, _PAGE):
            yield from leaves
            after = leaves[-1].id
        for leaf in self._sealed(plan.site, plan.size, state.size if state else plan.size):
            yield replace(leaf, index=None)

    def _write_proofs(self, pack: PackWriter, plan: Plan, indices: Iterable[int]) -> Iterator[int]:
        with pack.lines(PROOFS) as write:
            for line in proof_lines(self._reader(plan.site), indices, plan.size):
                write(line)
                yield 1

    def _reader(self, site: str) -> tiles.Read:
        """Return a reader that remembers the tiles read last: neighbours share nearly all of theirs."""
        kept: dict[Tile, bytes] = {}

        def read(wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
            missing = [tile for tile in wanted if tile not in kept]
            if missing:
                if len(kept) > _TILES_KEPT:
                    kept.clear()
                    missing = list(wanted)
                kept.update(self._shelf.logs.tiles(site, missing))
            return kept

        return read

    def _write_named(self, pack: PackWriter, site: str, named: Iterable[str]) -> None:
        for name in named:
            sha256 = str(hash_in(name))
            if name.startswith("notices/"):
                notice = self._shelf.notices.notice(site, sha256)
                content = notice.canonical if notice else None
            else:
                content = self._shelf.builds.build(sha256)
            if content is None:
                raise LogDamaged(f"The log of {site} names {name}, and it is not in the database any more.")
            pack.add(name, content)

    def _write_stamps(self, pack: PackWriter, plan: Plan) -> None:
        read = self._reader(plan.site)
        for stamp in self._stamps(plan.site):
            if not 0 < stamp.size <= plan.size:
                continue
            token_file, stamped_file, proof_file = stamp_files(stamp.size)
            path = tiles.consistency(read, stamp.size, plan.size)
            pack.add(token_file, stamp.response)
            pack.add(stamped_file, stamp.checkpoint.encode())
            pack.add_json(proof_file, {"hashes": encode(path)})


class _Erased:
    """Keeps which leaves were erased, as ranges, and how many of them no statement has named so far."""

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self.unstated = 0

    def note(self, leaf: Leaf) -> None:
        """Take a leaf of the range: one that was erased, or a statement."""
        if leaf.jws is None and leaf.index is not None:
            self.unstated += 1
            if self._ranges and self._ranges[-1][1] == leaf.index - 1:
                self._ranges[-1] = (self._ranges[-1][0], leaf.index)
            else:
                self._ranges.append((leaf.index, leaf.index))
        else:
            self.state(leaf)

    def state(self, leaf: Leaf) -> bool:
        """Take a leaf; tell whether it is a statement that names one of those that were erased."""
        if leaf.type != ERASURE_TYPE or leaf.jws is None:
            return False
        named = sum(self._overlap(first, last) for first, last in parse_jws(leaf.jws).payload["ranges"])
        self.unstated -= named
        return named > 0

    def _overlap(self, first: int, last: int) -> int:
        place = max(0, bisect_right(self._ranges, (first, first)) - 1)
        count = 0
        while place < len(self._ranges) and self._ranges[place][0] <= last:
            begin, end = self._ranges[place]
            count += max(0, min(end, last) - max(begin, first) + 1)
            place += 1
        return count


def _named(line: str) -> Iterator[str]:
    item = json.loads(line)
    if "jws" in item:
        yield from named_files(item["type"], parse_jws(item["jws"]).payload)


def _note_later(line: str, end: int, indices: list[int]) -> None:
    index = json.loads(line).get("index", -1)
    if index >= end:
        indices.append(index)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
