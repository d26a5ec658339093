"""A database that is set back to an older copy under a running server: noticed, and never covered up."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from copies import copy_database, copy_tables, put_tables_back
from prometheus_client.parser import text_string_to_metric_families

from consent_server.app import build_server
from consent_server.errors import LogDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from consent_server.app import Server
    from consent_server.settings import Settings

    Decide = Callable[..., dict[str, Any]]

ORIGIN = {"Origin": "https://shop.example"}


def still(settings: Settings) -> Server:
    """Build a server that does nothing by itself."""
    server = build_server(settings)
    for repeat in server.repeating:
        repeat.stop()
    return server


def record(server: Server, decide: Decide, times: int = 1) -> list[int]:
    """Post decisions; return how they were answered."""
    client = server.app.test_client(use_cookies=False)
    return [client.post("/v1/shop/receipts", json=decide(), headers=ORIGIN).status_code for _ in range(times)]


def size(checkpoint: str) -> int:
    """Return how many leaves a checkpoint covers."""
    return int(checkpoint.splitlines()[1])


def ready(server: Server) -> Any:
    """Ask as the operator whether it is ready."""
    return server.app.test_client().get("/readyz").json


def damaged(server: Server, site: str = "shop") -> float:
    """Return what the metrics say of a site's log."""
    families = text_string_to_metric_families(server.app.test_client().get("/metrics").text)
    [found] = [
        one.value
        for family in families
        for one in family.samples
        if one.name == "consent_log_damaged" and one.labels == {"site": site}
    ]
    return found


@pytest.fixture
def kept(settings: Settings) -> Path:
    """Give the file that keeps the shop's checkpoint."""
    return settings.data_dir / "checkpoints" / "shop"


@pytest.fixture
def set_back(settings: Settings, decide: Decide) -> Iterator[Server]:
    """Give a running server whose database lost its last three receipts, sealed ones, to an older copy."""
    server = still(settings)
    record(server, decide, 2)
    server.seal()
    copy_database(settings.sqlite_path, settings.data_dir / "older.db")
    record(server, decide, 3)
    server.seal()
    copy_database(settings.sqlite_path, settings.data_dir / "newest.db")
    copy_database(settings.data_dir / "older.db", settings.sqlite_path)
    yield server
    server.close()


def test_a_log_that_was_set_back_is_sealed_no_more(
    set_back: Server, kept: Path, settings: Settings, decide: Decide
) -> None:
    """What was kept outside stays as it is, receipts are recorded and wait, and the next start refuses."""
    before = kept.read_bytes()
    for _ in range(2):
        assert record(set_back, decide) == [201]
        set_back.seal()
    assert kept.read_bytes() == before
    state = set_back.store.log("shop")
    assert state is not None
    assert state.size < size(before.decode())
    assert len(set_back.store.unsealed("shop", None, 9)) == 2
    set_back.close()
    with pytest.raises(LogDamaged, match="is not what it was: it had 11 leaves and now has 8"):
        build_server(settings)


def test_the_operator_is_told_what_to_do(
    set_back: Server, kept: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once in the log, and all the time by readiness and metrics; a stranger hears one word."""
    with caplog.at_level(logging.WARNING):
        set_back.seal()
        set_back.seal()
    [said] = [line.getMessage() for line in caplog.records]
    assert "The log of shop is not what it was: it had 11 leaves and now has 8." in said
    assert f"restore the newest one. If there is none, keep {kept} as evidence elsewhere" in said
    assert "receipts are recorded and wait" in said
    told = ready(set_back)
    assert (told["status"], told["sealing"]) == ("ok", "stopped")
    assert told["logs"]["shop"]["damage"] in said
    assert damaged(set_back) == 1
    stranger = set_back.app.test_client().get("/readyz", headers={"X-Forwarded-For": "192.0.2.1"})
    assert stranger.json == {"status": "ok", "catalog": "ok", "sealing": "stopped"}


def test_sealing_goes_on_where_the_newest_copy_is_put_back(
    set_back: Server, kept: Path, settings: Settings, decide: Decide
) -> None:
    """Without a restart, and nothing that was sealed is lost."""
    set_back.seal()
    copy_database(settings.data_dir / "newest.db", settings.sqlite_path)
    record(set_back, decide)
    set_back.seal()
    assert size(kept.read_text()) == 12
    assert ready(set_back)["sealing"] == "ok"
    assert damaged(set_back) == 0


def test_a_process_remembers_what_it_saw(
    set_back: Server, kept: Path, settings: Settings, decide: Decide
) -> None:
    """Where the file was set back together with the database, or is gone, sealing waits for a start."""
    kept.unlink()
    record(set_back, decide)
    set_back.seal()
    assert not kept.exists()
    assert ready(set_back)["sealing"] == "stopped"
    set_back.close()
    again = still(settings)
    again.seal()
    assert (size(kept.read_text()), ready(again)["sealing"]) == (9, "ok")
    again.close()


def test_a_process_heeds_what_another_one_kept(settings: Settings, decide: Decide, kept: Path) -> None:
    """Workers of one node share the file: what one of them sealed, none of them covers up."""
    one, other = still(settings), still(settings)
    record(one, decide)
    other.seal()
    copy_database(settings.sqlite_path, settings.data_dir / "older.db")
    record(one, decide)
    one.seal()
    copy_database(settings.data_dir / "older.db", settings.sqlite_path)
    record(other, decide)
    other.seal()
    assert (size(kept.read_text()), ready(other)["sealing"]) == (8, "stopped")
    one.close()
    other.close()


@pytest.mark.parametrize("statement", ["DELETE FROM log", "UPDATE tile SET hashes = zeroblob(32)"])
def test_a_log_that_is_gone_or_edited_meanwhile_is_told_too(
    settings: Settings, decide: Decide, kept: Path, statement: str
) -> None:
    """Not only an older copy: no log at all, or one whose tree does not fit."""
    server = still(settings)
    record(server, decide)
    server.seal()
    before = kept.read_bytes()
    with server.store._connected():  # noqa: SLF001 - somebody with access to the file
        server.store._database.execute_sql(statement)  # noqa: SLF001
    record(server, decide)
    server.seal()
    assert (kept.read_bytes(), ready(server)["sealing"]) == (before, "stopped")
    server.close()


def test_other_sites_go_on(settings: Settings, decide: Decide) -> None:
    """One damaged log keeps no other from being sealed, whichever comes first."""
    folder = settings.data_dir.parent / "catalogs"
    folder.mkdir()
    text = settings.catalog.read_text("utf-8")
    for name in ("inn", "shop", "zoo"):
        (folder / f"{name}.toml").write_text(text.replace('id = "shop"', f'id = "{name}"'), "utf-8")
    server = still(replace(settings, catalog=folder))
    server.seal()
    with server.store._connected():  # noqa: SLF001 - somebody with access to the file
        server.store._database.execute_sql("UPDATE log SET size = size - 1 WHERE site = 'shop'")  # noqa: SLF001
    client = server.app.test_client(use_cookies=False)
    for name in ("inn", "shop", "zoo"):
        notice = client.get(f"/v1/{name}/notice.json").get_json()["sha256"]
        client.post(f"/v1/{name}/receipts", json=decide(notice=notice), headers=ORIGIN)
    server.seal()
    waiting = {name: len(server.store.unsealed(name, None, 9)) for name in ("inn", "shop", "zoo")}
    assert waiting == {"inn": 0, "shop": 1, "zoo": 0}
    assert [damaged(server, name) for name in ("inn", "shop", "zoo")] == [0, 1, 0]
    server.close()


def test_a_file_that_cannot_be_written_keeps_no_other_site_waiting(
    settings: Settings, decide: Decide, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a checkpoint cannot be kept the log says so, other sites are sealed, and later it is, too."""
    folder = settings.data_dir.parent / "catalogs"
    folder.mkdir()
    text = settings.catalog.read_text("utf-8")
    for name in ("shop", "zoo"):
        (folder / f"{name}.toml").write_text(text.replace('id = "shop"', f'id = "{name}"'), "utf-8")
    server = still(replace(settings, catalog=folder))
    server.seal()
    kept = settings.data_dir / "checkpoints" / "shop"
    kept.unlink()
    kept.mkdir()
    client = server.app.test_client(use_cookies=False)
    for name in ("shop", "zoo"):
        notice = client.get(f"/v1/{name}/notice.json").get_json()["sha256"]
        client.post(f"/v1/{name}/receipts", json=decide(notice=notice), headers=ORIGIN)
    server.seal()
    assert len(server.store.unsealed("zoo", None, 9)) == 0
    assert "The checkpoint of shop cannot be kept" in caplog.text
    assert not list(kept.parent.glob(".*"))
    kept.rmdir()
    server.seal()
    assert len(server.store.unsealed("shop", None, 9)) == 0
    assert kept.is_file()
    server.close()


@pytest.fixture
def nodes(node_settings: Callable[[str], Settings]) -> Iterator[tuple[Server, Server]]:
    """Give two nodes on one PostgreSQL database."""
    with ExitStack() as stack:
        found = [still(node_settings(name)) for name in ("a", "b")]
        for node in found:
            stack.callback(node.close)
        yield found[0], found[1]


def test_of_several_nodes_each_notices(nodes: tuple[Server, Server], decide: Decide, tmp_path: Path) -> None:
    """Also one that did not seal what is missing, for it keeps what it sees of the log."""
    one, other = nodes
    record(one, decide, 2)
    one.seal()
    copy_tables(one.store, "older")
    record(one, decide, 3)
    one.seal()
    files = [tmp_path / name / "checkpoints" / "shop" for name in ("a", "b")]
    assert not files[1].exists()
    other.seal()
    assert [size(file.read_text()) for file in files] == [11, 11]
    record(other, decide)
    other.seal()
    one.seal()
    assert [size(file.read_text()) for file in files] == [12, 12]
    put_tables_back(one.store, "older")
    for node in nodes:
        assert record(node, decide) == [201]
        node.seal()
        assert ready(node)["sealing"] == "stopped"
    assert [size(file.read_text()) for file in files] == [12, 12]
