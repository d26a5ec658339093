"""`consent-server scan`: what a website really stores, compared with the catalog."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import click

from consent_server import __version__
from consent_server.app import now
from consent_server.catalog.files import read_catalogs
from consent_server.consent.receipt import timestamp
from consent_server.errors import SettingsError
from consent_server.scan.addresses import mapped_addresses, read_addresses
from consent_server.scan.collecting import Collection
from consent_server.scan.judging import judge
from consent_server.scan.page import as_html
from consent_server.scan.parties import Parties
from consent_server.scan.plan import ACCEPT, REFUSE, Plan
from consent_server.scan.report import Report, as_json, as_markdown
from consent_server.scan.rows import Rows
from consent_server.scan.seen import PHASES
from consent_server.settings import read_settings
from consent_server.snapshot.browser import open_profiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consent_server.catalog.model import Catalog
    from consent_server.scan.seen import Phase, Seen

_FETCH_SECONDS = 30
_LARGEST = 50 * 1024 * 1024  # bytes, of a site map
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL…")
@click.option(
    "--catalog", type=click.Path(path_type=Path), help="The catalog.  [default: as the settings say]"
)
@click.option("--sitemap", is_flag=True, help="Visit what the website's site map names.")
@click.option(
    "--max-pages", type=click.IntRange(1, 1000), default=10, show_default=True, help="At most so many."
)
@click.option("--accept", default=ACCEPT, show_default=True, help="The selector of another banner's button.")
@click.option("--reject", default=REFUSE, show_default=True, help="And of the button that refuses.")
@click.option(
    "--phase", "phases", type=click.Choice(list(PHASES)), multiple=True, help="Only this; may be given again."
)
@click.option(
    "--wait", type=click.FloatRange(0, 60), default=1.0, show_default=True, help="Seconds to watch each page."
)
@click.option("--json", "json_file", type=_FILE, help="Write the report as JSON.")
@click.option("--markdown", "markdown_file", type=_FILE, help="Write it as Markdown.")
@click.option(
    "--html", "html_file", type=click.Path(path_type=Path), help="Write it as a page, with pictures."
)
def scan(  # noqa: PLR0913 - one parameter an option
    *,
    urls: tuple[str, ...],
    catalog: Path | None,
    sitemap: bool,
    max_pages: int,
    accept: str,
    reject: str,
    phases: tuple[Phase, ...],
    wait: float,
    json_file: Path | None,
    markdown_file: Path | None,
    html_file: Path | None,
) -> None:
    """Visit a website as a new visitor would, and compare what it stores with the catalog.

    Each page is visited in a new browser before a choice, after refusing and after accepting. Every cookie,
    storage entry and database is listed, HttpOnly and third-party ones too, every other host that is asked,
    when it appeared and who did it. Only names are kept, never what they hold. No receipt is sent.

    With one URL the links on its pages are followed, with --sitemap the site map is read; with several, or
    with paths after the first, only these are visited.

    Exits 1 when something is stored that the catalog does not declare, or when anything optional comes
    before a choice or after refusing; other hosts must then belong to a service of the catalog (`scripts`).
    Exits 2 when a page or the banner cannot be reached. Needs Playwright (pip install 'consent-server[scan]')
    and Chromium.

    \b
    Examples:
      consent-server scan https://www.example.com
      consent-server scan https://www.example.com /prices /contact --html scan.html --json scan.json
      consent-server scan https://www.example.com --sitemap --max-pages 50
      consent-server scan https://www.example.com --accept "text=Allow all" --reject "text=Only necessary"
    """
    outputs = _outputs(json_file, markdown_file, html_file)
    path = catalog or read_settings().catalog
    addresses = read_addresses(urls)
    declared = _catalog_of(path, addresses[0])
    plan = Plan(
        urls=_with_map(addresses, max_pages) if sitemap else addresses,
        named=len(addresses),
        follow=len(addresses) == 1 and not sitemap,
        most=max_pages,
        phases=tuple(phase for phase in PHASES if not phases or phase in phases),
        accept=accept,
        refuse=reject,
        wait=wait,
    )
    report = _report(declared, path.name, *_scan(declared, plan))
    _write(report, outputs)
    _say(report, outputs)
    sys.exit(0 if report.judged.holds else 1)


def _outputs(json_file: Path | None, markdown_file: Path | None, html_file: Path | None) -> dict[str, Path]:
    """Name the files to write. Raises SettingsError at once where one cannot be: a scan takes minutes."""
    if html_file and html_file.suffix not in {".html", ".htm"}:
        html_file /= "index.html"
    wanted = {"json": json_file, "markdown": markdown_file, "html": html_file}
    outputs = {kind: file for kind, file in wanted.items() if file}
    for file in outputs.values():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.open("a").close()
        except OSError as error:
            raise SettingsError(f"{file} cannot be written: {error.strerror}.") from error
    return outputs


def _catalog_of(path: Path, url: str) -> Catalog:
    """Read the catalog; among several the one whose origins hold `url`."""
    catalogs = read_catalogs(path)
    if len(catalogs) == 1:
        return catalogs[0]
    parts = urlsplit(url)
    for one in catalogs:
        if f"{parts.scheme}://{parts.netloc}" in one.site.origins:
            return one
    raise SettingsError(f"No catalog in {path} has {url} among its origins: name its file with --catalog.")


def _with_map(addresses: tuple[str, ...], most: int) -> tuple[str, ...]:
    mapped = mapped_addresses(addresses[0], _fetch, most)
    return tuple(dict.fromkeys((*addresses, *mapped)))[: max(most, len(addresses))]


def _fetch(url: str) -> bytes | None:
    """Get a site map or robots.txt; None where there is none."""
    if not url.startswith(("http:", "https:")):
        return None
    request = Request(url, headers={"User-Agent": "consent-server"})  # noqa: S310 - http(s) alone
    try:
        with urlopen(request, timeout=_FETCH_SECONDS) as answer:  # noqa: S310
            content: bytes = answer.read(_LARGEST)
    except (URLError, OSError, ValueError):
        return None
    return content


def _scan(catalog: Catalog, plan: Plan) -> tuple[Seen, str]:
    parties = Parties(catalog.site, plan.urls[: plan.named])
    with open_profiles() as profile:
        # Imported here because it needs Playwright, which is an extra.
        from consent_server.scan.visiting import Scanner  # noqa: PLC0415

        scanner = Scanner(profile, plan, parties, Collection(parties), catalog.site.id)
        total = len(plan.urls) * len(plan.phases)
        with click.progressbar(length=total, label="Scanning", file=sys.stderr, show_pos=True) as bar:
            for done, expected in scanner.run():
                bar.length = expected
                bar.update(done - bar.pos)
        return scanner.seen(), scanner.browser


def _report(catalog: Catalog, file: str, seen: Seen, browser: str) -> Report:
    judged = judge(catalog, seen)
    return Report(
        catalog=catalog,
        judged=judged,
        rows=Rows(catalog, judged).write(),
        time=timestamp(now()),
        program=f"consent-server {__version__}",
        browser=browser,
        file=file,
    )


def _write(report: Report, outputs: dict[str, Path]) -> None:
    makers = {
        "json": lambda: json.dumps(as_json(report), ensure_ascii=False, indent=2) + "\n",
        "markdown": lambda: as_markdown(report),
        "html": lambda: as_html(report),
    }
    for kind, file in outputs.items():
        file.write_text(makers[kind](), encoding="utf-8")


def _say(report: Report, outputs: dict[str, Path]) -> None:
    click.echo(report.summary())
    for finding in report.judged.findings:
        click.echo(f"{finding.severity}: {finding.text}")
    for page, reason in report.judged.seen.left_out.items():
        click.echo(f"not visited: {page}: {reason}")
    if report.rows and not outputs:
        click.echo(f"\nRows that the catalog lacks:\n\n{report.rows}")
    click.echo(report.verdict())
    if outputs:
        click.echo(f"The report is in {_listed(list(map(str, outputs.values())))}.")


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
