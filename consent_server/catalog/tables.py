"""The tables of a catalog file, each read into its value. What no single table can tell is in `rules`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from babel import Locale, UnknownLocaleError

from consent_server.catalog import formats
from consent_server.catalog.flaws import did_you_mean, listing
from consent_server.catalog.lifespan import DAY, Lifespan
from consent_server.catalog.model import (
    NECESSARY,
    SITE,
    Banner,
    Category,
    Controller,
    Cookie,
    Form,
    Service,
    Site,
    Statement,
    Storage,
)
from consent_server.catalog.notice import PLACEHOLDERS
from consent_server.catalog.texts import languages

if TYPE_CHECKING:
    from consent_server.catalog.fields import Table

LONGEST_CHOICE = 395 * DAY
"""The longest that a choice may be kept, in seconds: 13 months in whole days."""

HIGHEST_REVISION = 1_000_000
POSITIONS: dict[Form, tuple[str, ...]] = {
    "box": ("bottom-end", "bottom-start"),
    "bar": ("bottom", "top"),
    "centre": ("centre",),
}
"""Where each form of banner may stand; the first is the default."""

_UNREAD = Lifespan("session")
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def read_site(table: Table) -> Site:
    """Read [site] and [site.controller]."""
    site = Site(
        id=table.text("id", formats.id_flaw),
        origins=table.strings("origins", formats.origin_flaw, required=True),
        cookie_domain=table.optional("cookie_domain", formats.domain_flaw),
        languages=table.strings("languages", _language_flaw, required=True),
        jurisdiction=table.text("jurisdiction", formats.jurisdiction_flaw),
        policy_url=table.text("policy_url", formats.link_flaw),
        ask_again_after=_ask_again_after(table),
        keep_receipts=_duration(table, "keep_receipts", "5 years"),
        revision=table.number("revision", 1, HIGHEST_REVISION),
        controller=_read_controller(table.table("controller")),
    )
    table.finish()
    return site


def read_banner(table: Table | None) -> Banner:
    """Read [banner], which may be absent."""
    if table is None:
        return Banner("box", POSITIONS["box"][0], None, None)
    form: Form = table.choice("form", get_args(Form), "box")
    banner = Banner(
        form=form,
        position=table.choice("position", POSITIONS[form], POSITIONS[form][0]),
        title=table.optional_texts("title"),
        text=table.optional_texts("text"),
    )
    _check_placeholders(table, banner)
    table.finish()
    return banner


def read_category(name: str, table: Table) -> Category:
    """Read one [category.…]. `necessary` alone has a justification."""
    _check_id(name, table)
    required = name == NECESSARY
    justification = table.texts("justification") if required else table.optional_texts("justification")
    if justification is not None and not required:
        table.flaws.at_key(
            (*table.keys, "justification"),
            "remove justification: only [category.necessary] does without consent and has to say why",
        )
    category = Category(
        id=name,
        title=table.texts("title"),
        text=table.texts("text"),
        justification=justification,
        consent_mode=table.strings("consent_mode", _consent_mode_flaw),
    )
    table.finish()
    return category


def read_service(name: str, table: Table) -> Service:
    """Read one [service.…]. A third party, as each is unless it says otherwise, needs a privacy policy."""
    _check_id(name, table)
    third_party = table.flag("third_party", default=True)
    service = Service(
        id=name,
        name=table.text("name"),
        provider=table.text("provider"),
        country=table.text("country", formats.country_flaw),
        privacy_policy=(table.text if third_party else table.optional)("privacy_policy", formats.link_flaw),
        opt_out=table.optional("opt_out", formats.link_flaw),
        scripts=table.strings("scripts", formats.script_flaw),
        third_party=third_party,
    )
    table.finish()
    return service


def read_cookie(table: Table) -> Cookie:
    """Read one [[cookie]]. How long it stays and who sets it must be told (CJEU C-673/17, Planet49)."""
    storage: Storage = table.choice("storage", get_args(Storage), "cookie")
    cookie = Cookie(
        name=table.text("name", lambda name: formats.name_flaw(name, storage)),
        storage=storage,
        service=table.text("service"),
        category=table.text("category"),
        lifespan=table.lifespan("lifespan") or _UNREAD,
        purpose=table.texts("purpose"),
        http_only=table.flag("http_only", default=False),
        path=table.text("path", formats.path_flaw, default="/"),
    )
    if storage != "cookie":
        for key in {"http_only", "path"} & table.values.keys():
            table.flaws.at_key(
                (*table.keys, key), f"remove {key!r}: only a cookie has it, {storage} does not"
            )
    table.finish()
    return cookie


def read_statement(table: Table) -> Statement:
    """Read one [[statement]]."""
    statement = Statement(table.text("id", formats.id_flaw), table.texts("title"), table.texts("text"))
    table.finish()
    return statement


def _read_controller(table: Table | None) -> Controller:
    if table is None:
        return Controller("", "", "", "")
    controller = Controller(
        name=table.text("name"),
        address=table.text("address"),
        email=table.text("email", formats.email_flaw),
        authority=table.text("authority"),
        country=table.optional("country", formats.country_flaw) or "",
    )
    table.finish()
    return controller


def _ask_again_after(table: Table) -> Lifespan:
    kept = _duration(table, "ask_again_after", "6 months")
    seconds = kept.seconds
    if seconds is not None and not DAY <= seconds <= LONGEST_CHOICE:
        table.wrong(
            "ask_again_after",
            f"ask_again_after cannot be {str(kept)!r}: "
            'write at least "1 day" and at most "395 days"; "6 months" is good practice',
        )
    return kept


def _duration(table: Table, key: str, default: str) -> Lifespan:
    kept = table.lifespan(key, default)
    if kept and kept.seconds is None:
        table.wrong(key, f'{key} needs a length: write a number and a unit such as "{default}"')
    return kept or _UNREAD


def _check_id(name: str, table: Table) -> None:
    problem = formats.id_flaw(name)
    if name == SITE:
        problem = '"site" is reserved for the website itself: choose another id'
    if problem:
        table.flaws.at_key(table.keys, problem)


def _check_placeholders(table: Table, banner: Banner) -> None:
    for key, texts in (("title", banner.title), ("text", banner.text)):
        for language, text in (texts or {}).items():
            for name in re.findall(r"\{([^{}]*)\}", text) if isinstance(text, str) else ():
                if name not in PLACEHOLDERS:
                    known = listing(f"{{{word}}}" for word in PLACEHOLDERS)
                    table.flaws.at_value(
                        (*table.keys, key, language),
                        f'nothing fills in "{{{name}}}": what is filled in is {known}',
                    )


def _language_flaw(tag: str) -> str | None:
    if tag in languages():
        return None
    try:
        known = bool(_TAG.fullmatch(tag)) and Locale.parse(tag, sep="-") is not None
    except (ValueError, UnknownLocaleError):
        known = False
    if not known:
        return f'{tag!r} is no language tag: write one such as "en" or "lt" (BCP 47)'
    return f"there are no texts in {tag!r} yet: write one of {listing(languages())}"


def _consent_mode_flaw(key: str) -> str | None:
    if key in formats.CONSENT_MODE:
        return None
    known = formats.CONSENT_MODE
    return f"{key!r} is no consent mode key: write one of {listing(known)}{did_you_mean(key, known)}"
