"""`consent-server init`: a first catalog."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from consent_server.catalog import formats
from consent_server.catalog.known import hint_at_service, known_services
from consent_server.catalog.model import NECESSARY
from consent_server.catalog.starting import (
    Start,
    authority_of,
    categories_of,
    start_catalog,
    usual_categories,
    usual_id,
    usual_languages,
    usual_policy,
)
from consent_server.catalog.toml import parse_catalog
from consent_server.cli.rewriting import replace, write_new
from consent_server.errors import SettingsError
from consent_server.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable


class Checked(click.ParamType[str]):
    """A text of a form; `check` returns what is wrong and what to write, or None."""

    def __init__(self, name: str, check: Callable[[str], str | None]) -> None:
        self.name = name
        self.check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, stripped."""
        text = str(value).strip()
        problem = self.check(text) if text else "write something"
        if problem:
            self.fail(problem, param, ctx)
        return text


class Several(click.ParamType[tuple[str, ...]]):
    """Texts of a form, separated by spaces or commas; each once."""

    def __init__(self, name: str, check: Callable[[str], str | None], *, least: int = 0) -> None:
        self.name = name
        self.check = check
        self.least = least

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the texts."""
        if isinstance(value, tuple):
            return value
        texts = tuple(dict.fromkeys(str(value).replace(",", " ").split()))
        for problem in filter(None, map(self.check, texts)):
            self.fail(problem, param, ctx)
        if len(texts) < self.least:
            self.fail("write at least one", param, ctx)
        return texts


def _language_flaw(tag: str) -> str | None:
    return None if tag in usual_languages() else f"{tag!r}: write {' or '.join(usual_languages())}"


def _category_flaw(name: str) -> str | None:
    return None if name in usual_categories() else f"{name!r}: write one of {', '.join(usual_categories())}"


def _service_flaw(name: str) -> str | None:
    if name in known_services():
        return None
    return f"{name!r} is not known{hint_at_service(name)}: `consent-server catalog add --list` lists services"


TEXT = Checked("text", lambda _: None)
ID = Checked("id", formats.id_flaw)
ORIGINS = Several("origins", formats.origin_flaw, least=1)
EMAIL = Checked("email", formats.email_flaw)
COUNTRY = Checked("country", formats.country_flaw)
LINK = Checked("link", formats.link_flaw)
DOMAIN = Checked("domain", formats.domain_flaw)
JURISDICTION = Checked("jurisdiction", formats.jurisdiction_flaw)
LANGUAGES = Several("languages", _language_flaw, least=1)
CATEGORIES = Several("categories", _category_flaw)
SERVICES = Several("services", _service_flaw)


@click.command()
@click.option(
    "--origins", type=ORIGINS, help="Where the website is: https://www.example.com; several by spaces."
)
@click.option("--site", type=ID, help="The site's id.  [default: from its first origin]")
@click.option("--controller", type=TEXT, help="The full legal name of who answers for the website.")
@click.option("--address", type=TEXT, help="The controller's address.")
@click.option("--email", type=EMAIL, help="Where visitors write to.")
@click.option("--country", type=COUNTRY, help="The controller's country, two letters by ISO 3166.")
@click.option(
    "--authority", type=TEXT, help="The supervisory authority.  [default: the country's, where known]"
)
@click.option(
    "--languages", type=LANGUAGES, help="The site's languages, the default one first.  [default: en]"
)
@click.option("--policy-url", type=LINK, help="The whole policy.  [default: /privacy on the first origin]")
@click.option("--services", type=SERVICES, help="Services whose usual cookies to write, by id.")
@click.option("--categories", type=CATEGORIES, help="Categories, besides those that the services need.")
@click.option("--cookie-domain", type=DOMAIN, help="One choice for this domain and all below it.")
@click.option("--jurisdiction", type=JURISDICTION, default="EU", show_default=True, help="Whose law applies.")
@click.option(
    "--file", "path", type=click.Path(path_type=Path), help="Where to write.  [default: CONSENT_CATALOG]"
)
@click.option("--yes", is_flag=True, help="Ask nothing and take the defaults.")
@click.option("--force", is_flag=True, help="Overwrite a catalog that is there.")
def init(path: Path | None, *, yes: bool, force: bool, **given: Any) -> None:
    """Write a first catalog, with a comment for each key, after a few questions; flags answer them too.

    \b
    Examples:
      consent-server init
      consent-server init --yes --origins https://www.example.com --controller "Example UAB" \\
        --address "Street 1, Vilnius" --email privacy@example.com --country LT \\
        --languages "lt en" --services "google-analytics youtube"
    """
    settings = read_settings()
    _check_free(path or settings.catalog, force=force)
    server = (settings.public_url or f"http://{settings.host_name}").rstrip("/")
    start = _start(given if yes else _ask(given), server, yes=yes)
    target = path or _target(settings.catalog, start.id)
    _check_free(target, force=force)
    source = start_catalog(start)
    catalog = parse_catalog(source, str(target))
    if target.exists():
        replace(target, target.read_bytes(), source)
    else:
        write_new(target, source)
    _say(server, target, start.id, len(catalog.cookies))


def _check_free(path: Path, *, force: bool) -> None:
    if path.is_file() and not force:
        raise SettingsError(
            f"{path} is there already: name another file with --file, or overwrite it with --force."
        )


def _target(catalog: Path, site: str) -> Path:
    """Return where to write: a directory of catalogs gets one file a site."""
    return catalog / f"{site}.toml" if catalog.is_dir() else catalog


def _ask(given: dict[str, Any]) -> dict[str, Any]:
    """Ask for what the flags do not say."""
    answers = dict(given)

    def ask(key: str, question: str, kind: click.ParamType[Any], default: str | None = None) -> Any:
        if answers[key] is None:
            answers[key] = click.prompt(question, type=kind, default=default)
        return answers[key]

    first = ask("origins", "Where is the website (several: separate by spaces)", ORIGINS)[0]
    ask("site", "A short id for it", ID, usual_id(first))
    ask("controller", "Full legal name of who answers for it", TEXT)
    ask("address", "Address", TEXT)
    ask("email", "Email address for visitors", EMAIL)
    country = ask("country", "Country (two letters)", COUNTRY)
    ask("authority", "Supervisory authority", TEXT, authority_of(country))
    ask("languages", f"Languages, the default one first ({', '.join(usual_languages())})", LANGUAGES, "en")
    ask("policy_url", "Address of the whole policy", LINK, usual_policy(first))
    ask(
        "services",
        "Services on the website (`catalog add --list` shows their ids; empty: none)",
        SERVICES,
        "",
    )
    needed = categories_of(known_services()[name] for name in answers["services"])
    usual = " ".join(name for name in needed if name != NECESSARY)
    others = ", ".join(name for name in usual_categories() if name != NECESSARY)
    ask("categories", f"Categories to ask visitors about ({others})", CATEGORIES, usual)
    return answers


def _start(answers: dict[str, Any], server: str, *, yes: bool) -> Start:
    missing = [key for key in ("origins", "controller", "address", "email") if answers[key] is None]
    if not answers["authority"] and not authority_of(answers["country"]):
        missing.append("authority")
    if missing:
        flags = ", ".join(f"--{key}" for key in missing)
        raise SettingsError(f"Give {flags}{', or leave --yes out to be asked' if yes else ''}.")
    return Start(
        id=answers["site"] or usual_id(answers["origins"][0]),
        origins=answers["origins"],
        languages=answers["languages"] or (usual_languages()[0],),
        jurisdiction=answers["jurisdiction"],
        name=answers["controller"],
        address=answers["address"],
        email=answers["email"],
        country=answers["country"],
        authority=answers["authority"],
        policy_url=answers["policy_url"],
        cookie_domain=answers["cookie_domain"],
        categories=answers["categories"] or (),
        services=tuple(known_services()[name] for name in answers["services"] or ()),
        schema=f"{server}/catalog.schema.json",
    )


def _say(server: str, target: Path, site: str, rows: int) -> None:
    click.echo(f"""
{target} is written, with {rows} rows, three of them the program's own. What is marked "assumed" wants a look.

Paste this into every page, in <head>:

  <script src="{server}/v1/{site}/consent.js" async></script>

Next:
  consent-server catalog add --list     what is known of usual cookies, to add more rows
  consent-server catalog check          after each change
  consent-server serve                  starts the server
""")
