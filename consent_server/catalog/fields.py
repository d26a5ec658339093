"""Reading a table field by field: what is taken is checked, what is left over is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from consent_server.catalog.flaws import REFUSED, Flaws, did_you_mean, listing
from consent_server.catalog.lifespan import Lifespan, parse_lifespan

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from consent_server.catalog.model import Texts
    from consent_server.catalog.positions import Keys

    Check = Callable[[str], str | None]

_Word = TypeVar("_Word", bound=str)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}


@dataclass(slots=True)
class Table:
    """A table being read. Each method takes a key; a wrong value is a flaw, and a stand-in is returned.

    `languages` are the site's, None while they are not known.
    """

    flaws: Flaws
    keys: Keys
    values: Mapping[str, Any]
    languages: tuple[str, ...] | None = None
    taken: list[str] = field(default_factory=list)

    def text(self, key: str, check: Check | None = None, default: str | None = None) -> str:
        """Take a text that is not empty; required where there is no default."""
        value = self._take(key, str, default, f'{key} = "…"')
        if value is None:
            return ""
        problem = _text_flaw(key, value) or (check(value) if check else None)
        if problem:
            self.wrong(key, problem)
        return str(value)

    def optional(self, key: str, check: Check | None = None) -> str | None:
        """Take a text that may be absent."""
        self.taken.append(key)
        return self.text(key, check) if key in self.values else None

    def choice(self, key: str, allowed: tuple[_Word, ...], default: _Word) -> _Word:
        """Take one of these words."""
        value = self._take(key, str, default)
        for word in allowed:
            if value == word:
                return word
        self.wrong(
            key, f"{key} cannot be {value!r}: write one of {listing(allowed)}{did_you_mean(value, allowed)}"
        )
        return default

    def flag(self, key: str, *, default: bool) -> bool:
        """Take true or false."""
        return bool(self._take(key, bool, default))

    def number(self, key: str, default: int, highest: int) -> int:
        """Take a whole number from 0 to `highest`."""
        value = int(self._take(key, int, default))
        if not 0 <= value <= highest:
            self.wrong(key, f"{key} is out of range: write a whole number from 0 to {highest}")
            return default
        return value

    def lifespan(self, key: str, default: str | None = None) -> Lifespan | None:
        """Take a lifespan; None where it is missing or cannot be read."""
        value = self._take(key, str, default, f'{key} = "2 years"')
        try:
            return None if value is None else parse_lifespan(value)
        except ValueError as error:
            self.wrong(key, str(error))
            return None

    def strings(self, key: str, check: Check, *, required: bool = False) -> tuple[str, ...]:
        """Take a list of different texts; at least one where it is required."""
        values = self._take(key, list, None if required else [], f'{key} = ["…"]')
        if required and values == []:
            self.wrong(key, f"{key} is empty: write at least one")
        found: dict[str, None] = {}
        for index, value in enumerate(values or []):
            problem = _item_flaw(key, value, found, check)
            if problem:
                self.flaws.at_value((*self.keys, key, index), problem)
            if isinstance(value, str):
                found[value] = None
        return tuple(found)

    def texts(self, key: str) -> Texts:
        """Take a text in every language of the site."""
        first = (self.languages or ("en",))[0]
        if isinstance(self.values.get(key), str):
            self.taken.append(key)
            self.wrong(key, f'{key} needs a text in each language: write {key}.{first} = "…"')
            return {}
        values: dict[str, Any] | None = self._take(key, dict, None, f'{key}.{first} = "…"')
        if values is None:
            return {}
        for language in values:
            self._translation(key, language, values[language])
        for language in self.languages or ():
            if language not in values:
                self.flaws.at_key(
                    (*self.keys, key), f'{key} is missing in "{language}": add {key}.{language} = "…"'
                )
        return values

    def optional_texts(self, key: str) -> Texts | None:
        """Take a text in every language of the site, which may be absent altogether."""
        self.taken.append(key)
        return self.texts(key) if key in self.values else None

    def table(self, key: str) -> Table | None:
        """Take a required table inside this one."""
        header = ".".join(str(part) for part in (*self.keys, key))
        values = self._take(key, dict, None, f"a table [{header}]")
        return None if values is None else Table(self.flaws, (*self.keys, key), values, self.languages)

    def tables(self, key: str) -> Iterator[tuple[str, Table]]:
        """Take the named tables below a key, such as every [service.…]."""
        for name, values in self._take(key, dict, {}).items():
            keys = (*self.keys, key, name)
            if isinstance(values, dict):
                yield name, Table(self.flaws, keys, values, self.languages)
            else:
                self.flaws.at_key(
                    keys, f"{name!r} stands outside any {key}: write [{key}.its-id] above its keys"
                )

    def array(self, key: str) -> Iterator[Table]:
        """Take the rows of a list of tables, such as every [[cookie]]."""
        rows = self.values.get(key, [])
        self.taken.append(key)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.flaws.at_key(
                (*self.keys, key), f"{key} is a list of rows: write [[{key}]] above the keys of each"
            )
            return
        for index, row in enumerate(rows):
            yield Table(self.flaws, (*self.keys, key, index), row, self.languages)

    def wrong(self, key: str, message: str) -> None:
        """Add a flaw at the value of a key."""
        self.flaws.at_value((*self.keys, key), message)

    def finish(self) -> None:
        """Report every key that nothing has taken."""
        for key in self.values:
            if key in self.taken:
                continue
            if key in REFUSED:
                message = f"remove {key!r}: {REFUSED[key]}"
            else:
                known = sorted(set(self.taken))
                hint = did_you_mean(key, known) or f": known here are {listing(known)}"
                message = f"unknown {_word(self.values[key])} {key!r}{hint}"
            self.flaws.at_key((*self.keys, key), message)

    def _take(self, key: str, kind: type, default: Any, example: str = "") -> Any:
        self.taken.append(key)
        value = self.values.get(key, default)
        if key not in self.values:
            if default is None:
                self.flaws.at_key(self.keys, f"{key} is missing: add {example}")
        elif type(value) is not kind:
            self.wrong(key, f"{key} must be {_KINDS[kind]}, not {_KINDS.get(type(value), 'a date or time')}")
            return default
        return value

    def _translation(self, key: str, language: str, text: Any) -> None:
        keys = (*self.keys, key, language)
        if not isinstance(text, str):
            self.flaws.at_value(keys, f"{key}.{language} must be a text")
        elif self.languages is not None and language not in self.languages:
            self.flaws.at_key(
                keys,
                f'this site has no language "{language}"{did_you_mean(language, self.languages)}: '
                f"remove this text, or add the language to languages in [site]",
            )
        elif problem := _text_flaw(f"{key}.{language}", text):
            self.flaws.at_value(keys, problem)


def _word(value: Any) -> str:
    rows = isinstance(value, list) and value and isinstance(value[0], dict)
    return "table" if rows or isinstance(value, dict) else "key"


def _item_flaw(key: str, value: Any, earlier: Container[str], check: Check) -> str | None:
    if not isinstance(value, str):
        return f"{key} is a list of texts: put this in quotes"
    return f"{value!r} is listed twice: remove one" if value in earlier else check(value)


def _text_flaw(key: str, text: str) -> str | None:
    if not text.strip():
        return f"{key} is empty: write a text"
    if _CONTROL.search(text):
        return f"{key} holds a control character: remove it"
    return None
