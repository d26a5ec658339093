"""The JSON Schema of a catalog file (draft 2020-12), made from the tables that the parser reads by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from consent_server.catalog.forms import TAG_PATTERN
from consent_server.catalog.keys import (
    POSITIONS,
    BannerKeys,
    CatalogKeys,
    CategoryKeys,
    ControllerKeys,
    CookieKeys,
    ServiceKeys,
    SiteKeys,
    StatementKeys,
)
from consent_server.catalog.kinds import SOMETHING
from consent_server.catalog.model import NECESSARY

if TYPE_CHECKING:
    from consent_server.catalog.kinds import Declared

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE = "cookie_catalog.schema.json"

_TABLES: dict[str, type[Declared]] = {
    "site": SiteKeys,
    "controller": ControllerKeys,
    "banner": BannerKeys,
    "category": CategoryKeys,
    "service": ServiceKeys,
    "cookie": CookieKeys,
    "statement": StatementKeys,
}
_TEXTS = {
    "description": "A text in each language of the site: language tag (BCP 47) to text.",
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": TAG_PATTERN},
    "additionalProperties": {"type": "string", "minLength": 1, "pattern": SOMETHING},
}


def schema_bytes() -> bytes:
    """Return the schema as it is published: UTF-8 JSON with a newline at its end."""
    return f"{json.dumps(catalog_schema(), ensure_ascii=False, indent=2)}\n".encode()


def catalog_schema() -> dict[str, Any]:
    """Return the schema. It sees the form of a file; what holds between its tables, `catalog check` sees."""
    definitions = {name: _table(declared) for name, declared in _TABLES.items()}
    for name, condition in _conditions().items():
        definitions[name] |= condition
    catalog = _table(CatalogKeys)
    catalog["properties"][CatalogKeys.category.name] |= _categories()
    catalog["required"].append(CatalogKeys.category.name)
    return {
        "$schema": DIALECT,
        "title": "cookie_catalog.toml",
        **catalog,
        "$defs": {**definitions, "texts": _TEXTS},
    }


def _table(declared: type[Declared]) -> dict[str, Any]:
    keys = declared.all()
    return {
        "description": declared.__doc__,
        "type": "object",
        "properties": {key.name: {"description": key.says, **key.schema()} for key in keys},
        "required": [key.name for key in keys if key.required],
        "additionalProperties": False,
    }


def _conditions() -> dict[str, dict[str, Any]]:
    """Return what depends on another value of the same table."""
    form, position = BannerKeys.form.name, BannerKeys.position.name
    third_party, policy = ServiceKeys.third_party.name, ServiceKeys.privacy_policy.name
    storage = CookieKeys.storage.name
    only_cookies = {CookieKeys.http_only.name: False, CookieKeys.path.name: False}
    default = next(iter(POSITIONS))
    return {
        "banner": {
            "allOf": [
                {
                    "if": _holds(form, shape, required=shape != default),
                    "then": {"properties": {position: {"enum": list(places)}}},
                }
                for shape, places in POSITIONS.items()
            ]
        },
        "service": {"if": _holds(third_party, value=False), "else": {"required": [policy]}},
        "cookie": {
            "if": _holds(storage, CookieKeys.storage.default, required=False),
            "else": {"properties": only_cookies},
        },
    }


def _holds(key: str, value: object, *, required: bool = True) -> dict[str, Any]:
    """Return the condition that a key has a value, or that it is absent where that is its default."""
    condition: dict[str, Any] = {"properties": {key: {"const": value}}}
    return condition | ({"required": [key]} if required else {})


def _categories() -> dict[str, Any]:
    """Return what is asked of the categories: only `necessary` is justified, and it must be."""
    key = CategoryKeys.justification.name
    table = {"$ref": "#/$defs/category"}
    return {
        "required": [NECESSARY],
        "properties": {NECESSARY: {**table, "required": [key]}},
        "additionalProperties": {**table, "properties": {key: False}},
    }
