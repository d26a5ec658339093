"""The sites that are served now: each with its catalog and the notices made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.catalog.notice import Notice, notices_of
from consent_server.errors import SiteUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from consent_server.catalog.model import Catalog

_SEPARATOR = re.compile("[-_]")
_KINDS = {"nb": "no", "nn": "no", "iw": "he"}
"""First subtags that mean a kind, or bear an older name, of another language."""


@dataclass(frozen=True, slots=True)
class LiveSite:
    """One site as it is served now. `notices` maps each of the site's languages to its notice."""

    catalog: Catalog
    notices: Mapping[str, Notice]

    @property
    def id(self) -> str:
        """The site's id, as it stands in every path."""
        return self.catalog.site.id

    @property
    def revision(self) -> str:
        """The revision that every language's notice shares: 64 hex digits."""
        return self.notice(None).revision

    def notice(self, language: str | None) -> Notice:
        """Return the notice in the language closest to `language`, else in the site's default language."""
        spoken = self.catalog.site.languages
        return self.notices[closest(language or "", spoken) or spoken[0]]


def closest(wanted: str, spoken: Sequence[str]) -> str | None:
    """Return the spoken language that the tag `wanted` (BCP 47) asks for: the very one, or a kind of it."""
    kind = _kind(wanted)
    same = [tag for tag in spoken if tag.lower() == wanted.lower()]
    return next(iter(same or [tag for tag in spoken if _kind(tag) == kind]), None)


def _kind(tag: str) -> str:
    first = _SEPARATOR.split(tag.lower(), maxsplit=1)[0]
    return _KINDS.get(first, first)


def live_sites(catalogs: Iterable[Catalog]) -> dict[str, LiveSite]:
    """Make the notices of each catalog: site id -> live site."""
    return {catalog.site.id: LiveSite(catalog, notices_of(catalog)) for catalog in catalogs}


class Sites:
    """Holds the live sites. Readers take no lock: a changed catalog swaps the whole mapping at once."""

    def __init__(self, live: Mapping[str, LiveSite]) -> None:
        self._live = live

    def get(self, site_id: str) -> LiveSite:
        """Return the site served under `site_id`, or raise SiteUnknown."""
        try:
            return self._live[site_id]
        except KeyError:
            raise SiteUnknown(f"There is no site “{site_id}” here.") from None

    def swap(self, live: Mapping[str, LiveSite]) -> None:
        """Serve `live` from now on. The caller has stored its notices before."""
        self._live = live

    def __iter__(self) -> Iterator[LiveSite]:
        return iter(self._live.values())
