"""The kinds of keys: how the value of each is read from a table, and how a JSON Schema describes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from consent_server.catalog.flaws import did_you_mean, listing
from consent_server.catalog.lifespan import PATTERNS, Lifespan, parse_lifespan

if TYPE_CHECKING:
    from consent_server.catalog.fields import Table
    from consent_server.catalog.forms import Form

_Value = TypeVar("_Value")
_Word = TypeVar("_Word", bound=str)

SOMETHING = r"\S"
"""Any text that is not blank, as a regular expression of ECMA-262."""


class Key(ABC, Generic[_Value]):
    """One key of a table. `says` tells a lawyer what it is for.

    `missing` is the rule that its absence breaks; `default` stands for what is absent or cannot be read.
    """

    name: str
    required = False
    default: Any = None

    def __init__(self, says: str, *, missing: str = "key-missing") -> None:
        self.says = says
        self.missing = missing

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def example(self, table: Table) -> str:  # noqa: ARG002 - those with languages or headers need it
        """Return what to write where the key is missing."""
        return f'{self.name} = "…"'

    @abstractmethod
    def read(self, table: Table) -> _Value:
        """Read the value; what is wrong with it becomes a flaw of the table."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of the value, without its description."""


class Declared:
    """The keys of one table, each an attribute under the name that it has in the file."""

    @classmethod
    def all(cls) -> tuple[Key[Any], ...]:
        """Return the declared keys, in order."""
        return tuple(value for value in vars(cls).values() if isinstance(value, Key))

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the declared keys, in order."""
        return [key.name for key in cls.all()]


class Text(Key[str]):
    """A text that is not empty, of a form where one is given; required where there is no default."""

    def __init__(
        self, says: str, form: Form | None = None, default: str = "", *, missing: str = "key-missing"
    ) -> None:
        super().__init__(says, missing=missing)
        self.form = form
        self.default = default
        self.required = not default

    def read(self, table: Table) -> str:
        """Read the text; "" where it is missing."""
        value = str(table.value(self, str))
        if self.name in table.values and value:
            self._check(table, value)
        elif self.name in table.values and table.values[self.name] == "":
            table.text_holds(self.name, "")
        return value

    def schema(self) -> dict[str, Any]:
        """Describe a text of this form."""
        form = dict(self.form.schema) if self.form else {"pattern": SOMETHING}
        default = {"default": self.default} if self.default else {}
        return {"type": "string", "minLength": 1, **form, **default}

    def _check(self, table: Table, value: str) -> None:
        problem = self.form.check(value) if table.text_holds(self.name, value) and self.form else None
        if self.form and problem:
            table.wrong(self, self.form.rule, problem)


class OptionalText(Key[str | None]):
    """A text that may be absent."""

    def __init__(self, says: str, form: Form) -> None:
        super().__init__(says)
        self.form = form
        self._text = Text(says, form)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self._text.name = name

    def read(self, table: Table) -> str | None:
        """Read the text; None where it is absent."""
        table.taken.append(self.name)
        return self._text.read(table) if self.name in table.values else None

    def schema(self) -> dict[str, Any]:
        """Describe a text of this form."""
        return self._text.schema()


class Choice(Key[_Word]):
    """One of some words."""

    def __init__(self, says: str, allowed: tuple[_Word, ...], default: _Word) -> None:
        super().__init__(says)
        self.allowed = allowed
        self.default: _Word = default

    def read(self, table: Table) -> _Word:
        """Read the word; the default where it is absent or unknown."""
        return self.among(table, self.allowed, self.default)

    def among(self, table: Table, allowed: tuple[_Word, ...], default: _Word) -> _Word:
        """Read the word where only some of them fit."""
        found = table.value(self, str) if self.name in table.values else default
        return choose(table, self, found, allowed) or default

    def schema(self) -> dict[str, Any]:
        """Describe the words."""
        return {"enum": list(self.allowed), "default": self.default}


class OptionalChoice(Key[_Word | None]):
    """One of some words, or nothing."""

    def __init__(self, says: str, allowed: tuple[_Word, ...]) -> None:
        super().__init__(says)
        self.allowed = allowed

    def read(self, table: Table) -> _Word | None:
        """Read the word; None where it is absent or unknown."""
        return choose(table, self, table.value(self, str), self.allowed)

    def schema(self) -> dict[str, Any]:
        """Describe the words."""
        return {"enum": list(self.allowed)}


def choose(table: Table, key: Key[Any], found: str | None, allowed: tuple[_Word, ...]) -> _Word | None:
    """Return the allowed word that was found, else None, with a flaw for any other."""
    for word in allowed:
        if found == word:
            return word
    if found is not None and type(table.values.get(key.name)) is str:
        hint = did_you_mean(found, allowed)
        table.wrong(
            key, "word-unknown", f"{key.name} cannot be {found!r}: write one of {listing(allowed)}{hint}"
        )
    return None


class Flag(Key[bool]):
    """True or false."""

    def __init__(self, says: str, *, default: bool) -> None:
        super().__init__(says)
        self.default = default

    def read(self, table: Table) -> bool:
        """Read the value."""
        return bool(table.value(self, bool))

    def schema(self) -> dict[str, Any]:
        """Describe true or false."""
        return {"type": "boolean", "default": self.default}


class Number(Key[int]):
    """A whole number from 0 to `highest`."""

    def __init__(self, says: str, default: int, highest: int) -> None:
        super().__init__(says)
        self.default = default
        self.highest = highest

    def read(self, table: Table) -> int:
        """Read the number."""
        value = int(table.value(self, int))
        if 0 <= value <= self.highest:
            return value
        table.wrong(
            self,
            "number-range",
            f"{self.name} is out of range: write a whole number from 0 to {self.highest}",
        )
        return int(self.default)

    def schema(self) -> dict[str, Any]:
        """Describe the range."""
        return {"type": "integer", "minimum": 0, "maximum": self.highest, "default": self.default}


class Length(Key[Lifespan | None]):
    """A lifespan; required where there is no default, and `endless` where it needs no length."""

    def __init__(
        self, says: str, default: str | None = None, *, endless: bool = False, missing: str = "key-missing"
    ) -> None:
        super().__init__(says, missing=missing)
        self.default = default
        self.required = default is None
        self.endless = endless

    def example(self, table: Table) -> str:  # noqa: ARG002 - as its parent
        """Return a lifespan."""
        return f'{self.name} = "2 years"'

    def read(self, table: Table) -> Lifespan | None:
        """Read the lifespan; None where it is missing or cannot be read."""
        value = table.value(self, str)
        try:
            found = None if value is None else parse_lifespan(value)
        except ValueError as error:
            table.wrong(self, "lifespan-unreadable", str(error))
            return None
        if found and found.seconds is None and not self.endless:
            message = f'{self.name} needs a length: write a number and a unit such as "{self.default}"'
            table.wrong(self, "lifespan-unreadable", message)
        return found

    def schema(self) -> dict[str, Any]:
        """Describe the words of a lifespan."""
        default = {"default": self.default} if self.default else {}
        return {"type": "string", "pattern": PATTERNS[self.endless], **default}
