"""Every flaw of a catalog: where it is reported and the exact words."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent_server.catalog.texts import languages
from consent_server.catalog.toml import parse_catalog
from consent_server.errors import CatalogError, Flaw

FlawsOf = Callable[..., list[Flaw]]

FLAWS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("flaws.toml").read_text())["flaw"]
FOLLOWS = ("there is no category 'analytics'", "there is no service 'counter'")
BANNER = [
    ('form = "full"', "16:8", "word-unknown", 'form cannot be \'full\': write one of "box", "bar", "centre"'),
    (
        'button = "top"',
        "16:10",
        "word-unknown",
        'button cannot be \'top\': write one of "bottom-start", "bottom-end"',
    ),
    (
        'position = "top"',
        "16:12",
        "word-unknown",
        'position cannot be \'top\': write one of "bottom-end", "bottom-start"',
    ),
    (
        'text = { en = "{colour}", lt = "b" }',
        "16:15",
        "filling-unknown",
        'nothing fills in "{colour}": what is filled in is "{purposes}", "{third_parties}", "{duration}"',
    ),
]
REFUSED: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("refused.toml").read_text())
SYNTAX = "Check quotes, brackets and equals signs"
NESTED = "tables or lists are nested too deep: write them as in the shipped catalog"
UNREADABLE = [
    (b"a = 1\nb = ", "2:5", "toml-syntax", f"this is no valid TOML: Invalid value. {SYNTAX}"),
    (b"a = 1\na = 2", "2:6", "toml-syntax", f"this is no valid TOML: Cannot overwrite a value. {SYNTAX}"),
    (
        b"a = " + b"9" * 5000,
        "0:0",
        "toml-syntax",
        f"this is no valid TOML: a number, date or time cannot be read. {SYNTAX}",
    ),
    (
        b'a = "\xc4\x85"\nb = "\xff"',
        "2:6",
        "file-encoding",
        "the file is not UTF-8 from here on: save it as UTF-8",
    ),
    (
        b"\xef\xbb\xbf",
        "1:1",
        "file-encoding",
        "the file begins with a byte order mark: save it as plain UTF-8, without BOM",
    ),
    (
        b"#" * 1_000_001,
        "0:0",
        "file-too-large",
        "the file is larger than 1 MB: split it into one file for each site",
    ),
    (b"a = " + b"[" * 100_000, "1:5", "file-nested", NESTED),
    (b"a = " + b"{a=" * 100_000, "0:0", "file-nested", NESTED),
    (b"a." * 400_000 + b"a = 1", "1:1", "file-nested", NESTED),
]


def _shown(flaws: list[Flaw]) -> list[tuple[str, str, str]]:
    """Return place, rule and message, without what only follows from a renamed category or service."""
    return [
        (f"{flaw.line}:{flaw.column}", flaw.rule, flaw.message)
        for flaw in flaws
        if not flaw.message.startswith(FOLLOWS)
    ]


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: str(flaw["message"])[:60])
def test_flaw(flaws_of: FlawsOf, flaw: dict[str, str]) -> None:
    """One thing wrong is one flaw: it names the place and the rule, says what is wrong and what to write."""
    found = flaws_of((flaw["old"], flaw["new"]))
    assert _shown(found) == [(flaw["at"], flaw["rule"], flaw["message"])]


@pytest.mark.parametrize(("keys", "at", "rule", "message"), BANNER)
def test_banner_flaw(flaws_of: FlawsOf, keys: str, at: str, rule: str, message: str) -> None:
    """A banner that cannot be shown is refused with what can be."""
    found = flaws_of(("[category.necessary]", f"[banner]\n{keys}\n[category.necessary]"))
    assert _shown(found) == [(at, rule, message)]


@pytest.mark.parametrize("rule", REFUSED)
@pytest.mark.parametrize(
    "table", ["[site]\n", "[category.analytics]\n", "[service.counter]\n", "[[cookie]]\n", "[banner]\n"]
)
def test_refused_key(flaws_of: FlawsOf, rule: str, table: str) -> None:
    """No table can pre-tick, hide refusal, or do else what the law forbids, and the flaw names the law."""
    held = table if table != "[banner]\n" else "[category.necessary]\n"
    for key in REFUSED[rule]["keys"].split():
        before = f"{table}{key} = true\n" + ("" if held == table else held)
        found = [shown[1:] for shown in _shown(flaws_of((held, before)))]
        assert found == [(rule, f"remove {key!r}: {REFUSED[rule]['says']}")]


def test_language_without_texts(flaws_of: FlawsOf) -> None:
    """A language that the program does not speak is refused with those that it does."""
    (found,) = flaws_of(('["en", "lt"]', '["en", "lt", "cy"]'))
    known = ", ".join(f'"{tag}"' for tag in languages())
    assert found.message == f"there are no texts in 'cy' yet: write one of {known}"


def test_no_necessary(flaws_of: FlawsOf) -> None:
    """A catalog without the category `necessary` is refused."""
    found = {flaw.rule: flaw.message for flaw in flaws_of(("[category.necessary]", "[category.needed]"))}
    message = "[category.necessary] is missing: add it with title, text and justification"
    assert found["necessary-missing"] == message


def test_what_the_whole_file_lacks(flaws_of: FlawsOf) -> None:
    """A table that is missing altogether is told of the file, at no line of it."""
    first, second, third = flaws_of(source=b"# nothing yet\n\n[bannr]\n")
    assert str(first).startswith("catalog.toml: [category.necessary] is missing: ")
    assert str(second) == "catalog.toml: site is missing: add a table [site]"
    assert str(third) == "catalog.toml:3:2: unknown table 'bannr' (did you mean \"banner\"?)"


def test_reserved_category(flaws_of: FlawsOf) -> None:
    """No category can be called `site`."""
    messages = {flaw.message for flaw in flaws_of(("[category.analytics]", "[category.site]"))}
    assert '"site" is reserved for the website itself: choose another id' in messages


def test_text_in_a_removed_language(flaws_of: FlawsOf) -> None:
    """A site that drops a language is told of every text that is left over."""
    messages = [flaw.message for flaw in flaws_of(('["en", "lt"]', '["en"]'))]
    text = 'this site has no language "lt": remove this text, or add the language to languages in [site]'
    assert messages == [text] * 6


def test_statement_twice(flaws_of: FlawsOf) -> None:
    """Two statements cannot have one id."""
    row = '[[statement]]\nid = "a"\ntitle = { en = "a", lt = "b" }\ntext = { en = "a", lt = "b" }\n'
    found = flaws_of(("[[cookie]]\n", f"{row}{row}[[cookie]]\n"))
    assert _shown(found) == [("34:6", "id-taken", "'a' is used twice: choose another id")]


def test_all_flaws_at_once(flaws_of: FlawsOf) -> None:
    """A file with several flaws is told all of them, in the order of the file, with their lines."""
    found = flaws_of(('"US"', '"UK"'), ('"2 years"', '"long"'), ('id = "shop"', 'id = "SHOP"'))
    assert [flaw.line for flaw in found] == [2, 26, 33]
    assert [flaw.source for flaw in found] == ['id = "SHOP"', 'country = "UK"', 'lifespan = "long"']
    assert str(found[0]).startswith("catalog.toml:2:6: 'SHOP' is no id")


@pytest.mark.parametrize(("source", "at", "rule", "message"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_unreadable(flaws_of: FlawsOf, source: bytes, at: str, rule: str, message: str) -> None:
    """A file that is no TOML is one clear flaw, never a traceback."""
    assert _shown(flaws_of(source=source)) == [(at, rule, message)]


MANY = {
    "values": ("[site]\norigins = [" + "1, " * 200_000 + "1]", 200_000),
    "long line": ("[site]\norigins = [" + '"ą", ' * 140_000 + '"ą"]', 140_000),
    "keys": ("[site]\n" + "".join(f"k{number} = 1\n" for number in range(60_000)), 60_000),
    "rows": ("[[cookie]]\n" * 80_000, 400_000),
    "unknown names": (
        "".join(f"[category.c{number}]\n" for number in range(15_000))
        + "".join(f'[[cookie]]\ncategory = "x{number}"\n' for number in range(15_000)),
        75_000,
    ),
    "patterns": ("".join(f'[[cookie]]\nname = "{"a" * number}*"\n' for number in range(1, 1_200)), 4_000),
}


@pytest.mark.parametrize("wrong", MANY)
def test_many_flaws(wrong: str) -> None:
    """Of very many flaws the first thousand are told, the others counted, and the message stays short."""
    text, least = MANY[wrong]
    with pytest.raises(CatalogError) as refused:
        parse_catalog(text.encode(), "catalog.toml")
    assert len(refused.value.flaws) == 1_000
    assert refused.value.more >= least - 1_000
    assert refused.value.detail.endswith(f"… and {980 + refused.value.more} more.")
    assert all(len(flaw.message) < 700 and len(flaw.source) < 300 for flaw in refused.value.flaws)


def test_long_line(flaws_of: FlawsOf) -> None:
    """Of a very long line the part around the flaw is shown, with the column in it."""
    (found,) = flaws_of(('["analytics_storage"]', "[" + '"", ' * 300 + "]"))[:1]
    last = flaws_of(('["analytics_storage"]', '["analytics_storage",' + " " * 400 + "7]"))[0]
    assert (found.column, found.source[found.caret - 1]) == (17, '"')
    assert (last.column, last.source[last.caret - 1]) == (437, "7")
