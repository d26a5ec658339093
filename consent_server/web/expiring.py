"""Expiring the HttpOnly cookies that a decision refuses, in each way that they may have been set."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from consent_server.consent.withdrawal import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flask import Response

    from consent_server.catalog.model import Catalog, Site
    from consent_server.consent.withdrawal import Deletion

_NAME = re.compile(r"[a-z0-9_.-]+\.[a-z][a-z0-9-]*")
"""The host names that have others above them: no address of a machine."""
_MOST_LABELS = 8
"""Each domain is four lines of the answer."""


def expire(
    answer: Response, fates: Iterable[Deletion], catalog: Catalog, host: str, public_url: str | None
) -> None:
    """Expire the HttpOnly cookies that the browser sent to `host`, as the request names it.

    A browser tells neither domain nor path of a cookie. It came here, so its domain is this host, or one
    above it, and its path lies above this one; of the others the catalog's is tried.
    """
    domains = {None, catalog.site.cookie_domain, *_domains(host, catalog.site, public_url)}
    for fate in fates:
        if fate.outcome is not Outcome.EXPIRED:
            continue
        tried = {None} if fate.name.startswith("__Host-") else domains
        # Browsers heed a line for a prefixed name only where it keeps what the prefix promises.
        secure = fate.name.startswith(("__Host-", "__Secure-"))
        for domain, path in product(tried, {"/", fate.path}):
            answer.delete_cookie(fate.name, path, domain, secure=secure)
            answer.delete_cookie(fate.name, path, domain, secure=True, partitioned=True)


def _domains(host: str, site: Site, public_url: str | None) -> Iterator[str]:
    """Yield the host's name and each above it that has two labels; browsers refuse public suffixes.

    Anybody can write any Host: one that is neither ours nor the site's is not repeated.
    """
    name = host.partition(":")[0].lower()
    if not _NAME.fullmatch(name) or not _is_known(name, site, public_url):
        return
    labels = name.split(".")[-_MOST_LABELS:]
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])


def _is_known(name: str, site: Site, public_url: str | None) -> bool:
    """Whether a host is the public one, one of the site's origins, or within the domain of its cookies."""
    known = {urlsplit(address).hostname for address in (*site.origins, public_url or "")}
    return name in known or (site.cookie_domain is not None and f".{name}".endswith(f".{site.cookie_domain}"))
