"""Where each key and value of a TOML file stands: tomllib gives values, tree-sitter gives places."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import tree_sitter_toml
from tree_sitter import Language, Node, Parser, Point

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        """Return where the key stands, or the header of the table that should hold it."""
        around = (keys[:length] for length in range(len(keys), 0, -1))
        return self._place(next((self.keys[near] for near in around if near in self.keys), Point(0, 0)))

    def of_value(self, keys: Keys) -> Place:
        """Return where the value stands, or its key."""
        return self._place(self.values[keys]) if keys in self.values else self.of_key(keys)

    def source(self, line: int) -> str:
        """Return the text of a line, its beginning where it is very long."""
        return self.lines[line - 1].decode("utf-8", "replace").rstrip("\r")[:_SHOWN]
