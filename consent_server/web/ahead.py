"""What is answered ahead of Flask: one route of a site, asked for in an ordinary way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.errors import SiteUnknown

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from consent_server.consent.sites import LiveSite, Sites

_SITE = "<site_id>"


@dataclass(frozen=True, slots=True)
class Ahead:
    """A request by `method` to `route`, a template with one site, that has none of the variables `rare`."""

    method: str
    route: str
    rare: tuple[str, ...]

    def site(self, environ: WSGIEnvironment, sites: Sites) -> LiveSite | None:
        """Return the site that is asked for so, None for any other request."""
        before, after = self.route.split(_SITE)
        path = environ.get("PATH_INFO", "")
        if (
            environ["REQUEST_METHOD"] != self.method
            or not path.startswith(before)
            or not path.endswith(after)
        ):
            return None
        if any(name in environ for name in self.rare):
            return None
        try:
            return sites.get(path[len(before) : -len(after)])
        except SiteUnknown:
            return None
