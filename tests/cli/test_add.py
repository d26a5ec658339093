"""`catalog add`: rows from the knowledge base, into a file that a lawyer looks after."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from consent_server.catalog.files import read_catalogs
from consent_server.cli import main
from consent_server.cli.rewriting import replace
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def run(catalog_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs `catalog add` on the shop's catalog."""
    monkeypatch.setenv("CONSENT_CATALOG", str(catalog_path))
    return lambda *words: CliRunner().invoke(main, ["catalog", "add", *words])


def rows(path: Path) -> dict[str, tuple[str, str]]:
    """Read the rows of a catalog: name to service and category."""
    (catalog,) = read_catalogs(path)
    return {row.name: (row.service, row.category) for row in catalog.cookies if not row.own}


def test_rows_and_their_services_are_written(run: Run, catalog_path: Path) -> None:
    """A name, a pattern and a name that a pattern covers give rows in the usual categories, services too."""
    before = rows(catalog_path)
    result = run("_ga", "visid_incap_*", "_hjSession_12345", "PHPSESSID", "rc::b", "--category", "analytics")
    assert result.exit_code == 0, result.output
    assert rows(catalog_path) == {
        **before,
        "_ga": ("google-analytics", "analytics"),
        "visid_incap_*": ("incapsula", "analytics"),
        "_hjSession_*": ("hotjar", "analytics"),
        "PHPSESSID": ("site", "analytics"),
        "rc::b": ("google-recaptcha", "analytics"),
    }
    assert result.output.splitlines()[-1] == f"5 rows added to {catalog_path}. Please review every word."


def test_the_usual_category_is_told(run: Run, catalog_path: Path) -> None:
    """Each added row is told with its category, service, lifespan and source."""
    result = run("_fbp")
    assert result.output.startswith(
        "_fbp: marketing, Meta Pixel, 90 days (https://developers.facebook.com/"
    ), result.output
    assert rows(catalog_path)["_fbp"] == ("meta-pixel", "marketing")


def test_what_stood_there_stays(run: Run, catalog_path: Path) -> None:
    """Every line of the file is there afterwards, in the same order, and its rights are the same."""
    catalog_path.chmod(0o640)
    before = catalog_path.read_text(encoding="utf-8").splitlines()
    assert run("--service", "google-analytics").exit_code == 0
    after = iter(catalog_path.read_text(encoding="utf-8").splitlines())
    assert [line for line in before if line not in after] == []
    assert catalog_path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in catalog_path.parent.iterdir() if file.name.startswith(".cookie")] == []


def test_a_row_is_never_overwritten(run: Run, catalog_path: Path) -> None:
    """A second time nothing changes and it is said."""
    run("_ga")
    before = catalog_path.read_bytes()
    result = run("_ga", "_count_me")
    assert result.exit_code == 2
    result = run("_ga")
    assert (result.exit_code, result.output) == (
        0,
        f"_ga: is in the table already\n{catalog_path} is unchanged.\n",
    )
    assert catalog_path.read_bytes() == before


def test_what_a_pattern_covers_is_in_the_table(run: Run, catalog_path: Path) -> None:
    """A row under a pattern that the lawyer wrote is not added beside it."""
    text = catalog_path.read_text(encoding="utf-8").replace('name = "_count*"', 'name = "_g*"')
    catalog_path.write_text(text, encoding="utf-8")
    assert run("_ga").output.startswith("_ga: is in the table already\n")
    assert catalog_path.read_text(encoding="utf-8") == text


def test_dry_run_shows_the_difference(run: Run, catalog_path: Path) -> None:
    """The difference is printed and the file stays as it was."""
    before = catalog_path.read_bytes()
    result = run("_ga", "--dry-run")
    assert result.exit_code == 0
    assert '+name = "_ga"' in result.output.splitlines()
    assert catalog_path.read_bytes() == before


REFUSED = [
    (["_gaa"], "Nothing is known about '_gaa' (did you mean \"_ga\"?). Write the row by hand, or look it up"),
    (["uid"], "Several services store 'uid': say which with --service (adform, criteo)."),
    (["--service", "hotjr"], "No service is known as 'hotjr' (did you mean \"hotjar\"?)."),
    (["_ga", "--service", "hotjar"], "Nothing is known of hotjar about '_ga'"),
    (
        ["intercom-id-x"],
        "has no [category.functional] for intercom-id-*. Add the table with title and text, ",
    ),
    (["_ga", "--category", "statistics"], "(necessary, analytics, marketing)."),
    ([], "Name cookies, or a service with --service; --list shows what is known."),
    (["--scan", "nowhere.json"], "nowhere.json cannot be read: No such file or directory."),
    (["_ga", "--file", "nowhere.toml"], "nowhere.toml: there is no such file"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_wrong_use_is_one_sentence(run: Run, catalog_path: Path, words: list[str], message: str) -> None:
    """It says what to do, exits 2, and the file stays as it was."""
    before = catalog_path.read_bytes()
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.splitlines()) == 1
    assert catalog_path.read_bytes() == before


def test_a_service_that_the_catalog_has_settles_who_it_is(run: Run, catalog_path: Path) -> None:
    """Of several services that store the same, the one in the catalog is meant."""
    assert run("cto_bundle").exit_code == 0
    assert run("uid").exit_code == 0
    assert rows(catalog_path)["uid"] == ("criteo", "marketing")


def test_the_catalogs_own_id_of_a_service_is_used(run: Run, catalog_path: Path) -> None:
    """A service of the same name under another id gets the rows, and no second table."""
    text = catalog_path.read_text(encoding="utf-8")
    text = text.replace('name = "Counter"', 'name = "Google Analytics"')
    catalog_path.write_text(text, encoding="utf-8")
    assert run("_ga").exit_code == 0
    assert rows(catalog_path)["_ga"] == ("counter", "analytics")
    assert "google-analytics" not in tomllib.loads(catalog_path.read_text(encoding="utf-8"))["service"]


def test_a_broken_catalog_is_not_touched(run: Run, catalog_path: Path) -> None:
    """Its flaws are told, exit 2."""
    catalog_path.write_text(catalog_path.read_text(encoding="utf-8").replace('"counter"', '"countr"'))
    before = catalog_path.read_bytes()
    result = run("_ga")
    assert result.exit_code == 2
    assert "countr" in result.output
    assert catalog_path.read_bytes() == before


def test_a_table_that_cannot_grow_is_told(run: Run, catalog_path: Path) -> None:
    """Rows written as one inline list cannot get another [[cookie]]: one sentence says what to do."""
    text = catalog_path.read_text(encoding="utf-8")
    inline = text.partition("[[cookie]]")[0]
    row = '{ name = "a1", service = "site", category = "necessary", lifespan = "session", purpose = '
    catalog_path.write_text(f'cookie = [{row}{{ en = "A.", lt = "B." }} }}]\n{inline}', encoding="utf-8")
    before = catalog_path.read_bytes()
    result = run("_ga")
    assert result.exit_code == 2
    assert "give each row its own [[cookie]] header" in result.output
    assert catalog_path.read_bytes() == before


def test_a_link_stays_a_link(run: Run, catalog_path: Path, tmp_path: Path) -> None:
    """What the link leads to gets the rows."""
    link = tmp_path / "linked.toml"
    link.symlink_to(catalog_path)
    assert run("_ga", "--file", str(link)).exit_code == 0
    assert link.is_symlink()
    assert "_ga" in rows(catalog_path)


def test_a_directory_needs_a_file(run: Run, catalog_path: Path) -> None:
    """A directory of catalogs holds several sites: which one is to be said."""
    result = run("_ga", "--file", str(catalog_path.parent))
    assert (result.exit_code, "name the file of one of them with --file" in result.output) == (2, True)


def test_a_file_that_somebody_else_changed_is_left_alone(catalog_path: Path) -> None:
    """What was written meanwhile is not lost, and nothing is left behind."""
    before = catalog_path.read_bytes()
    with pytest.raises(SettingsError, match=r"was changed by somebody else just now: try again\."):
        replace(catalog_path, b"what was read earlier", b"what would be written")
    assert catalog_path.read_bytes() == before
    assert [file for file in catalog_path.parent.iterdir() if file.name.startswith(".cookie")] == []


def test_a_scan_is_looked_up(run: Run, catalog_path: Path, tmp_path: Path) -> None:
    """What a scan saw and the table lacks is added by name and storage; the rest is named, exit 1."""
    report = tmp_path / "report.json"
    seen = [
        ("_ga", "cookie"),
        ("hjViewportId", "session_storage"),
        ("hjViewportId", "cookie"),
        ("uid", "cookie"),
        ("consent", "cookie"),
    ]
    entries = [{"name": name, "storage": storage} for name, storage in seen]
    report.write_text(json.dumps({"entries": entries}), encoding="utf-8")
    result = run("--scan", str(report))
    assert result.exit_code == 1
    assert {"_ga", "hjViewportId"} <= set(rows(catalog_path))
    assert result.output.splitlines()[2:4] == [
        "hjViewportId: nothing is known of it",
        "uid: several services store it (adform, criteo)",
    ]


@pytest.mark.parametrize(
    "report",
    [
        "",
        "[]",
        "{}",
        '{"entries": 1}',
        '{"entries": [1]}',
        '{"entries": [{"name": "a"}]}',
        '{"entries": [{"name": 1, "storage": "cookie"}]}',
        '{"entries": [{"name": "a", "storage": "jar"}]}',
        '{"entries": [{"name": "a", "storage": []}]}',
        "[" * 100_000,
    ],
    ids=lambda report: report[:50],
)
def test_what_is_no_report_is_refused(run: Run, tmp_path: Path, report: str) -> None:
    """One sentence, exit 2."""
    path = tmp_path / "report.json"
    path.write_text(report, encoding="utf-8")
    result = run("--scan", str(path))
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert "is no report of a scan" in result.output


def test_every_service_is_listed(run: Run) -> None:
    """With its company and the names of its rows; --service narrows it."""
    assert "hotjar: Hotjar, Hotjar Limited" in run("--list").output.splitlines()
    assert run("--list", "--service", "php").output == "php: PHP, on the website itself\n    PHPSESSID\n"
