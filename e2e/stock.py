"""A fuller catalog than the shipped one: more categories, services, kinds of storage and languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from e2e.demo import Demo

STORED = {
    "_ga_*": "cookie",
    "__Host-count": "cookie",
    "__Secure-count": "cookie",
    "count.local": "local_storage",
    "count.session.*": "session_storage",
    "count-base*": "indexed_db",
}
"""What the statistics store beside the shipped rows: names, and kinds of storage."""


POSITIONS = {"box": "bottom-end", "bar": "bottom", "centre": "centre"}


def stock(demo: Demo, languages: Iterable[str] = ()) -> None:
    """Add marketing by two companies and every kind of storage; speak `languages` too, in English words."""
    document: Any = tomlkit.parse(demo.catalog.read_text(encoding="utf-8"))
    document["category"]["analytics"]["consent_mode"] = ["analytics_storage"]
    document["category"]["marketing"] = {
        "title": {"en": "Marketing", "lt": "Rinkodara"},
        "text": {"en": "Show what fits you.", "lt": "Rodo, kas jums tinka."},
        "consent_mode": ["ad_storage", "ad_user_data", "ad_personalization"],
    }
    for name, provider in (("Loud", "Loud Ltd"), ("Louder", "Louder GmbH")):
        document["service"][name.lower()] = _service(name, provider)
        document["cookie"].append(_row(f"_{name.lower()}", name.lower(), "marketing", "cookie"))
    for name, storage in STORED.items():
        document["cookie"].append(_row(name, "google-analytics", "analytics", storage))
    document["site"]["languages"].extend(languages)
    for language in languages:
        _speak(document, language)
    demo.write(tomlkit.dumps(document))


def lay_out(demo: Demo, form: str, position: str = "") -> None:
    """Give the banner another layout."""
    layout = {"form": form, "position": position or POSITIONS[form]}
    if not layout.items() <= demo.notice()["notice"]["layout"].items():
        document: Any = tomlkit.parse(demo.catalog.read_text(encoding="utf-8"))
        document["banner"].update(layout)
        demo.write(tomlkit.dumps(document))


def _service(name: str, provider: str) -> dict[str, Any]:
    address = f"https://{name.lower()}.example"
    return {
        "name": name,
        "provider": provider,
        "country": "DE",
        "privacy_policy": f"{address}/privacy",
        "opt_out": f"{address}/opt-out",
    }


def _row(name: str, service: str, category: str, storage: str) -> dict[str, Any]:
    return {
        "name": name,
        "storage": storage,
        "service": service,
        "category": category,
        "lifespan": "1 year" if storage == "cookie" else "persistent",
        "purpose": {"en": "Counts.", "lt": "Skaičiuoja."},
    }


def _speak(table: Any, language: str) -> None:
    """Give every text of the catalog in this language too."""
    for value in table.values() if isinstance(table, dict) else table:
        if isinstance(value, dict) and isinstance(value.get("en"), str):
            value[language] = str(value["en"])
        elif isinstance(value, (dict, list)):
            _speak(value, language)
