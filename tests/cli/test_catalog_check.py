"""`consent-server catalog check` and `catalog schema`, as people and CI read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner
from jsonschema import validate

from consent_server.catalog.schema import schema_bytes
from consent_server.cli import main

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = """\
cookie_catalog.toml:3:2: unknown key 'orgins' (did you mean "origins"?) [key-unknown]
  3 | \torgins = ["https://shop.example"]
    | \t^
"""
WARNED = """\
cookie_catalog.toml:10:17: warning: receipts are kept for '11 years': write how long a claim can still be \
made, usually "5 years" or less [R10-receipts-long]
  10 | keep_receipts = "11 years"
     |                 ^
  law: GDPR, Art. 5(1)(e); EDPB Guidelines 05/2020, para. 107
shop: 6 rows in en, lt. Warnings: 1.
Deleted by browsers earlier than declared:
  consent  6 months, effective: Safari 7 days if a script sets it
  _count*  2 years, effective: Chrome 400 days, Safari 7 days if a script sets it
"""
REPORT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema", "path", "errors", "warnings", "more", "flaws", "sites"],
    "properties": {
        "schema": {"const": "consent-check/1"},
        "path": {"type": "string"},
        "errors": {"type": "integer"},
        "warnings": {"type": "integer"},
        "more": {"type": "integer"},
        "flaws": {
            "items": {
                "required": [
                    *("file", "line", "column", "severity", "rule", "law", "message", "source", "caret")
                ]
            }
        },
        "sites": {"items": {"required": ["id", "rows", "languages", "shortened"]}},
    },
}
"""What `--help` promises of `--json`."""


def check(path: Path, *words: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, what it says, and what it says on standard error."""
    result = CliRunner().invoke(main, ["catalog", "check", str(path), *words])
    return result.exit_code, result.stdout.replace(f"{path.parent}/", ""), result.stderr


def edit(path: Path, old: str, new: str) -> None:
    """Change the catalog as an editor does."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_an_error_shows_its_line_and_a_caret(catalog_path: Path) -> None:
    """What is wrong, what to write, the line, and the place in it even behind a tab."""
    edit(catalog_path, 'origins = ["', '\torgins = ["')
    edit(catalog_path, "\n[site]", "[site]")
    code, said, counted = check(catalog_path)
    assert code == 2
    assert BROKEN in said
    assert counted == f"2 to correct in {catalog_path}.\n"


def test_the_caret_stands_under_the_character(catalog_path: Path) -> None:
    """Characters that are two columns wide, or none, do not shift it."""
    edit(catalog_path, 'purpose.en = "Remembers the basket."', 'purpose = { lt = "漢e\u0301", xx = "a" }')
    edit(catalog_path, 'purpose.lt = "Įsimena krepšelį."\n', "")
    lines = check(catalog_path)[1].splitlines()
    (at,) = [number for number, line in enumerate(lines) if "no language" in line]
    shown, caret = lines[at + 1], lines[at + 2]
    assert shown.endswith('purpose = { lt = "漢e\u0301", xx = "a" }')
    # The wide character takes one column more than it has characters, the accent one less.
    assert caret.index("^") == shown.index("xx")


def test_a_warning_names_the_law(catalog_path: Path) -> None:
    """The catalog may be served, and the law is quoted; below stands what browsers make of it."""
    edit(catalog_path, '"5 years"', '"11 years"')
    assert check(catalog_path) == (0, WARNED, "")
    assert check(catalog_path, "--strict") == (1, WARNED, "")


def test_an_error_names_the_law_that_its_words_leave_out(catalog_path: Path) -> None:
    """A missing lifespan is refused with the judgement that asks for it."""
    edit(catalog_path, 'lifespan = "session"\n', "")
    code, said, _ = check(catalog_path)
    assert code == 2
    assert "lifespan is missing" in said
    assert "[R19-lifespan-missing]" in said
    assert "  law: GDPR, Art. 13(2)(a); CJEU C-673/17, Planet49\n" in said


def test_very_many_errors_are_counted(tmp_path: Path) -> None:
    """A hundred are shown, and how many more there are."""
    path = tmp_path / "cookie_catalog.toml"
    path.write_text("[site]\norigins = [" + "1, " * 200_000 + "1]")
    code, said, counted = check(path)
    assert code == 2
    assert said.count("put this in quotes") < 100
    assert "… and 199907 more.\n" in said
    assert counted == f"200007 to correct in {path}.\n"


def test_the_report_for_ci(catalog_path: Path) -> None:
    """--json has one shape, whether the catalog holds, is warned of, or is refused."""
    reports = []
    for old, new in (("[site]", "[site]"), ('"5 years"', '"11 years"'), ('"session"', '"a while"')):
        edit(catalog_path, old, new)
        code, said, errors = check(catalog_path, "--json")
        reports.append((code, json.loads(said), errors))
        validate(reports[-1][1], REPORT)
    held, warned, refused = reports
    assert [code for code, _, _ in reports] == [0, 0, 2]
    assert [report["sites"][0]["shortened"][1] for _, report, _ in (held, warned)] == [
        {
            "name": "_count*",
            "declared": "2 years",
            "effective": [
                {"browser": "Chrome", "lifespan": "400 days", "by_script": False},
                {"browser": "Safari", "lifespan": "7 days", "by_script": True},
            ],
        }
    ] * 2
    assert warned[1]["flaws"][0] == {
        "file": "cookie_catalog.toml",
        "line": 10,
        "column": 17,
        "severity": "warning",
        "rule": "R10-receipts-long",
        "law": "GDPR, Art. 5(1)(e); EDPB Guidelines 05/2020, para. 107",
        "message": "receipts are kept for '11 years': write how long a claim can still be made, "
        'usually "5 years" or less',
        "source": 'keep_receipts = "11 years"',
        "caret": 17,
    }
    assert (refused[1]["errors"], refused[1]["sites"], refused[2]) == (1, [], "")


def test_a_directory_of_catalogs(catalog_path: Path, tmp_path: Path) -> None:
    """Each site has its line."""
    folder = tmp_path / "catalogs"
    folder.mkdir()
    text = catalog_path.read_text(encoding="utf-8")
    for site in ("one", "two"):
        (folder / f"{site}.toml").write_text(text.replace('id = "shop"', f'id = "{site}"'), encoding="utf-8")
    code, said, _ = check(folder)
    assert code == 0
    assert [line for line in said.splitlines() if " rows in " in line] == [
        "one: 6 rows in en, lt. Nothing is wrong.",
        "two: 6 rows in en, lt. Nothing is wrong.",
    ]


def test_the_schema_is_printed() -> None:
    """Byte for byte what the server publishes."""
    result = CliRunner().invoke(main, ["catalog", "schema"])
    assert (result.exit_code, result.stdout_bytes) == (0, schema_bytes())
