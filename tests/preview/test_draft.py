"""The catalog that is being edited, and the last good version of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consent_server.preview.draft import Draft
from consent_server.preview.website import told

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.catalog.model import Catalog


@pytest.fixture
def served() -> list[bytes]:
    """Collect what was to be served."""
    return []


@pytest.fixture
def draft(catalog_path: Path, served: list[bytes]) -> Draft:
    """Begin with the shop's catalog."""

    def serve(source: bytes, _catalog: Catalog) -> None:
        served.append(source)

    return Draft(catalog_path, serve)


def edit(path: Path, before: str, after: str) -> None:
    """Replace a text in a file."""
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def look(draft: Draft) -> None:
    """Look until a change has settled."""
    draft.look()
    draft.look()


def test_a_good_file_is_served_at_once(draft: Draft, served: list[bytes], catalog_path: Path) -> None:
    """With its exact bytes."""
    assert served == [catalog_path.read_bytes()]
    assert (draft.state.version, draft.state.shown, draft.state.broken) == (1, 1, False)


def test_a_change_is_served_and_told(draft: Draft, served: list[bytes], catalog_path: Path) -> None:
    """What it changes is said, and whether visitors are asked again."""
    edit(catalog_path, 'provider = "Counter Ltd"', 'provider = "Counter Inc"')
    look(draft)
    assert len(served) == 2
    assert draft.state.shown == 2
    assert [change.asks for change in draft.state.changes] == [True]
    edit(catalog_path, 'provider = "Counter Inc"', 'provider = "Counter Ltd"')
    look(draft)
    assert draft.state.changes == ()


def test_a_broken_file_keeps_the_last_good_one(draft: Draft, served: list[bytes], catalog_path: Path) -> None:
    """Its flaws are told with their places; once it holds again, nothing of them is left."""
    edit(catalog_path, 'lifespan = "session"', 'lifespan = "ten"')
    look(draft)
    assert len(served) == 1
    said = told(draft.state)
    assert (said["broken"], said["version"], said["shown"], said["site"]) == (True, 2, 1, "shop")
    (flaw,) = said["errors"]
    assert flaw["line"] > 1
    assert flaw["source"] == 'lifespan = "ten"'
    assert "is not a lifespan" in flaw["message"]
    edit(catalog_path, 'lifespan = "ten"', 'lifespan = "session"')
    look(draft)
    assert (told(draft.state)["broken"], told(draft.state)["errors"], len(served)) == (False, [], 2)


def test_a_file_that_goes_away_is_a_broken_one(draft: Draft, catalog_path: Path) -> None:
    """As editors do that write a new one in its place."""
    text = catalog_path.read_bytes()
    catalog_path.unlink()
    look(draft)
    assert told(draft.state)["errors"][0]["message"] == "the file cannot be read: No such file or directory"
    catalog_path.write_bytes(text)
    look(draft)
    assert not draft.state.broken


def test_nothing_is_told_where_nothing_changed(draft: Draft) -> None:
    """However often one looks."""
    before = draft.state
    look(draft)
    assert draft.state is before
    assert draft.wait(before.version, 0) is before


def test_a_half_written_file_is_not_looked_at(draft: Draft, served: list[bytes], catalog_path: Path) -> None:
    """A change counts when two looks in a row find the same."""
    text = catalog_path.read_text(encoding="utf-8")
    catalog_path.write_text(text[:100], encoding="utf-8")
    draft.look()
    catalog_path.write_text(text + "\n# done\n", encoding="utf-8")
    draft.look()
    assert draft.state.version == 1
    draft.look()
    assert (draft.state.version, draft.state.broken, len(served)) == (2, False, 2)


def test_it_may_begin_with_a_broken_file(catalog_path: Path, served: list[bytes]) -> None:
    """Nothing is shown until it holds."""
    good = catalog_path.read_bytes()
    catalog_path.write_bytes(b"[site")
    draft = Draft(catalog_path, lambda source, _: served.append(source))
    assert (draft.state.shown, draft.state.broken, told(draft.state)["site"], served) == (0, True, None, [])
    catalog_path.write_bytes(good)
    look(draft)
    assert (draft.state.shown, served) == (2, [good])
