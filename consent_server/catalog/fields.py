"""Reading a table field by field: what is taken is checked, what is left over is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from consent_server.catalog.law import REFUSED
from consent_server.catalog.rulebook import RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.catalog.flaws import Flaws
    from consent_server.catalog.kinds import Declared, Key
    from consent_server.catalog.positions import Keys

_Value = TypeVar("_Value")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PLACEHOLDER = re.compile(r"…|\.{3}|(TODO|TBD|FIXME)(:.*)?|[Ll]orem ipsum\b.*", re.DOTALL)
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}
_LONGEST_KEY = 80


@dataclass(slots=True)
class Table:
    """A table being read. A key that is taken and holds a wrong value is a flaw; a stand-in is returned.

    `languages` are the site's, None while they are not known.
    """

    flaws: Flaws
    keys: Keys
    values: Mapping[str, Any]
    declared: type[Declared]
    languages: tuple[str, ...] | None = None
    taken: list[str] = field(default_factory=list)

    def take(self, key: Key[_Value]) -> _Value:
        """Read one of the declared keys."""
        return key.read(self)

    def value(self, key: Key[Any], kind: type) -> Any:
        """Return the raw value; the key's default where it is missing or of another kind."""
        self.taken.append(key.name)
        if key.name not in self.values:
            if key.required:
                self.missing(key)
            return key.default
        value = self.values[key.name]
        if type(value) is kind:
            return value
        found = _KINDS.get(type(value), "a date or time")
        self.wrong(key, "value-type", f"{key.name} must be {_KINDS[kind]}, not {found}")
        return key.default

    def inner(self, keys: Keys, values: Mapping[str, Any], declared: type[Declared]) -> Table:
        """Return a table inside this one."""
        return Table(self.flaws, (*self.keys, *keys), values, declared, self.languages)

    def missing(self, key: Key[Any]) -> None:
        """Add a flaw for a key that is not there."""
        self.flaws.at_key(self.keys, key.missing, f"{key.name} is missing: add {key.example(self)}")

    def wrong(self, key: Key[Any], rule: str, message: str) -> None:
        """Add a flaw at the value of a key."""
        self.flaws.at_value((*self.keys, key.name), rule, message)

    def misplaced(self, key: Key[Any], message: str) -> None:
        """Add a flaw at a key that means nothing here."""
        self.flaws.at_key((*self.keys, key.name), "key-misplaced", message)

    def text_holds(self, name: str, text: str, *more: str) -> bool:
        """Whether a text says something and can be shown; else a flaw is added."""
        if not text.strip():
            rule, message = "text-empty", f"{name} is empty: write a text"
        elif _CONTROL.search(text):
            rule, message = "text-control", f"{name} holds a control character: remove it"
        elif _PLACEHOLDER.fullmatch(text.strip()):
            rule, message = "text-placeholder", f"{name} is still a placeholder: write the text itself"
        else:
            return True
        self.flaws.at_value((*self.keys, *(more or (name,))), rule, message)
        return False

    def finish(self) -> None:
        """Report every key that nothing has taken."""
        known = sorted(self.declared.names())
        for name in self.values:
            if name in self.taken:
                continue
            rule = REFUSED.get(name)
            if rule:
                message = f"remove {name!r}: {RULES[rule].says} ({RULES[rule].source})"
            else:
                hint = self.flaws.hint(name, known).replace(": known are", ": known here are", 1)
                message = f"unknown {_word(self.values[name])} {name[:_LONGEST_KEY]!r}{hint}"
            self.flaws.at_key((*self.keys, name), rule or "key-unknown", message)


def _word(value: Any) -> str:
    rows = isinstance(value, list) and value and isinstance(value[0], dict)
    return "table" if rows or isinstance(value, dict) else "key"
