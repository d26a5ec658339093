"""Whatever the documents name is there: commands, options, settings, routes, files, tests."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from werkzeug.exceptions import HTTPException

from consent_server.cli import main
from consent_server.variables import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.app import Server

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "bench" / "README.md"]
OF_THE_COMPOSITION = {"CONSENT_NAME", "CONSENT_UPSTREAM", "CONSENT_DATABASE_PASSWORD"}
"""What compose.yaml and the proxy's template ask for; the program does not know them."""
EXAMPLES = {"site": "shop", "bacloud": "shop", "id": "00000000-0000-7000-8000-000000000000"}

TYPED = re.compile(r"(?<!-u )(?<![\w./-])(?:/opt/consent-server/bin/)?consent-server ([^`\n;|&#)]+)")
"""The program's name where it is typed, not a user or a directory of that name, and what follows it."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@each_document
def test_every_setting_exists(document: Path) -> None:
    """Each CONSENT_ word is a setting, or asked for by the files of the deployment."""
    known = {name for setting in SETTINGS for name in (setting.name, f"{setting.name}_FILE")}
    named = set(re.findall(r"\bCONSENT_[A-Z_]*[A-Z]\b", document.read_text("utf-8")))
    assert named - known - OF_THE_COMPOSITION == set()


@each_document
def test_every_command_exists_with_its_options(document: Path) -> None:
    """Each `consent-server …` is a command that is there and takes the options that follow it."""
    wrong = []
    for words in typed(document.read_text("utf-8")):
        command, rest = find(words)
        if command is None:
            wrong.append(" ".join(words))
            continue
        options = {name for parameter in command.params for name in parameter.opts}
        given = {word.partition("=")[0] for word in rest if word.startswith("--")}
        wrong += [f"{command.name} {option}" for option in given - options - {"--help", "--version"}]
    assert wrong == []


def typed(text: str) -> Iterator[list[str]]:
    """Yield the words of each command that a document shows, in a block or in a line."""
    joined = text.replace("\\\n", " ")
    for found in TYPED.finditer(joined):
        before = joined[: found.start()]
        in_code = before.count("```") % 2 or before.rpartition("\n")[2].count("`") % 2
        line = before.rpartition("\n")[2]
        if in_code or line.startswith("    "):
            yield found[1].split()


def find(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """Return the command that these words name, with the rest of them; None where there is none."""
    found: click.Command = main
    for number, word in enumerate(words):
        if not isinstance(found, click.Group):
            return found, words[number:]
        if word.startswith("-") or word == "COMMAND":
            return found, words[number:]
        if word not in found.commands:
            return None, []
        found = found.commands[word]
    return found, []


@each_document
def test_every_route_exists(document: Path, server: Server) -> None:
    """Each address of ours leads somewhere, whatever stands for the site, an id or a hash."""
    text = document.read_text("utf-8")
    paths = set(
        re.findall(r"(?<![\w.}])(?:https://consent\.example\.com)?(/(?:v1|console)/[\w{}./-]+)", text)
    )
    paths |= set(re.findall(r"(?:GET|`) ?(/(?:healthz|readyz|metrics|docs|openapi\.json|console))\b", text))
    adapter = server.app.url_map.bind("localhost")
    wrong = set()
    for path in paths:
        if not any(matches(adapter, spelt(path), method) for method in ("GET", "POST", "DELETE")):
            wrong.add(path)
    assert wrong == set()


def spelt(path: str) -> str:
    """Return a path of the documents with something in place of its names in braces."""
    return re.sub(r"\{(\w+)\}", lambda found: EXAMPLES.get(found[1], "x"), path).rstrip(".")


def matches(adapter: object, path: str, method: str) -> bool:
    """Tell whether a route answers."""
    try:
        adapter.match(path, method=method)  # type: ignore[attr-defined]
    except HTTPException:
        return False
    return True


@each_document
def test_every_link_leads_to_a_file(document: Path) -> None:
    """Of those within the project."""
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", document.read_text("utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@each_document
def test_every_file_and_test_that_is_named_exists(document: Path) -> None:
    """`tests/x.py::test_y`, and after it `::test_z` of the same file."""
    missing, file = [], None
    for path, test in re.findall(r"`((?:[\w./-]+/)[\w.-]+\.py)?(?:::(\w+))?`", document.read_text("utf-8")):
        if path:
            file = ROOT / path
            if not file.exists():
                missing.append(path)
        if test and (file is None or test not in functions(file)):
            missing.append(f"{file}::{test}")
    assert missing == []


@cache
def functions(file: Path) -> frozenset[str]:
    """Return the names of a file's functions."""
    if not file.exists():
        return frozenset()
    tree = ast.parse(file.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_this_test_finds_what_is_wrong() -> None:
    """A command that is not there, and one with an option that is not there."""
    (missing,) = typed("`consent-server nonsense now`")
    assert find(missing) == (None, [])
    (strange,) = typed("```sh\nconsent-server auditor add Jane --nonsense 1\n```")
    command, rest = find(strange)
    assert command is not None
    assert "--nonsense" in rest
