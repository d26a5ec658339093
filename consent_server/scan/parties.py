"""Who is the site itself, and who is somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from consent_server.catalog.model import Site


class Parties:
    """The hosts of the site: those of the catalog and those that are scanned, with everything below them.

    Without a list of public suffixes no sibling of a scanned host is taken for the site's own: the catalog's
    `origins` and `cookie_domain` say which are.
    """

    def __init__(self, site: Site, urls: Iterable[str]) -> None:
        self._hosts: set[str] = set()
        self._site = site.id
        self._widgets: set[str] = set()
        for url in (*site.origins, *urls):
            self.add(url)
        if site.cookie_domain:
            self._hosts.add(site.cookie_domain)

    def add(self, url: str) -> None:
        """Count the host of this address as the site's."""
        self._hosts.add(urlsplit(url).netloc.removeprefix("www."))

    def owns(self, url: str) -> bool:
        """Whether an address is on the site. Where a host has a port, it belongs to its name."""
        host = urlsplit(url).netloc
        return any(host == own or host.endswith(f".{own}") for own in self._hosts)

    def owns_cookie(self, domain: str) -> bool:
        """Whether a cookie of this domain is the site's: cookies know no ports (RFC 6265, section 8.5)."""
        names = {host.partition(":")[0] for host in self._hosts}
        return any(
            domain == name or domain.endswith(f".{name}") or name.endswith(f".{domain}") for name in names
        )

    def meets(self, url: str) -> None:
        """Notice the server of our own widget by its script."""
        parts = urlsplit(url)
        if parts.path == f"/v1/{self._site}/consent.js":
            self._widgets.add(parts.netloc)

    def is_widget(self, host: str) -> bool:
        """Whether this host serves our own widget."""
        return host in self._widgets
