"""The lint of rows and services: what a catalog that holds still says too freely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.catalog.lifespan import SECONDS
from consent_server.catalog.model import NECESSARY, SITE

if TYPE_CHECKING:
    from consent_server.catalog.flaws import Flaws
    from consent_server.catalog.model import Catalog, Cookie

_LONGEST_NECESSARY = 13 * SECONDS["month"]
_TRACKERS = {
    "Google Analytics": "_ga _ga_* _gid _gat* __utma __utmb __utmc __utmt* __utmv __utmz",
    "Google's advertising": "IDE _gcl_* __gads __gpi DSID test_cookie",
    "Meta": "_fbp _fbc fr",
    "Microsoft Advertising": "MUID _uetsid _uetvid _uetmsclkid",
    "Microsoft Clarity": "_clck _clsk CLID",
    "Hotjar": "_hj*",
    "LinkedIn": "li_sugr UserMatchHistory AnalyticsSyncHistory li_fat_id",
    "TikTok": "_ttp _tt_enable_cookie ttclid",
    "Pinterest": "_pin_unauth _pinterest_ct_ua",
    "Snapchat": "_scid _scid_r",
    "X": "muc_ads guest_id_ads guest_id_marketing",
    "HubSpot": "hubspotutk __hstc __hssc",
    "Criteo": "cto_bundle cto_bidid",
}
_TRACKER = {name: owner for owner, names in _TRACKERS.items() for name in names.split()}


def lint_rows(flaws: Flaws, catalog: Catalog) -> None:
    """Add every warning about what is stored and who stores it."""
    rows = [cookie for cookie in catalog.cookies if not cookie.own]
    for index, cookie in enumerate(rows):
        if cookie.category == NECESSARY:
            _lint_necessary(flaws, catalog, index, cookie)
        _lint_lifespan(flaws, index, cookie)
    used = {cookie.service for cookie in rows}
    for service in catalog.services:
        if service.id not in used and service.id != SITE:
            flaws.at_key(
                ("service", service.id),
                "service-unused",
                f"no row names the service {service.id!r}, so visitors are not told of it: "
                "add what it stores, or remove it",
            )


def tracker(name: str) -> str | None:
    """Return whose tracker a cookie's name, or pattern, is known as; None where it is not."""
    for length in range(len(name), 0, -1):
        for known in (name[:length], f"{name[:length]}*"):
            if known in _TRACKER and (known == name or known.endswith("*")):
                return _TRACKER[known]
    return None


def _lint_necessary(flaws: Flaws, catalog: Catalog, index: int, cookie: Cookie) -> None:
    owner = tracker(cookie.name) if cookie.storage == "cookie" else None
    if owner:
        flaws.at_value(
            ("cookie", index, "category"),
            "R7-tracker-necessary",
            f"{cookie.name!r} is known as a tracker of {owner}: put it into a category "
            "that visitors allow or refuse",
        )
    seconds = cookie.lifespan.seconds
    if not cookie.exempt and seconds is not None and seconds > _LONGEST_NECESSARY:
        flaws.at_value(
            ("cookie", index, "lifespan"),
            "R7-necessary-long",
            f"{cookie.name!r} is called necessary for {str(cookie.lifespan)!r}: write how long it is "
            "really needed, or be ready to explain it",
        )
    if cookie.exempt and catalog.service(cookie.service).third_party:
        flaws.at_value(
            ("cookie", index, "service"),
            "R13-audience-third-party",
            f"{cookie.service!r} is a third party: its audience measurement is exempt only if it uses "
            "the data for this website alone, so check the contract",
        )


def _lint_lifespan(flaws: Flaws, index: int, cookie: Cookie) -> None:
    problem = None
    if cookie.storage == "session_storage" and cookie.lifespan.kind != "session":
        problem = 'session storage is emptied when its tab is closed: write "session"'
    elif cookie.storage in {"local_storage", "indexed_db"} and cookie.lifespan.kind == "session":
        problem = (
            f'{cookie.storage} outlives the session: write "persistent", '
            "or how long the website itself keeps it"
        )
    if problem:
        flaws.at_value(("cookie", index, "lifespan"), "storage-lifespan", problem)
