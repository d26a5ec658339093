"""The tables of a catalog file, each read into its value. What no single table can tell is in `rules`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from consent_server.catalog import formats
from consent_server.catalog.flaws import listing
from consent_server.catalog.keys import (
    POSITIONS,
    BannerKeys,
    CategoryKeys,
    ControllerKeys,
    CookieKeys,
    ServiceKeys,
    SiteKeys,
    StatementKeys,
)
from consent_server.catalog.lifespan import DAY, Lifespan
from consent_server.catalog.model import (
    NECESSARY,
    SITE,
    Banner,
    Category,
    Controller,
    Cookie,
    Service,
    Site,
    Statement,
)
from consent_server.catalog.notice import PLACEHOLDERS

if TYPE_CHECKING:
    from consent_server.catalog.fields import Table
    from consent_server.catalog.forms import Form

LONGEST_CHOICE = 395 * DAY
"""The longest that a choice may be kept, in seconds: 13 months in whole days."""

_UNREAD = Lifespan("session")


def read_site(table: Table) -> Site:
    """Read [site] and [site.controller]."""
    site = Site(
        id=table.take(SiteKeys.id),
        origins=table.take(SiteKeys.origins),
        cookie_domain=table.take(SiteKeys.cookie_domain),
        languages=table.take(SiteKeys.languages),
        jurisdiction=table.take(SiteKeys.jurisdiction),
        policy_url=table.take(SiteKeys.policy_url),
        ask_again_after=_ask_again_after(table),
        keep_receipts=table.take(SiteKeys.keep_receipts) or _UNREAD,
        revision=table.take(SiteKeys.revision),
        controller=_read_controller(table.take(SiteKeys.controller)),
    )
    table.finish()
    return site


def read_banner(table: Table | None) -> Banner:
    """Read [banner], which may be absent."""
    if table is None:
        return Banner("box", POSITIONS["box"][0], None, None)
    form = table.take(BannerKeys.form)
    banner = Banner(
        form=form,
        position=BannerKeys.position.among(table, POSITIONS[form], POSITIONS[form][0]),
        title=table.take(BannerKeys.title),
        text=table.take(BannerKeys.text),
        button=table.take(BannerKeys.button),
    )
    _check_placeholders(table, banner)
    table.finish()
    return banner


def read_category(name: str, table: Table, form: Form) -> Category:
    """Read one [category.…]. `necessary` alone has a justification."""
    _check_id(name, table, form)
    key = CategoryKeys.justification
    required = name == NECESSARY
    if required and key.name not in table.values:
        example = CategoryKeys.title.example(table).replace(CategoryKeys.title.name, key.name)
        table.flaws.at_key(table.keys, "R7-justification-missing", f"{key.name} is missing: add {example}")
    category = Category(
        id=name,
        title=table.take(CategoryKeys.title),
        text=table.take(CategoryKeys.text),
        justification=table.take(key),
        consent_mode=table.take(CategoryKeys.consent_mode),
    )
    if category.justification is not None and not required:
        why = "remove justification: only [category.necessary] does without consent and has to say why"
        table.misplaced(key, why)
    table.finish()
    return category


def read_service(name: str, table: Table, form: Form) -> Service:
    """Read one [service.…]. A third party, as each is unless it says otherwise, needs a privacy policy."""
    _check_id(name, table, form)
    service = Service(
        id=name,
        name=table.take(ServiceKeys.name),
        provider=table.take(ServiceKeys.provider),
        country=table.take(ServiceKeys.country),
        privacy_policy=table.take(ServiceKeys.privacy_policy),
        opt_out=table.take(ServiceKeys.opt_out),
        scripts=table.take(ServiceKeys.scripts),
        third_party=table.take(ServiceKeys.third_party),
    )
    if service.third_party and service.privacy_policy is None:
        table.flaws.at_key(
            table.keys, "R19-third-party-missing", 'privacy_policy is missing: add privacy_policy = "…"'
        )
    table.finish()
    return service


def read_cookie(table: Table) -> Cookie:
    """Read one [[cookie]]. How long it stays and who sets it must be told (CJEU C-673/17, Planet49)."""
    cookie = Cookie(
        name=table.take(CookieKeys.name),
        storage=table.take(CookieKeys.storage),
        service=table.take(CookieKeys.service),
        category=table.take(CookieKeys.category),
        lifespan=table.take(CookieKeys.lifespan) or _UNREAD,
        purpose=table.take(CookieKeys.purpose),
        http_only=table.take(CookieKeys.http_only),
        path=table.take(CookieKeys.path),
        exempt=table.take(CookieKeys.exempt),
    )
    _check_storage(table, cookie)
    table.finish()
    return cookie


def read_statement(table: Table) -> Statement:
    """Read one [[statement]]."""
    statement = Statement(
        table.take(StatementKeys.id), table.take(StatementKeys.title), table.take(StatementKeys.text)
    )
    table.finish()
    return statement


def _read_controller(table: Table | None) -> Controller:
    if table is None:
        return Controller("", "", "", "")
    controller = Controller(
        name=table.take(ControllerKeys.name),
        address=table.take(ControllerKeys.address),
        email=table.take(ControllerKeys.email),
        authority=table.take(ControllerKeys.authority),
        country=table.take(ControllerKeys.country) or "",
    )
    table.finish()
    return controller


def _ask_again_after(table: Table) -> Lifespan:
    kept = table.take(SiteKeys.ask_again_after) or _UNREAD
    seconds = kept.seconds
    if seconds is not None and not DAY <= seconds <= LONGEST_CHOICE:
        table.wrong(
            SiteKeys.ask_again_after,
            "R12-choice-length",
            f"ask_again_after cannot be {str(kept)!r}: "
            'write at least "1 day" and at most "395 days"; "6 months" is good practice',
        )
    return kept


def _check_id(name: str, table: Table, form: Form) -> None:
    rule, problem = form.rule, form.check(name)
    if name == SITE:
        rule, problem = "id-taken", '"site" is reserved for the website itself: choose another id'
    if problem:
        table.flaws.at_key(table.keys, rule, problem)


def _check_storage(table: Table, cookie: Cookie) -> None:
    if cookie.storage != "cookie":
        for key in (CookieKeys.http_only, CookieKeys.path):
            if key.name in table.values:
                table.misplaced(key, f"remove {key.name!r}: only a cookie has it, {cookie.storage} does not")
    elif cookie.name and not formats.stored_name_flaw(cookie.name):
        problem = formats.cookie_name_flaw(cookie.name) or formats.prefix_flaw(cookie.name, cookie.path)
        if problem:
            table.wrong(CookieKeys.name, "name-malformed", problem)


def _check_placeholders(table: Table, banner: Banner) -> None:
    for key, texts in (("title", banner.title), ("text", banner.text)):
        for language, text in (texts or {}).items():
            for name in re.findall(r"\{([^{}]*)\}", text) if isinstance(text, str) else ():
                if name not in PLACEHOLDERS:
                    known = listing(f"{{{word}}}" for word in PLACEHOLDERS)
                    table.flaws.at_value(
                        (*table.keys, key, language),
                        "filling-unknown",
                        f'nothing fills in "{{{name}}}": what is filled in is {known}',
                    )
