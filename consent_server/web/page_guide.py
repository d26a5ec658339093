"""The guide as a page's view and as JSON: this visitor's browser first, opt-outs of third parties last."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from babel.dates import format_date

from consent_server.catalog.texts import texts_in
from consent_server.guide import Guide, Guides, guides_for
from consent_server.web.page_frame import clock

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

    from consent_server.catalog.model import Service
    from consent_server.consent.sites import LiveSite


def visitor_guides(headers: Headers, language: str) -> Guides:
    """Return the guides in order for the browser that sent these headers, titled in `language`.

    Their steps are in English, as their `language` says, where nobody has written them in `language`.
    """
    guides = guides_for(
        headers.get("User-Agent", ""),
        headers.get("Sec-CH-UA"),
        headers.get("Sec-CH-UA-Platform"),
        language,
    )
    mine = _titled(guides.mine, language) if guides.mine else None
    return Guides(mine, tuple(_titled(guide, language) for guide in guides.others))


def _titled(guide: Guide, language: str) -> Guide:
    if guide.language == language:
        return guide
    return replace(guide, title=f"{guide.name} ({texts_in(language)['guide'][guide.platform]})")


def checked_dates(guides: Guides, language: str) -> dict[str, str]:
    """Map each help link to the day on which it was checked, written out in a language."""
    every = (guides.mine, *guides.others) if guides.mine else guides.others
    return {guide.help: format_date(guide.checked_at, "long", locale=clock(language)) for guide in every}


def opt_outs(site: LiveSite) -> tuple[Service, ...]:
    """Return the third parties of this site that offer an opt-out, each once, in catalog order."""
    used = {cookie.service for cookie in site.catalog.cookies}
    return tuple(service for service in site.catalog.services if service.opt_out and service.id in used)


def guide_json(site: LiveSite, language: str, guides: Guides) -> dict[str, Any]:
    """Return the guides as data; `mine` is null where the browser is not known."""
    return {
        "schema": "consent-guide/1",
        "site": site.id,
        "language": language,
        "mine": _json(guides.mine) if guides.mine else None,
        "others": [_json(guide) for guide in guides.others],
        "opt_outs": [{"service": s.id, "name": s.name, "opt_out": s.opt_out} for s in opt_outs(site)],
    }


def _json(guide: Guide) -> dict[str, Any]:
    return {**asdict(guide), "checked_at": guide.checked_at.isoformat(), "steps": list(guide.steps)}
