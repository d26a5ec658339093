"""Adding to a catalog file: new tables go in between, every byte that stood there stays as it was.

The new tables are written by tomlkit and put in by line. tomlkit itself would put a row behind the comment
that announces the next table, since to TOML a comment belongs to whatever comes before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tomlkit
import tree_sitter_toml
from tree_sitter import Language, Parser

from consent_server.catalog.additions import TODO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tree_sitter import Node

    from consent_server.catalog.additions import Additions, NewCookie, NewService
    from consent_server.catalog.model import Catalog

_TOML = Language(tree_sitter_toml.language())


@dataclass(slots=True)
class _Ends:
    """The last line (0-based) of each [[cookie]] with all that belongs to it, and of other tables by name."""

    cookies: list[int] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)


def add_to(source: bytes, catalog: Catalog, additions: Additions) -> bytes:
    """Return the file with these services and rows. `catalog` is what `source` says.

    A service goes behind the last one, a row behind the last of its service, else behind all rows.
    """
    ends = _ends_in(source)
    lines = source.decode().split("\n")
    if lines[-1]:
        lines.append("")
    last = len(lines) - 2
    blocks: dict[int, list[str]] = {}
    for service in additions.services:
        place = ends.tables.get("service", ends.tables.get("category", last))
        blocks.setdefault(place, []).extend(["", *service_lines(service)])
    languages = catalog.site.languages
    for place, rows in _placed(ends, catalog, additions.cookies, last).items():
        blocks.setdefault(place, []).extend(cookie_lines(rows, languages))
    ending = "\r" if b"\r\n" in source else ""
    for place in sorted(blocks, reverse=True):
        behind = _behind_comments(lines, place) + 1
        lines[behind:behind] = [f"{line}{ending}" for line in blocks[place]]
    return "\n".join(lines).encode()


def service_lines(service: NewService) -> list[str]:
    """Write a [service.…] table."""
    keys = ("name", "provider", "country", "privacy_policy", "opt_out", "scripts")
    values = {key: getattr(service, key) for key in keys}
    return [f"[service.{service.id}]", *(_pair(key, value) for key, value in values.items() if value)]


def cookie_lines(cookies: Iterable[NewCookie], languages: Sequence[str]) -> list[str]:
    """Write [[cookie]] rows, an empty line before each; a note that holds for several stands once."""
    lines: list[str] = []
    note = ""
    for cookie in cookies:
        lines.append("")
        if cookie.note != note:
            lines.append(f"# {cookie.note}")
            note = cookie.note
        lines += _cookie(cookie, languages)
    return lines


def _cookie(cookie: NewCookie, languages: Sequence[str]) -> list[str]:
    storage = [_pair("storage", cookie.storage)] if cookie.storage != "cookie" else []
    http_only = ["http_only = true"] if cookie.http_only else []
    return [
        "[[cookie]]",
        _pair("name", cookie.name),
        *storage,
        _pair("service", cookie.service),
        _pair("category", cookie.category),
        _pair("lifespan", cookie.lifespan),
        *http_only,
        *(_pair(f"purpose.{language}", cookie.purpose.get(language, TODO)) for language in languages),
    ]


def _pair(key: str, value: Any) -> str:
    items = list(value) if isinstance(value, tuple) else value
    return f"{key} = {tomlkit.item(items).as_string()}"


def _placed(
    ends: _Ends, catalog: Catalog, cookies: Iterable[NewCookie], last: int
) -> dict[int, list[NewCookie]]:
    """Say behind which line each row goes."""
    rows = [cookie for cookie in catalog.cookies if not cookie.own]
    of_service = {row.service: end for row, end in zip(rows, ends.cookies, strict=False)}
    usual = next(
        (ends.tables[name] for name in ("cookie", "service", "category") if name in ends.tables), last
    )
    placed: dict[int, list[NewCookie]] = {}
    for cookie in cookies:
        placed.setdefault(of_service.get(cookie.service, usual), []).append(cookie)
    return placed


def _ends_in(source: bytes) -> _Ends:
    ends = _Ends()
    for node in Parser(_TOML).parse(source).root_node.named_children:
        if node.type in {"table", "table_array_element"}:
            parts = [child for child in node.named_children if child.type != "comment"]
            name, end = _first_key(parts[0]), parts[-1].end_point.row
            if name == "cookie" and node.type == "table_array_element":
                ends.cookies.append(end)
            elif name == "cookie" and ends.cookies:
                ends.cookies[-1] = end
            ends.tables[name] = end
    return ends


def _first_key(header: Node) -> str:
    return next(_keys(header))


def _keys(node: Node) -> Iterator[str]:
    inner = node.named_children
    if not inner:
        yield (node.text or b"").decode().strip("'\"")
    for child in inner:
        yield from _keys(child)


def _behind_comments(lines: Sequence[str], end: int) -> int:
    """Return the last of the comment lines that follow a table at once; those above another table are its."""
    last = end
    while last + 1 < len(lines) and lines[last + 1].startswith("#"):
        last += 1
    return last if last + 1 >= len(lines) or not lines[last + 1].strip() else end
