"""Where each key and value of a TOML file stands: tomllib gives values, tree-sitter gives places."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Point

Keys: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys, and the index in an array."""

Place: TypeAlias = tuple[int, int]
"""Line and column, counted from 1, the column in characters."""

_TOML = Language(tree_sitter_toml.language())
_DEEPEST = 8
_SHOWN = 200
_KEY_TYPES = {"bare_key", "quoted_key"}


@dataclass(slots=True)
class Positions:
    """The places in one file. What was not found is looked for in the tables around it."""

    lines: list[bytes]
    keys: dict[Keys, Point] = field(default_factory=dict)
    values: dict[Keys, Point] = field(default_factory=dict)

    def of_key(self, keys: Keys) -> Place:
        """Return where the key stands, or the header of the table that should hold it; 0, 0 for the file."""
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.keys:
                return self._place(self.keys[keys[:length]])
        return 0, 0

    def of_value(self, keys: Keys) -> Place:
        """Return where the value stands, or its key."""
        return self._place(self.values[keys]) if keys in self.values else self.of_key(keys)

    def excerpt(self, line: int, column: int) -> tuple[str, int]:
        """Return the text of a line and the column in it; of a very long line, the part around the column."""
        if not line:
            return "", 0
        text = self.lines[line - 1].decode("utf-8", "replace").rstrip("\r")
        return excerpt(text, column)

    def _place(self, point: Point) -> Place:
        row, column = point.row, point.column
        return row + 1, len(self.lines[row][:column].decode("utf-8", "replace")) + 1


def excerpt(text: str, column: int) -> tuple[str, int]:
    """Return a line and the column in it, both from 1; of a very long line, the part around the column."""
    if len(text) <= _SHOWN:
        return text, column
    start = max(0, column - _SHOWN // 2)
    before = "…" if start else ""
    after = "…" if start + _SHOWN < len(text) else ""
    return f"{before}{text[start : start + _SHOWN]}{after}", column - start + len(before)


def locate(source: bytes) -> Positions:
    """Find every key and value in a TOML file that tomllib has accepted."""
    positions = Positions(source.split(b"\n"))
    arrays: dict[Keys, int] = {}
    for node in Parser(_TOML).parse(source).root_node.named_children:
        if node.type == "pair":
            _pair(positions, (), node)
        elif node.type in {"table", "table_array_element"}:
            _table(positions, arrays, node)
    return positions


def _table(positions: Positions, arrays: dict[Keys, int], node: Node) -> None:
    header, *rest = (child for child in node.named_children if child.type != "comment")
    keys: Keys = ()
    parts = list(_parts(header))
    for count, (name, part) in enumerate(parts, start=1):
        keys = (*keys, name)
        positions.keys.setdefault(keys, part.start_point)
        if count == len(parts) and node.type == "table_array_element":
            arrays[keys] = arrays.get(keys, -1) + 1
        if keys in arrays:
            keys = (*keys, arrays[keys])
    positions.keys[keys] = header.start_point
    for pair in rest:
        if pair.type == "pair":
            _pair(positions, keys, pair)


def _pair(positions: Positions, around: Keys, node: Node) -> None:
    key, *values = (child for child in node.named_children if child.type != "comment")
    keys = around
    for name, part in _parts(key):
        keys = (*keys, name)
        positions.keys.setdefault(keys, part.start_point)
    if values and len(keys) <= _DEEPEST:
        _value(positions, keys, values[0])


def _value(positions: Positions, keys: Keys, node: Node) -> None:
    positions.values[keys] = node.start_point
    inside = (child for child in node.named_children if child.type != "comment")
    if node.type == "inline_table":
        for pair in inside:
            _pair(positions, keys, pair)
    elif node.type == "array" and len(keys) <= _DEEPEST:
        for index, item in enumerate(inside):
            _value(positions, (*keys, index), item)


def _parts(key: Node) -> Iterator[tuple[str, Node]]:
    """Yield the names in a key, dotted or not; the grammar nests dotted keys to the left."""
    waiting = [key]
    while waiting:
        node = waiting.pop()
        if node.type in _KEY_TYPES:
            yield _name(node), node
        else:
            waiting.extend(reversed(node.named_children))


def _name(node: Node) -> str:
    text = (node.text or b"").decode()
    return text if node.type == "bare_key" else next(iter(tomllib.loads(f"{text} = 0")))
