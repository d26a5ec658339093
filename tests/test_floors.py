"""The house: a module imports only from lower floors, siblings never import each other (DESIGN 3)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "consent_server"

FLOORS = [
    {"errors", "variables", "logs", "cookie", "processor"},
    {"settings"},
    {"catalog", "evidence", "guide"},
    {"consent"},
    {
        *(
            "storage",
            "web",
            "assets",
            "keys",
            "watch",
            "repeat",
            "checkpoints",
            "erasures",
            "authority",
            "demo",
        ),
        *("snapshot", "scan", "preview"),
    },
    {"app", "backup"},
    {"cli"},
]
OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

ONLY_IN = {
    "flask": {"web", "demo", "app"},
    "flask_cors": {"web"},
    "marshmallow": {"web"},
    "limits": {"web"},
    "prometheus_client": {"web"},
    "peewee": {"storage"},
    "playhouse": {"storage"},
    "psycopg": {"storage"},
    "psycopg_pool": {"storage"},
    "webassets": {"assets"},
    "click": {"cli"},
    "granian": {"cli"},
    "playwright": {"snapshot", "scan"},
    "cryptography": {"evidence", "consent", "keys"},
}


def files() -> list[Path]:
    """List every module."""
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """Name the room that a module is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """List the modules that a file imports, type-checking imports included."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_room_and_lower_floors(path: Path) -> None:
    """Rooms on one floor do not know each other."""
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    for module in imports(path):
        if not module.startswith("consent_server."):
            continue
        other = module.split(".")[1]
        assert other == room or OF[other] < OF[room], f"{room} imports {module}"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_is_used_only_in_its_room(path: Path) -> None:
    """Flask in web, peewee in storage, webassets in assets, and so on."""
    for module in imports(path):
        library = module.split(".")[0]
        if library in ONLY_IN:
            assert room_of(path) in ONLY_IN[library], f"{path.name} imports {library}"


def test_every_room_stands_on_a_floor() -> None:
    """A new room must be given its floor here."""
    assert {room_of(path) for path in files()} - {"__init__", "__main__"} == set(OF)
