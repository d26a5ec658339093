"""From the bytes of `cookie_catalog.toml` to a catalog that holds, or to everything that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

from consent_server.catalog import rules, tables
from consent_server.catalog.fields import Table
from consent_server.catalog.flaws import Flaws
from consent_server.catalog.keys import CatalogKeys
from consent_server.catalog.lint import lint
from consent_server.catalog.model import Catalog
from consent_server.catalog.own import own_cookies, own_service
from consent_server.catalog.positions import excerpt
from consent_server.catalog.texts import languages
from consent_server.errors import CatalogError, Flaw

LARGEST = 1_000_000
"""The most bytes that a catalog file may have."""

_TOO_DEEP = "tables or lists are nested too deep: write them as in the shipped catalog"
_UNREADABLE = "a number, date or time cannot be read"
_BOM = b"\xef\xbb\xbf"
_DEEP = re.compile(rb"(?<![\w'\"-])(?:[\w'\"-]++[ \t]*+\.[ \t]*+){32}|(?:[\[{]\s*+){32}")
_SYNTAX = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)


def parse_catalog(source: bytes, file: str) -> Catalog:
    """Read a catalog with its warnings; `file` is the name that flaws give.

    Raises CatalogError with every error; of more than `flaws.MOST` the first are told, the others counted.
    Warnings are looked for in a catalog that holds.
    """
    values = _parse_toml(source, file)
    flaws = Flaws(file, source)
    catalog = _read(flaws, values)
    if catalog is None:
        raise CatalogError(flaws.found, flaws.more)
    lint(flaws, catalog)
    return replace(catalog, warnings=tuple(sorted(flaws.found)))


def _read(flaws: Flaws, values: dict[str, Any]) -> Catalog | None:
    root = Table(flaws, (), values, CatalogKeys)
    about = root.take(CatalogKeys.site)
    site = tables.read_site(about) if about else None
    if site and site.languages and set(site.languages) <= set(languages()):
        root.languages = site.languages
    banner = tables.read_banner(root.take(CatalogKeys.banner))
    named, served = CatalogKeys.category, CatalogKeys.service
    categories = tuple(tables.read_category(name, table, named.form) for name, table in root.take(named))
    services = tuple(tables.read_service(name, table, served.form) for name, table in root.take(served))
    cookies = tuple(tables.read_cookie(table) for table in root.take(CatalogKeys.cookie))
    statements = tuple(tables.read_statement(table) for table in root.take(CatalogKeys.statement))
    root.finish()
    rules.check_ids(flaws, categories, services, statements)
    rules.check_grants(flaws, categories)
    rules.check_cookies(flaws, cookies, categories, services)
    if site is not None:
        rules.check_site(flaws, site)
    if site is None or flaws.found:
        return None
    return Catalog(
        site=site,
        banner=banner,
        categories=categories,
        services=(own_service(site.controller), *services),
        cookies=(*own_cookies(site), *cookies),
        statements=statements,
    )


def _parse_toml(source: bytes, file: str) -> dict[str, Any]:
    """Parse the file as TOML 1.0. Raises CatalogError with one flaw: nothing after it can be read."""
    if len(source) > LARGEST:
        message = "the file is larger than 1 MB: split it into one file for each site"
        raise _refusal(file, "file-too-large", message)
    if source.startswith(_BOM):
        message = "the file begins with a byte order mark: save it as plain UTF-8, without BOM"
        raise _refusal(file, "file-encoding", message, (1, 1, ""))
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        message = "the file is not UTF-8 from here on: save it as UTF-8"
        raise _refusal(file, "file-encoding", message, _place(source, error.start)) from error
    if deep := _DEEP.search(source):
        raise _refusal(file, "file-nested", _TOO_DEEP, _place(source, deep.start()))
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise _refusal(file, "file-nested", _TOO_DEEP) from error
    except ValueError as error:
        raise _syntax_error(file, text, str(error)) from error


def _syntax_error(file: str, text: str, message: str) -> CatalogError:
    lines = text.split("\n")
    found = _SYNTAX.fullmatch(message)
    line, column = len(lines), len(lines[-1]) + 1
    if found and found[2]:
        line, column = int(found[2]), int(found[3])
    elif not found:
        line, column = 0, 0
    said = found[1].rstrip(".") if found else _UNREADABLE
    shown = lines[line - 1].rstrip("\r") if line else ""
    advice = f"this is no valid TOML: {said}. Check quotes, brackets and equals signs"
    return _refusal(file, "toml-syntax", advice, (line, column, shown))


def _place(source: bytes, offset: int) -> tuple[int, int, str]:
    """Return line and column of a byte, from 1, and the line itself."""
    before = source[:offset]
    start = before.rfind(b"\n") + 1
    line = source[start:].partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    return before.count(b"\n") + 1, len(before[start:].decode("utf-8", "replace")) + 1, line


def _refusal(file: str, rule: str, message: str, place: tuple[int, int, str] = (0, 0, "")) -> CatalogError:
    line, column, source = place
    shown, caret = excerpt(source, column) if source else ("", 0)
    return CatalogError([Flaw(file, line, column, message, shown, rule, caret=caret)])
