"""`consent-server catalog snapshot`: dated pictures of what visitors are shown."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from consent_server import __version__
from consent_server.app import build_server, now
from consent_server.assets import load
from consent_server.catalog.notice import notices_of
from consent_server.catalog.toml import parse_catalog
from consent_server.consent.receipt import timestamp
from consent_server.errors import SettingsError
from consent_server.settings import read_settings
from consent_server.snapshot.browser import open_browser
from consent_server.snapshot.pictures import Camera, plan
from consent_server.snapshot.stage import raise_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consent_server.catalog.notice import Notice

SCHEMA = "consent-snapshot/1"
INDEX = "snapshot.json"


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="A new folder for the pictures.  [default: snapshots/DATE]"
)
@click.option("--language", "wanted", multiple=True, help="Only this language; may be given several times.")
def snapshot(path: Path | None, out: Path | None, wanted: tuple[str, ...]) -> None:
    """Take dated pictures of the banner and the preferences, as a proof of what visitors are shown.

    Phone and desktop, light and dark, each language of the catalog; the preferences as they open, and at
    full length with every table open. Beside them snapshot.json names the time, the catalog, the notices,
    the widget, the browser and every picture by its SHA-256. Nothing is ever overwritten.

    Needs Playwright (pip install 'consent-server[scan]') and Chromium: the one that CONSENT_BROWSER names,
    the system's, or Playwright's own.

    \b
    Examples:
      consent-server catalog snapshot
      consent-server catalog snapshot drafts/cookie_catalog.toml --out pictures/draft --language en
    """
    catalog = path or read_settings().catalog
    with tempfile.TemporaryDirectory(prefix="consent-snapshot-") as directory:
        source = _read(catalog)
        notices = notices_of(parse_catalog(source, str(catalog)))
        # A copy does not change while pictures are taken.
        copy = Path(directory) / "cookie_catalog.toml"
        copy.write_bytes(source)
        languages = _languages(wanted, notices)
        with _folder(out or Path("snapshots") / datetime.now(UTC).date().isoformat()) as folder:
            pictures, browser = _take(copy, notices, languages, folder)
            file = {"file": catalog.name, "sha256": hashlib.sha256(source).hexdigest()}
            shown = {"catalog": file, "browser": browser, "pictures": pictures}
            _write_index(folder, notices, languages, shown)
    click.echo(f"{len(pictures)} pictures are in {folder}; {folder / INDEX} names them.")


def _read(catalog: Path) -> bytes:
    if catalog.is_dir():
        raise SettingsError(f"{catalog} holds several sites: name the file of one of them.")
    try:
        return catalog.read_bytes()
    except OSError as error:
        raise SettingsError(f"{catalog} cannot be read: {error.strerror}.") from error


def _languages(wanted: Sequence[str], notices: dict[str, Notice]) -> list[str]:
    for language in wanted:
        if language not in notices:
            raise SettingsError(f"The catalog has no {language!r}, only {', '.join(notices)}.")
    return [language for language in notices if not wanted or language in wanted]


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """Make a new folder; what was begun in it and not finished is removed."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise SettingsError(f"{folder} is there already: name a new folder with --out.") from None
    except OSError as error:
        raise SettingsError(f"{folder} cannot be made: {error.strerror}.") from error
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        raise


def _take(
    catalog: Path, notices: dict[str, Notice], languages: Sequence[str], folder: Path
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Write every picture; return what the index says of them and of the browser."""
    shots = plan(languages)
    entries = []
    settings = read_settings({"CONSENT_CATALOG": str(catalog), "CONSENT_DATA_DIR": str(catalog.parent)})
    site = notices[languages[0]].body["site"]
    with (
        open_browser() as browser,
        closing(build_server(settings)) as server,
        raise_stage(server.app, site) as url,
        click.progressbar(length=len(shots), label="Taking pictures") as bar,
    ):
        for picture in Camera(browser, url, notices, load().build.sha256).take(shots):
            (folder / picture.shot.file).write_bytes(picture.content)
            entries.append(picture.entry())
            bar.update(1)
        return entries, {"name": browser.browser_type.name, "version": browser.version}


def _write_index(
    folder: Path, notices: dict[str, Notice], languages: Sequence[str], shown: dict[str, Any]
) -> None:
    index = {
        "schema": SCHEMA,
        "time": timestamp(now()),
        "site": notices[languages[0]].body["site"],
        "program": __version__,
        "widget": {"sha256": load().build.sha256},
        "notices": {
            language: {"sha256": notices[language].sha256, "revision": notices[language].revision}
            for language in languages
        },
        **shown,
    }
    text = json.dumps(index, ensure_ascii=False, indent=2) + "\n"
    (folder / INDEX).write_text(text, encoding="utf-8")
