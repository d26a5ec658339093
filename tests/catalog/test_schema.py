"""The JSON Schema of a catalog file, held against the parser that it is made beside."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from consent_server.catalog.law import REFUSED
from consent_server.catalog.schema import FILE, catalog_schema, schema_bytes
from consent_server.errors import Flaw

FlawsOf = Callable[..., list[Flaw]]

ROOT = Path(__file__).parents[2]
SCHEMA = catalog_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
FLAWS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("flaws.toml").read_text())["flaw"]
FORM = {
    "R19-lifespan-missing",
    "R19-third-party-missing",
    "R2-refusal-hidden",
    "R30-notice-incomplete",
    "R4-ticked-beforehand",
    "R6-legal-basis",
    "R7-justification-missing",
    "consent-mode-unknown",
    "domain-malformed",
    "email-malformed",
    "host-malformed",
    "id-malformed",
    "key-misplaced",
    "key-missing",
    "key-unknown",
    "lifespan-unreadable",
    "list-empty",
    "list-twice",
    "number-range",
    "path-malformed",
    "table-misplaced",
    "text-empty",
    "value-type",
    "word-unknown",
}
"""The rules whose every flaw an editor shows by the schema alone."""

TABLES = {
    "site": "[site]\n",
    "controller": "[site.controller]\n",
    "banner": "[banner]\n",
    "category": "[category.analytics]\n",
    "service": "[service.counter]\n",
    "cookie": "[[cookie]]\n",
    "statement": "[[statement]]\n",
}


def keys() -> Iterator[tuple[str, str]]:
    """Yield each table of the schema with each of its keys."""
    for table in TABLES:
        for key in SCHEMA["$defs"][table]["properties"]:
            yield table, key


def test_it_is_a_schema() -> None:
    """It is a schema of the dialect that it names, and describes every table and key."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    tables = [SCHEMA, *(SCHEMA["$defs"][name] for name in TABLES)]
    assert all(key["description"] for table in tables for key in [table, *table["properties"].values()])


def test_the_copy_for_editors_is_in_step() -> None:
    """The file beside the parser is what `consent-server catalog schema` prints."""
    assert (ROOT / "consent_server" / "catalog" / FILE).read_bytes() == schema_bytes()


def test_the_shipped_catalog_points_at_it() -> None:
    """An editor that opens the shipped catalog finds the schema."""
    line = (ROOT / "cookie_catalog.toml").read_text(encoding="utf-8").splitlines()[0]
    assert (ROOT / line.removeprefix("#:schema ")).read_bytes() == schema_bytes()


def test_what_holds_passes(small: bytes) -> None:
    """A catalog that the parser takes is one to the schema too."""
    for source in (small, (ROOT / "cookie_catalog.toml").read_bytes()):
        assert list(VALIDATOR.iter_errors(tomllib.loads(source.decode()))) == []


@pytest.mark.parametrize(
    "flaw", [flaw for flaw in FLAWS if flaw["rule"] in FORM], ids=lambda flaw: str(flaw["message"])[:60]
)
def test_a_flaw_of_form_is_seen_while_typing(small: bytes, flaw: dict[str, str]) -> None:
    """What is wrong with the form of a file, the schema refuses as the parser does."""
    values = tomllib.loads(small.decode().replace(flaw["old"], flaw["new"]))
    assert not VALIDATOR.is_valid(values)


@pytest.mark.parametrize(("table", "key"), list(keys()))
def test_the_parser_takes_every_key_of_the_schema(
    flaws_of: FlawsOf, small: bytes, table: str, key: str
) -> None:
    """No key of the schema is unknown to the parser: a wrong value is told as one."""
    header = TABLES[table]
    source = small.decode()
    if header not in source:
        source = source.replace("[category.necessary]", f"{header}[category.necessary]")
    found = flaws_of(source=_with(source, header, key).encode())
    told = {flaw.rule for flaw in found if flaw.message.startswith((f"{key} must be", f"{key} is a list"))}
    assert told in ({"value-type"}, {"table-misplaced"})


def test_no_key_is_both_known_and_refused() -> None:
    """What the law forbids, the schema does not offer, but for the exemption of a row."""
    assert {(table, key) for table, key in keys() if key in REFUSED} == {("cookie", "exempt")}


def test_the_schema_speaks_json() -> None:
    """What is published is the same schema, in UTF-8."""
    assert json.loads(schema_bytes()) == SCHEMA


def _with(source: str, header: str, key: str) -> str:
    """Return a catalog in which a key of a table holds a date."""
    before, after = source.split(header)
    if key == "controller":
        after = after.replace("[site.controller]", "[site.other]")
    rows, mark, rest = after.partition("\n[")
    kept = "".join(row for row in rows.splitlines(keepends=True) if not row.startswith(f"{key} "))
    return f"{before}{header}{key} = 2026-01-01\n{kept}{mark}{rest}"
