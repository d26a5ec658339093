"""`consent-server catalog tag`: what a website pastes."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from consent_server.assets import Assets, load
from consent_server.catalog.files import read_catalogs
from consent_server.errors import SettingsError
from consent_server.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from consent_server.catalog.model import Catalog

ASKED = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
)
"""Google's consent mode v2 has seven keys: these are asked about, `security_storage` never."""
WAIT = 500
"""Milliseconds that Google's tags wait for the widget's update; Google's reviewers call 500 best."""

_UET = 'window.uetq=window.uetq||[];uetq.push("consent","default",{ad_storage:"denied"});'
_CLARITY = (
    "window.clarity=window.clarity||function(){(clarity.q=clarity.q||[]).push(arguments)};"
    'clarity("consentv2",{ad_Storage:"denied",analytics_Storage:"denied"});'
)
_VENDORS = {"bing.com": _UET, "clarity.ms": _CLARITY}
"""Where a service's scripts come from -> what Microsoft's tags must be told before they run."""


@click.command()
@click.option("--site", "wanted", metavar="ID", help="Which site, where there are several.")
def tag(wanted: str | None) -> None:
    """Print what a website pastes: the script tag, the consent mode default, gpc.json.

    Addresses are those of CONSENT_PUBLIC_URL.

    \b
    Examples:
      consent-server catalog tag
      consent-server catalog tag --site bacloud
    """
    settings = read_settings()
    found = _choose(read_catalogs(settings.catalog), wanted)
    for heading, text in _parts(found, _server(settings), load()):
        click.echo(f"{heading}\n\n{text}\n")


def default_script(catalog: Catalog) -> str:
    """Return the inline script that denies everything before any tag runs; empty where no tag is told."""
    hosts = [host for service in catalog.services for host in service.scripts]
    vendors = [told for name, told in _VENDORS.items() if any(host.endswith(name) for host in hosts)]
    if not any(category.consent_mode for category in catalog.categories):
        return "".join(vendors)
    default = {**dict.fromkeys(ASKED, "denied"), "security_storage": "granted", "wait_for_update": WAIT}
    text = json.dumps(default, separators=(",", ":"))
    google = "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}"
    return "".join([google, f'gtag("consent","default",{text});', *vendors])


def csp_hash(script: str) -> str:
    """Return the source expression that lets an inline script run (Content Security Policy 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _choose(catalogs: tuple[Catalog, ...], wanted: str | None) -> Catalog:
    ids = [catalog.site.id for catalog in catalogs]
    if wanted is None and len(ids) > 1:
        raise SettingsError(f"The catalog has several sites: name one with --site ({', '.join(ids)}).")
    for catalog in catalogs:
        if wanted in {None, catalog.site.id}:
            return catalog
    raise SettingsError(f"There is no site {wanted!r}, only {', '.join(ids)}.")


def _server(settings: Settings) -> str:
    return (settings.public_url or f"http://{settings.host_name}").rstrip("/")


def _parts(catalog: Catalog, server: str, assets: Assets) -> Iterator[tuple[str, str]]:
    """Yield headings, and what to copy under each."""
    site = catalog.site.id
    script = default_script(catalog)
    if script:
        yield "First in <head>, before any tag: everything is denied.", f"<script>{script}</script>"
        yield "Where the website has a Content-Security-Policy, script-src needs this too:", csp_hash(script)
    yield "After it, the widget:", f'<script src="{server}/v1/{site}/consent.js" async></script>'
    pinned = (
        f'<script src="{server}/v1/assets/{assets.build.sha256}.js" data-site="{site}"'
        f' integrity="{assets.sri(assets.build)}" crossorigin="anonymous" async></script>'
    )
    yield "Or, instead, this build and no other, checked by the browser (Subresource Integrity):", pinned
    gpc = {"gpc": True, "lastUpdate": datetime.now(UTC).date().isoformat()}
    for origin in catalog.site.origins:
        yield f"Serve this at {origin}/.well-known/gpc.json (Global Privacy Control):", json.dumps(gpc)
