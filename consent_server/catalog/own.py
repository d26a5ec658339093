"""What the site and the widget bring along themselves: rows that the program writes into every catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.catalog.lifespan import Lifespan
from consent_server.catalog.model import NECESSARY, SITE, Cookie, Service
from consent_server.catalog.texts import texts_in

if TYPE_CHECKING:
    from consent_server.catalog.model import Controller, Site, Storage, Texts

OWN: tuple[tuple[str, Storage], ...] = (
    ("consent", "cookie"),
    ("consent.receipt", "local_storage"),
    ("consent.pending", "local_storage"),
)
"""Name and storage of everything that the widget keeps on the visitor's device."""


def own_service(controller: Controller) -> Service:
    """Return the service `site`: the controller, first party."""
    return Service(
        id=SITE,
        name=controller.name,
        provider=controller.name,
        country=controller.country,
        privacy_policy=None,
        opt_out=None,
        scripts=(),
        third_party=False,
    )


def own_cookies(site: Site) -> tuple[Cookie, ...]:
    """Return the rows of what the widget stores, in the site's languages."""
    return tuple(
        Cookie(
            name=name,
            storage=storage,
            service=SITE,
            category=NECESSARY,
            lifespan=site.ask_again_after if storage == "cookie" else Lifespan("persistent"),
            purpose=_purpose(name, site.languages),
            own=True,
        )
        for name, storage in OWN
    )


def _purpose(name: str, languages: tuple[str, ...]) -> Texts:
    return {language: texts_in(language)["own"][name.replace(".", "_")] for language in languages}
