"""`consent-server catalog check`."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from consent_server.catalog.effective import limits_of
from consent_server.catalog.files import read_catalogs
from consent_server.catalog.rulebook import RULES
from consent_server.errors import CatalogError
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from consent_server.catalog.model import Catalog, Cookie
    from consent_server.errors import Flaw

SCHEMA = "consent-check/1"
_SHOWN = 100
_WIDE = "WF"


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit 1 where there are warnings.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for CI.")
def check(path: Path | None, *, strict: bool, as_json: bool) -> None:
    """Check a catalog and say everything that is wrong with it, with line and column.

    Without PATH it checks the catalog that the settings name. An error keeps a catalog from being served; a
    warning is for people to decide. The id at the end of each stands in docs/rules.md. Below, it lists what
    browsers delete earlier than the catalog says.

    Exits 2 for errors; 0 with warnings alone, or 1 under --strict.

    \b
    --json answers with
      schema    "consent-check/1"
      path      what was checked
      errors, warnings, more   counts; "more" errors are not listed
      flaws     [{file, line, column, severity, rule, law, message, source, caret}],
                line and column from 1, 0 where there is none
      sites     [{id, rows, languages, shortened: [{name, declared, effective:
                [{browser, lifespan, by_script}]}]}], empty where there are errors

    \b
    Examples:
      consent-server catalog check
      consent-server catalog check drafts/cookie_catalog.toml
      consent-server catalog check --strict --json
    """
    wanted = path or read_settings().catalog
    catalogs: tuple[Catalog, ...] = ()
    try:
        catalogs = read_catalogs(wanted)
        flaws, more = [flaw for catalog in catalogs for flaw in catalog.warnings], 0
    except CatalogError as error:
        flaws, more = error.flaws, error.more
    if as_json:
        click.echo(json.dumps(_report(wanted, catalogs, flaws, more), ensure_ascii=False, indent=2))
    else:
        _say(wanted, catalogs, flaws, more)
    if not catalogs:
        sys.exit(2)
    sys.exit(1 if strict and flaws else 0)


def _report(path: Path, catalogs: Iterable[Catalog], flaws: Sequence[Flaw], more: int) -> dict[str, Any]:
    warnings = sum(flaw.severity == "warning" for flaw in flaws)
    return {
        "schema": SCHEMA,
        "path": str(path),
        "errors": len(flaws) - warnings + more,
        "warnings": warnings,
        "more": more,
        "flaws": [flaw_json(flaw) for flaw in flaws],
        "sites": [
            {
                "id": catalog.site.id,
                "rows": len(catalog.cookies),
                "languages": list(catalog.site.languages),
                "shortened": [_shortened(cookie) for cookie in catalog.cookies if limits_of(cookie)],
            }
            for catalog in catalogs
        ],
    }


def flaw_json(flaw: Flaw) -> dict[str, Any]:
    """Return a flaw as data; `law` is "" where no law asks for it."""
    return {
        "file": flaw.file,
        "line": flaw.line,
        "column": flaw.column,
        "severity": flaw.severity,
        "rule": flaw.rule,
        "law": RULES[flaw.rule].source,
        "message": flaw.message,
        "source": flaw.source,
        "caret": flaw.caret,
    }


def _shortened(cookie: Cookie) -> dict[str, Any]:
    limits = [
        {"browser": limit.browser, "lifespan": str(limit.lifespan), "by_script": limit.by_script}
        for limit in limits_of(cookie)
    ]
    return {"name": cookie.name, "declared": str(cookie.lifespan), "effective": limits}


def _say(path: Path, catalogs: Sequence[Catalog], flaws: Sequence[Flaw], more: int) -> None:
    for flaw in flaws[:_SHOWN]:
        click.echo("\n".join(_told(flaw)))
    left = len(flaws[_SHOWN:]) + more
    if left:
        click.echo(f"… and {left} more.")
    for catalog in catalogs:
        languages = ", ".join(catalog.site.languages)
        verdict = f"Warnings: {len(catalog.warnings)}." if catalog.warnings else "Nothing is wrong."
        click.echo(f"{catalog.site.id}: {len(catalog.cookies)} rows in {languages}. {verdict}")
        click.echo("".join(_effective(catalog)), nl=False)
    if not catalogs:
        click.echo(f"{len(flaws) + more} to correct in {path}.", err=True)


def _told(flaw: Flaw) -> list[str]:
    """Tell a flaw: what, the line with a caret under its place, and which law asks for it."""
    warning = "warning: " if flaw.severity == "warning" else ""
    place = str(flaw).removesuffix(flaw.message)
    lines = [f"{place}{warning}{flaw.message} [{flaw.rule}]"]
    if flaw.source:
        number = str(flaw.line)
        lines.append(f"  {number} | {flaw.source}")
        lines.append(f"  {' ' * len(number)} | {_before(flaw.source[: flaw.caret - 1])}^")
    law = RULES[flaw.rule].source
    if law and law not in flaw.message:
        lines.append(f"  law: {law}")
    return lines


def _before(text: str) -> str:
    """Return blanks as wide as a text is in a terminal; a tab stays a tab."""
    return "".join("\t" if character == "\t" else " " * _width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _effective(catalog: Catalog) -> Iterable[str]:
    """Yield a line for each lifespan that a browser shortens, with what it makes of it."""
    shortened = [cookie for cookie in catalog.cookies if limits_of(cookie)]
    if shortened:
        yield "Deleted by browsers earlier than declared:\n"
    longest = max((len(cookie.name) for cookie in shortened), default=0)
    for cookie in shortened:
        limits = ", ".join(
            f"{limit.browser} {limit.lifespan}{' if a script sets it' if limit.by_script else ''}"
            for limit in limits_of(cookie)
        )
        yield f"  {cookie.name:<{longest}}  {cookie.lifespan}, effective: {limits}\n"
