"""What every public page has: its language, its texts, its template and its headers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel import Locale
from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context

from consent_server.catalog.texts import texts_in
from consent_server.consent.sites import closest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2.runtime import Context
    from werkzeug import Request

    from consent_server.consent.sites import LiveSite

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""The Content-Security-Policy of every HTML page: one stylesheet, our own forms, and nothing else."""

VARY = "Accept-Language, User-Agent, Sec-CH-UA, Sec-CH-UA-Platform"


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language of the switch: its tag, its name in itself, its writing direction."""

    tag: str
    name: str
    direction: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layout shows around any page.

    `texts` are the tables of the page's language, `stylesheet` is a URL path, `host` the website's host,
    `domain` the name under which a browser lists its cookies, `here` the page as the language switch
    links to it (empty where it cannot be asked for again) and `kept` what it then keeps of the address.
    """

    tongue: Tongue
    tongues: tuple[Tongue, ...]
    texts: Mapping[str, Mapping[str, str]]
    stylesheet: str
    host: str
    domain: str
    owner: str
    here: str = ""
    kept: str = ""


def frame_of(site: LiveSite, language: str | None, stylesheet: str, here: str = "", kept: str = "") -> Frame:
    """Make the frame for a page of `site`; a language that the site does not have becomes its default."""
    chosen = site.notice(language).language
    about = site.catalog.site
    host = urlsplit(about.origins[0]).netloc
    return Frame(
        tongue=tongue(chosen),
        tongues=tuple(tongue(tag) for tag in about.languages),
        texts=texts_in(chosen),
        stylesheet=stylesheet,
        host=host,
        domain=about.cookie_domain or host,
        owner=about.controller.name,
        here=here,
        kept=kept,
    )


@cache
def tongue(tag: str) -> Tongue:
    """Describe the language `tag` (BCP 47) as CLDR knows it."""
    locale = Locale.parse(tag, sep="-")
    name = locale.get_language_name(tag) or tag
    return Tongue(tag, name[:1].upper() + name[1:], locale.text_direction)


def clock(language: str) -> str:
    """Return the Babel locale for dates: plain "en" would write them as in the United States."""
    return "en_150" if language == "en" else language.replace("-", "_")


def language_of(request: Request, site: LiveSite) -> str:
    """Choose among the site's languages: `?lang=`, else Accept-Language, else the default one."""
    asked = request.args.get("lang")
    wanted = [asked] if asked else [tag for tag, quality in request.accept_languages if quality > 0]
    spoken = site.catalog.site.languages
    return next((found for tag in wanted if (found := closest(tag, spoken))), spoken[0])


@pass_context
def colon(context: Context, text: str) -> str:
    """Put a colon behind a text; French writes a no-break space before it."""
    space = "\N{NO-BREAK SPACE}" if context["frame"].tongue.tag.startswith("fr") else ""
    return f"{text}{space}:"


@cache
def templates() -> Environment:
    """Return the environment of all HTML pages: everything is escaped, a missing value is an error."""
    environment = Environment(
        loader=PackageLoader("consent_server"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["colon"] = colon
    return environment


def html(template: str, frame: Frame, *, status: int = 200, max_age: int = 0, **values: Any) -> Response:
    """Render a template in its frame. `max_age` is in seconds; 0 is for one visitor only: never stored."""
    text = (
        templates()
        .get_template(template)
        .render(frame=frame, t=frame.texts["page"], g=frame.texts["guide"], status=status, **values)
    )
    response = Response(text, status=status, mimetype="text/html")
    response.headers.update(
        {
            "Cache-Control": f"max-age={max_age}" if max_age else "no-store",
            "Content-Language": frame.tongue.tag,
            "Content-Security-Policy": POLICY,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Accept-CH": "Sec-CH-UA-Platform",
            "Vary": VARY,
        },
    )
    if max_age:
        response.add_etag()
    return response
