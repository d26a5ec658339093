"""`consent-server catalog diff`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from consent_server.catalog.diff import Diff, diff
from consent_server.catalog.files import read_catalogs
from consent_server.catalog.toml import parse_catalog
from consent_server.errors import SettingsError
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from consent_server.catalog.change import Change
    from consent_server.catalog.model import Catalog

SCHEMA = "consent-diff/1"
AGAIN = "visitors will be asked again"
NOBODY = "nobody is asked again"


@click.command("diff")
@click.argument("paths", nargs=-1, metavar="[OLD] [NEW]", type=click.Path(path_type=Path))
@click.option("--git", "revision", metavar="REV", help="Compare NEW with itself at a revision of git.")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True
)
def diff_command(paths: tuple[Path, ...], revision: str | None, form: str) -> None:
    """Say in plain words what changed, and whether visitors are asked again.

    OLD and NEW are files, or directories of them. With --git, NEW alone is named, or none at all for the
    catalog of the settings. Whether visitors are asked again is told by the revision that the server itself
    asks by.

    Exits 0 where every choice stays good, 1 where visitors will be asked again, 2 where the catalogs cannot
    be compared.

    \b
    Examples:
      consent-server catalog diff old.toml cookie_catalog.toml
      consent-server catalog diff --git main --format markdown
      consent-server catalog diff --git HEAD~1 cookie_catalog.toml --format json
    """
    old, new = _catalogs(paths, revision)
    diffs = [diff(old[site], new[site]) for site in new if site in old]
    gone, added = [site for site in old if site not in new], [site for site in new if site not in old]
    if len(old) == len(new) == 1 and gone:
        raise SettingsError(f"These are two sites, “{gone[0]}” and “{added[0]}”: compare one with itself.")
    write: Callable[[Sequence[Diff], Sequence[str], Sequence[str]], str] = {
        "text": _text,
        "markdown": _markdown,
        "json": _json,
    }[form]
    click.echo(write(diffs, added, gone))
    sys.exit(1 if any(found.asks for found in diffs) else 0)


def _catalogs(paths: tuple[Path, ...], revision: str | None) -> tuple[dict[str, Catalog], dict[str, Catalog]]:
    if revision is None:
        if len(paths) != 2:  # noqa: PLR2004 - an old one and a new one
            raise SettingsError("Name two catalogs, the old one and the new one, or a revision with --git.")
        return _by_site(read_catalogs(paths[0])), _by_site(read_catalogs(paths[1]))
    if len(paths) > 1:
        raise SettingsError("With --git, name one catalog: it is compared with itself at that revision.")
    path = paths[0] if paths else read_settings().catalog
    new = read_catalogs(path)
    return _by_site(_read_from_git(path, revision)), _by_site(new)


def _by_site(catalogs: Sequence[Catalog]) -> dict[str, Catalog]:
    return {catalog.site.id: catalog for catalog in catalogs}


def _read_from_git(path: Path, revision: str) -> list[Catalog]:
    """Read a catalog file, or each *.toml of a directory, as it was at a revision."""
    folder = path if path.is_dir() else path.resolve().parent
    if revision.startswith("-") or not _git(folder, "rev-parse", "--verify", "-q", f"{revision}^{{commit}}"):
        raise SettingsError(f"git has no revision “{revision}” here.")
    if not path.is_dir():
        names = [path.resolve().name]
    else:
        listed = _git(folder, "ls-tree", "--name-only", "-z", revision, "./").decode().split("\0")
        names = [name for name in listed if name.endswith(".toml") and not name.startswith(".")]
    return [
        parse_catalog(_git(folder, "show", f"{revision}:./{name}"), f"{revision}:{name}") for name in names
    ]


def _git(folder: Path, *words: str) -> bytes:
    """Run git; what fails without a word answers nothing. Raises SettingsError with what git itself says."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise SettingsError("git is not there: install it, or name two files.") from None
    said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
    if done.returncode and said:
        raise SettingsError(f"git: {said.rstrip('.')}.")
    return done.stdout


def _verdict(found: Diff) -> str:
    if not found.changes:
        return "nothing changed"
    return AGAIN if found.asks else NOBODY


def _text(diffs: Sequence[Diff], added: Sequence[str], gone: Sequence[str]) -> str:
    lines = [f"{site}: a new site" for site in added] + [f"{site}: no longer a site" for site in gone]
    for found in diffs:
        lines.append(f"{found.site}: {_verdict(found)}.")
        for change in found.changes:
            lines.append(f"{'!' if change.asks else ' '} {change.says}: {AGAIN if change.asks else NOBODY}.")
            lines.append(f"    Why: {change.why}.")
    return "\n".join(lines)


def _markdown(diffs: Sequence[Diff], added: Sequence[str], gone: Sequence[str]) -> str:
    lines = [f"### {site}: a new site\n" for site in added] + [f"### {site}: gone\n" for site in gone]
    for found in diffs:
        lines.append(f"### {_plain(found.site)}: {_verdict(found)}\n")
        if found.changes:
            lines += ["| change | asked again | why |", "|---|---|---|", *map(_row, found.changes), ""]
    return "\n".join(lines).rstrip()


def _row(change: Change) -> str:
    return f"| {_plain(change.says)} | {'**yes**' if change.asks else 'no'} | {_plain(change.why)} |"


def _plain(text: str) -> str:
    """Keep a text of the catalog from being read as markdown or HTML."""
    escaped = "".join(f"\\{character}" if character in "\\`*_[]<>|#~" else character for character in text)
    return " ".join(escaped.split())


def _json(diffs: Sequence[Diff], added: Sequence[str], gone: Sequence[str]) -> str:
    sites: list[dict[str, Any]] = [
        {
            "site": found.site,
            "asks_again": found.asks,
            "old_revision": found.old,
            "new_revision": found.new,
            "changes": [asdict(change) for change in found.changes],
        }
        for found in diffs
    ]
    body = {"schema": SCHEMA, "sites": sites, "added": list(added), "gone": list(gone)}
    return json.dumps(body, ensure_ascii=False, indent=2)
