"""Every flaw of a catalog: where it is reported and the exact words."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent_server.errors import Flaw

FlawsOf = Callable[..., list[Flaw]]

FLAWS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("flaws.toml").read_text())["flaw"]
FOLLOWS = ("there is no category 'analytics'", "there is no service 'counter'")
BANNER = [
    ('form = "full"', "16:8", 'form cannot be \'full\': write one of "box", "bar", "centre"'),
    ('position = "top"', "16:12", 'position cannot be \'top\': write one of "bottom-end", "bottom-start"'),
    (
        'text = { en = "{colour}", lt = "b" }',
        "16:15",
        'nothing fills in "{colour}": what is filled in is "{purposes}", "{third_parties}", "{duration}"',
    ),
]
REFUSED_KEYS = {
    "no permission may be ticked beforehand (GDPR, recital 32; CJEU C-673/17)": (
        "checked default enabled granted on opt_out_only pre_ticked preselected required selected ticked"
    ),
    "refusing is always offered, as easily as accepting (GDPR, Art. 7(3))": (
        "hide_refuse hide_refuse_all hide_reject hide_reject_all no_refuse refuse_all reject_all"
    ),
    "what is stored rests on consent or strict necessity alone (ePrivacy Directive, Art. 5(3))": (
        "exempt legal_basis legitimate_interest"
    ),
}
SYNTAX = "Check quotes, brackets and equals signs"
NESTED = "tables or lists are nested too deep: write them as in the shipped catalog"
UNREADABLE = [
    (b"a = 1\nb = ", "2:5", f"this is no valid TOML: Invalid value. {SYNTAX}"),
    (b"a = 1\na = 2", "2:6", f"this is no valid TOML: Cannot overwrite a value. {SYNTAX}"),
    (
        b"a = " + b"9" * 5000,
        "0:0",
        f"this is no valid TOML: a number, date or time cannot be read. {SYNTAX}",
    ),
    (b'a = "\xc4\x85"\nb = "\xff"', "2:6", "the file is not UTF-8 from here on: save it as UTF-8"),
    (b"\xef\xbb\xbf", "1:1", "the file begins with a byte order mark: save it as plain UTF-8, without BOM"),
    (b"#" * 1_000_001, "0:0", "the file is larger than 1 MB: split it into one file for each site"),
    (b"a = " + b"[" * 100_000, "1:5", NESTED),
    (b"a = " + b"{a=" * 100_000, "0:0", NESTED),
    (b"a." * 400_000 + b"a = 1", "1:1", NESTED),
]


def _shown(flaws: list[Flaw]) -> list[tuple[str, str]]:
    """Return place and message, without what only follows from a renamed category or service."""
    return [
        (f"{flaw.line}:{flaw.column}", flaw.message) for flaw in flaws if not flaw.message.startswith(FOLLOWS)
    ]


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: str(flaw["message"])[:60])
def test_flaw(flaws_of: FlawsOf, flaw: dict[str, str]) -> None:
    """One thing wrong is one flaw: it names the place, says what is wrong and what to write."""
    assert _shown(flaws_of((flaw["old"], flaw["new"]))) == [(flaw["at"], flaw["message"])]


@pytest.mark.parametrize(("keys", "at", "message"), BANNER)
def test_banner_flaw(flaws_of: FlawsOf, keys: str, at: str, message: str) -> None:
    """A banner that cannot be shown is refused with what can be."""
    found = flaws_of(("[category.necessary]", f"[banner]\n{keys}\n[category.necessary]"))
    assert _shown(found) == [(at, message)]


@pytest.mark.parametrize(("rule", "keys"), REFUSED_KEYS.items())
@pytest.mark.parametrize(
    "table", ["[site]\n", "[category.analytics]\n", "[service.counter]\n", "[[cookie]]\n", "[banner]\n"]
)
def test_refused_key(flaws_of: FlawsOf, rule: str, keys: str, table: str) -> None:
    """No table can pre-tick, hide refusal or claim another legal basis, and the flaw names the rule."""
    held = table if table != "[banner]\n" else "[category.necessary]\n"
    for key in keys.split():
        before = f"{table}{key} = true\n" + ("" if held == table else held)
        assert [message for _, message in _shown(flaws_of((held, before)))] == [f"remove {key!r}: {rule}"]


def test_no_necessary(flaws_of: FlawsOf) -> None:
    """A catalog without the category `necessary` is refused."""
    messages = {flaw.message for flaw in flaws_of(("[category.necessary]", "[category.needed]"))}
    assert "[category.necessary] is missing: add it with title, text and justification" in messages


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
    assert _shown(found) == [("34:6", "'a' is used twice: choose another id")]


def test_all_flaws_at_once(flaws_of: FlawsOf) -> None:
    """A file with several flaws is told all of them, in the order of the file, with their lines."""
    found = flaws_of(('"US"', '"UK"'), ('"2 years"', '"long"'), ('id = "shop"', 'id = "SHOP"'))
    assert [flaw.line for flaw in found] == [2, 26, 33]
    assert [flaw.source for flaw in found] == ['id = "SHOP"', 'country = "UK"', 'lifespan = "long"']
    assert str(found[0]).startswith("catalog.toml:2:6: 'SHOP' is no id")


@pytest.mark.parametrize(("source", "at", "message"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_unreadable(flaws_of: FlawsOf, source: bytes, at: str, message: str) -> None:
    """A file that is no TOML is one clear flaw, never a traceback."""
    assert _shown(flaws_of(source=source)) == [(at, message)]
