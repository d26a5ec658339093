"""The kinds of keys that hold several values or tables: lists, texts in each language, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_server.catalog.flaws import did_you_mean
from consent_server.catalog.kinds import Declared, Key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from consent_server.catalog.fields import Table
    from consent_server.catalog.forms import Form
    from consent_server.catalog.model import Texts


class Strings(Key[tuple[str, ...]]):
    """A list of different texts of one form; at least one where it is required."""

    def __init__(self, says: str, form: Form, *, required: bool = False) -> None:
        super().__init__(says)
        self.form = form
        self.required = required

    def example(self, table: Table) -> str:  # noqa: ARG002 - as its parent
        """Return a list."""
        return f'{self.name} = ["…"]'

    def read(self, table: Table) -> tuple[str, ...]:
        """Read the entries that are texts."""
        values = table.value(self, list)
        if self.required and values == []:
            table.wrong(self, "list-empty", f"{self.name} is empty: write at least one")
        found: dict[str, None] = {}
        for index, value in enumerate(values or []):
            problem = self._problem(value, found)
            if problem:
                table.flaws.at_value((*table.keys, self.name, index), *problem)
            if isinstance(value, str):
                found[value] = None
        return tuple(found)

    def schema(self) -> dict[str, Any]:
        """Describe the list and its entries."""
        least = {"minItems": 1} if self.required else {}
        items = {"type": "string", **self.form.schema}
        return {"type": "array", "items": items, "uniqueItems": True, **least}

    def _problem(self, value: Any, earlier: Mapping[str, None]) -> tuple[str, str] | None:
        if not isinstance(value, str):
            return "value-type", f"{self.name} is a list of texts: put this in quotes"
        if value in earlier:
            return "list-twice", f"{value!r} is listed twice: remove one"
        problem = self.form.check(value)
        return (self.form.rule, problem) if problem else None


class Translations(Key["Texts"]):
    """A text in every language of the site."""

    required = True

    def example(self, table: Table) -> str:
        """Return the text in the default language."""
        return f'{self.name}.{(table.languages or ("en",))[0]} = "…"'

    def read(self, table: Table) -> Texts:
        """Read the texts by language; none where they cannot be read."""
        if isinstance(table.values.get(self.name), str):
            table.taken.append(self.name)
            message = f"{self.name} needs a text in each language: write {self.example(table)}"
            table.wrong(self, "value-type", message)
            return {}
        values: dict[str, Any] = table.value(self, dict) or {}
        for language, text in values.items():
            self._translation(table, language, text)
        for language in (table.languages or ()) if values else ():
            if language not in values:
                message = f'{self.name} is missing in "{language}": add {self.name}.{language} = "…"'
                table.flaws.at_key((*table.keys, self.name), "translation-missing", message)
        return values

    def schema(self) -> dict[str, Any]:
        """Describe a text for each language tag (BCP 47)."""
        return {"$ref": "#/$defs/texts"}

    def _translation(self, table: Table, language: str, text: Any) -> None:
        keys, name = (*table.keys, self.name, language), f"{self.name}.{language}"
        if not isinstance(text, str):
            table.flaws.at_value(keys, "value-type", f"{name} must be a text")
        elif table.languages is not None and language not in table.languages:
            table.flaws.at_key(
                keys,
                "translation-unknown",
                f'this site has no language "{language}"{did_you_mean(language, table.languages)}: '
                f"remove this text, or add the language to languages in [site]",
            )
        else:
            table.text_holds(name, text, self.name, language)


class OptionalTranslations(Key["Texts | None"]):
    """A text in every language of the site, which may be absent altogether."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self._texts = Translations(says)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self._texts.name = name

    def read(self, table: Table) -> Texts | None:
        """Read the texts by language; None where they are absent."""
        table.taken.append(self.name)
        return self._texts.read(table) if self.name in table.values else None

    def schema(self) -> dict[str, Any]:
        """Describe a text for each language tag (BCP 47)."""
        return self._texts.schema()


class Inner(Key["Table | None"]):
    """A table inside this one."""

    def __init__(self, says: str, declared: type[Declared], *, required: bool = True) -> None:
        super().__init__(says)
        self.declared = declared
        self.required = required

    def example(self, table: Table) -> str:
        """Return the table's header."""
        return f"a table [{'.'.join(str(part) for part in (*table.keys, self.name))}]"

    def read(self, table: Table) -> Table | None:
        """Open the table; None where it is absent."""
        values = table.value(self, dict)
        return None if values is None else table.inner((self.name,), values, self.declared)

    def schema(self) -> dict[str, Any]:
        """Point at the table's own description."""
        return {"$ref": f"#/$defs/{self.name}"}


class Named(Key["Iterator[tuple[str, Table]]"]):
    """Tables below a key, each under an id of its own, such as every [service.…]."""

    def __init__(self, says: str, declared: type[Declared], form: Form) -> None:
        super().__init__(says)
        self.declared = declared
        self.form = form

    def read(self, table: Table) -> Iterator[tuple[str, Table]]:
        """Open each table, in the order of the file."""
        for name, values in (table.value(self, dict) or {}).items():
            if isinstance(values, dict):
                yield name, table.inner((self.name, name), values, self.declared)
            else:
                table.flaws.at_key(
                    (*table.keys, self.name, name),
                    "table-misplaced",
                    f"{name!r} stands outside any {self.name}: write [{self.name}.its-id] above its keys",
                )

    def schema(self) -> dict[str, Any]:
        """Describe the ids, and point at the tables' own description."""
        tables = {"$ref": f"#/$defs/{self.name}"}
        return {"type": "object", "propertyNames": dict(self.form.schema), "additionalProperties": tables}


class Rows(Key["Iterator[Table]"]):
    """A list of tables, such as every [[cookie]]."""

    def __init__(self, says: str, declared: type[Declared]) -> None:
        super().__init__(says)
        self.declared = declared

    def read(self, table: Table) -> Iterator[Table]:
        """Open each row, in the order of the file."""
        rows = table.values.get(self.name, [])
        table.taken.append(self.name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            message = f"{self.name} is a list of rows: write [[{self.name}]] above the keys of each"
            table.flaws.at_key((*table.keys, self.name), "table-misplaced", message)
            return
        for index, row in enumerate(rows):
            yield table.inner((self.name, index), row, self.declared)

    def schema(self) -> dict[str, Any]:
        """Point at the rows' own description."""
        return {"type": "array", "items": {"$ref": f"#/$defs/{self.name}"}}
