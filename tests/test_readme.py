"""README is documentation that cannot rot: every command and route stands in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from consent_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.app import Server

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def names(group: click.Group, before: str = "") -> Iterator[str]:
    """List every command as it is typed."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from names(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_stands_in_the_readme() -> None:
    """As it is typed, in the table of commands."""
    table = README[README.index("## Commands") : README.index("## HTTP")]
    assert {name for name in names(main) if f"`{name}`" not in table} == set()


def test_every_route_stands_in_the_readme(server: Server) -> None:
    """With its method; the last part may stand alone beside its family."""
    table = README[README.index("## HTTP") : README.index("Refusals")]
    missing = set()
    for rule in server.app.url_map.iter_rules():
        path = re.sub(
            r"<(?:path:)?(\w+?)(_id)?>",
            lambda found: "{" + ("id" if found[1] == "receipt" else found[1]) + "}",
            rule.rule,
        )
        short = path.removeprefix("/v1/{site}")
        tail = "." + path.rpartition(".")[2]
        if not any(f"{part}`" in table or f"{part}?" in table for part in (path, short, tail)):
            missing.add(path)
    assert missing == set()


def test_the_two_commands_stand_in_the_readme() -> None:
    """All that a newcomer types."""
    assert "make demo" in README
    assert "make test" in README
