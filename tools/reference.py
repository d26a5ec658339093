"""Write docs/catalog.md, the reference of the catalog, from the JSON Schema that the program checks with.

`python tools/reference.py` after a change of the schema; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
SCHEMA = PROJECT / "consent_server" / "catalog" / "cookie_catalog.schema.json"
TARGET = PROJECT / "docs" / "catalog.md"
HEAD = """# The catalog

One TOML file a site. It is best begun by `consent-server init`, which asks a few questions, and checked by
`consent-server catalog check`, which names each mistake with its line ([the rules](rules.md)). The running
server takes a changed file within two seconds; a broken one is reported, and the last good one stays.

A first line `#:schema https://consent.example.com/catalog.schema.json` lets editors help while you write.
Unknown keys are errors. This page is written by `tools/reference.py` from that schema.
"""
HEADINGS = {"site": "[site]", "banner": "[banner]", "category": "[category.ID]", "service": "[service.ID]"}
REFERENCE = "#/$defs/"


def reference() -> str:
    """Return the page."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    parts = [HEAD]
    for name, about in schema["properties"].items():
        definition = schema["$defs"][name]
        parts.append(section(HEADINGS.get(name, f"[[{name}]]"), about["description"], definition))
        if name == "site":
            controller = schema["$defs"]["controller"]
            parts.append(section("[site.controller]", controller["description"], controller))
    parts.append(
        f'## Texts\n\n{schema["$defs"]["texts"]["description"]} `title.en = "…"`, `title.lt = "…"`.\n'
    )
    return "\n".join(parts)


def section(heading: str, description: str, definition: dict[str, Any]) -> str:
    """Return one table of the catalog as a table of its keys."""
    required = definition.get("required", [])
    rows = [
        f"| `{key}` | {'required' if key in required else default(about)} | {kind(about)} | {cell(about)} |"
        for key, about in definition["properties"].items()
        if about.get("$ref") != f"{REFERENCE}controller"
    ]
    table = "\n".join(["| key | left out | value | meaning |", "|---|---|---|---|", *rows])
    return f"## `{heading}`\n\n{description}\n\n{table}\n"


def default(about: dict[str, Any]) -> str:
    """Say what counts where a key is left out."""
    return f"`{json.dumps(about['default'])}`" if "default" in about else "nothing"


def kind(about: dict[str, Any]) -> str:
    """Say what a value looks like."""
    if about.get("$ref") == f"{REFERENCE}texts":
        return "[texts](#texts)"
    if "enum" in about:
        return ", ".join(f"`{json.dumps(value)}`" for value in about["enum"])
    if about["type"] == "array":
        return f"list: {kind(about['items'])}"
    words = {"string": "text", "boolean": "`true` or `false`", "integer": "number"}
    return "address" if about.get("format") == "uri" else words[about["type"]]


def cell(about: dict[str, Any]) -> str:
    """Return a description that a table can hold."""
    return str(about["description"]).replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
