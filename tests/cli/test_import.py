"""`catalog import`: rows from a copy of the Open Cookie Database."""

from __future__ import annotations

import csv
import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from consent_server.catalog.database import read_database
from consent_server.catalog.files import read_catalogs
from consent_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Run = Callable[..., Result]

COLUMNS = [
    "ID",
    "Platform",
    "Category",
    "Cookie / Data Key name",
    "Domain",
    "Description",
    "Retention period",
    "Data Controller",
    "User Privacy & GDPR Rights Portals",
    "Wildcard match",
]
POLICY = "https://tally.example/privacy"
ROWS = [
    ["1", "Tally", "Analytics", "tally_id", "", "Counts\n visits.", "13 Months", "Tally Ltd", POLICY, "0"],
    ["2", "Tally", "Analytics", "tally_", "", "Counts more.", "30 mins", "Tally Ltd", POLICY, "1"],
    ["3", "Tally", "Marketing", "tally_x", "", "Sells.", "Varies", "Tally Ltd", "by post", "0"],
    ["4", "Hotjar", "Analytics", "_hjTest", "", "Tests.", "Session", "Hotjar", POLICY, "0"],
    ["5", "Hotjar", "Analytics", "shared", "", "Theirs.", "1 day", "Hotjar", POLICY, "0"],
    ["6", "Tally", "Analytics", "shared", "", "Ours.", "1 day", "Tally Ltd", POLICY, "0"],
    ["7", "PHP", "Security", "PHPSESSID", "", "Session.", "End of session (browser)", "", "", "0"],
]


def write(path: Path, rows: list[list[str]], columns: list[str] = COLUMNS) -> Path:
    """Write a database in the shape of the Open Cookie Database."""
    with path.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([columns, *rows])
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Write a small database."""
    return write(tmp_path / "database.csv", ROWS)


@pytest.fixture
def run(catalog_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs `catalog import` on the shop's catalog, here in English alone."""
    monkeypatch.setenv("CONSENT_CATALOG", str(catalog_path))
    lines = catalog_path.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if ".lt = " not in line).replace('["en", "lt"]', '["en"]')
    catalog_path.write_text(text, encoding="utf-8")
    return lambda *words, file=database: CliRunner().invoke(main, ["catalog", "import", str(file), *words])


def in_two_languages(catalog_path: Path) -> None:
    """Give the shop Lithuanian texts again."""
    text = catalog_path.read_text(encoding="utf-8").replace('["en"]', '["en", "lt"]')
    for key in ("title", "text", "justification", "purpose"):
        text = text.replace(f"{key}.en = ", f'{key}.lt = "Lietuviškai."\n{key}.en = ')
    catalog_path.write_text(text, encoding="utf-8")


def test_the_databases_facts_become_a_row(run: Run, catalog_path: Path) -> None:
    """A row of a service that the knowledge base knows is added, marked for review."""
    result = run("--names", "_hjTest")
    assert result.exit_code == 0, result.output
    (catalog,) = read_catalogs(catalog_path)
    row = next(row for row in catalog.cookies if row.name == "_hjTest")
    assert (row.service, row.category, str(row.lifespan), row.purpose) == (
        "hotjar",
        "analytics",
        "session",
        {"en": "Tests."},
    )
    assert catalog.service("hotjar").provider == "Hotjar Limited"
    note = "# assumed, please review: from the Open Cookie Database, Hotjar"
    assert note in catalog_path.read_text(encoding="utf-8").splitlines()


def test_what_nobody_wrote_is_a_list_of_what_to_write(run: Run, catalog_path: Path) -> None:
    """No translation, country or lifespan is invented: a draft has the gaps, each told with its line."""
    in_two_languages(catalog_path)
    before = catalog_path.read_bytes()
    result = run("--names", "tally_x")
    draft = catalog_path.with_name("cookie_catalog.toml.draft")
    assert result.exit_code == 1
    assert catalog_path.read_bytes() == before
    lines = [line for line in result.output.splitlines() if line.startswith(f"{draft}:")]
    assert [line.partition(": ")[2].partition(" ")[0] for line in lines] == [
        "country",
        "privacy_policy",
        "'TODO'",
        "purpose.lt",
    ]
    values = tomllib.loads(draft.read_text(encoding="utf-8"))
    assert values["cookie"][-1]["purpose"] == {"en": "Sells.", "lt": "TODO"}
    assert read_catalogs(catalog_path.parent)[0].site.id == "shop"


def test_a_draft_is_never_overwritten(run: Run, catalog_path: Path) -> None:
    """What somebody has begun to finish is safe."""
    run("--names", "tally_id")
    draft = catalog_path.with_name("cookie_catalog.toml.draft")
    draft.write_text("mine", encoding="utf-8")
    result = run("--names", "tally_id")
    assert result.exit_code == 2
    assert result.output == f"{draft} is there already: finish it, or remove it first.\n"
    assert draft.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "written", "lifespan"),
    [("tally_id", "tally_id", "13 months"), ("tally_77", "tally_*", "30 minutes")],
)
def test_lifespans_and_beginnings_are_read(
    run: Run, catalog_path: Path, name: str, written: str, lifespan: str
) -> None:
    """A name is found before a beginning of names, which becomes a pattern; units are the catalog's."""
    run("--names", name)
    draft = tomllib.loads(catalog_path.with_name("cookie_catalog.toml.draft").read_text(encoding="utf-8"))
    assert (draft["cookie"][-1]["name"], draft["cookie"][-1]["lifespan"]) == (written, lifespan)
    assert draft["service"]["tally"]["provider"] == "Tally Ltd"


def test_names_that_are_left_are_told(run: Run) -> None:
    """Unknown names, those of several platforms and those that the table has are each told, exit 1."""
    result = run("--names", "_hjTest,tally_idd nothing_like_it shared basket", "--dry-run")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[:2] == [
        "nothing_like_it: is not in the database",
        "shared: stands for several platforms, say which with --platform (Hotjar, Tally)",
    ]


def test_a_platform_settles_who_it_is(run: Run, catalog_path: Path) -> None:
    """Of several platforms the named one is taken."""
    assert run("--names", "shared", "--platform", "hotjar").exit_code == 0
    (catalog,) = read_catalogs(catalog_path)
    assert next(row for row in catalog.cookies if row.name == "shared").purpose == {"en": "Theirs."}


def test_software_of_the_website_is_the_websites(run: Run, catalog_path: Path) -> None:
    """A platform that runs on the website itself gives rows of the service `site`."""
    assert run("--names", "PHPSESSID").exit_code == 0
    (catalog,) = read_catalogs(catalog_path)
    row = next(row for row in catalog.cookies if row.name == "PHPSESSID")
    assert (row.service, row.category) == ("site", "necessary")


def test_a_scan_says_where_it_is_stored(run: Run, catalog_path: Path, tmp_path: Path) -> None:
    """Storage and HttpOnly are what the scan saw; a lifespan that such a storage cannot have is put right."""
    report = tmp_path / "report.json"
    entries = [
        {"name": "_hjTest", "storage": "local_storage"},
        {"name": "PHPSESSID", "storage": "cookie", "http_only": True},
    ]
    report.write_text(json.dumps({"entries": entries}), encoding="utf-8")
    assert run("--scan", str(report)).exit_code == 0
    (catalog,) = read_catalogs(catalog_path)
    found = {row.name: (row.storage, str(row.lifespan), row.http_only) for row in catalog.cookies}
    assert found["_hjTest"] == ("local_storage", "persistent", False)
    assert found["PHPSESSID"] == ("cookie", "session", True)


HEAD = ",".join(f'"{column}"' for column in COLUMNS)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"", 'it has no column "Platform", "Category", "Cookie / Data Key name", "Description", '),
        (b"a;b\n1;2\n", 'it has no column "Platform"'),
        (HEAD.replace("Description", "Text").encode(), 'it has no column "Description".'),
        (HEAD.encode() + b"\n\xff", f"it is not UTF-8 from byte {len(HEAD) + 1} on."),
        (HEAD.encode("utf-16"), "it is not UTF-8 from byte 0 on."),
        (HEAD.encode() + b'\n"a', "it is no CSV after line 1: unexpected end of data."),
        (HEAD.encode() + b'\n"a"b', "it is no CSV after line 1: ',' expected after '\"'."),
        (
            HEAD.encode() + b"\n" + b"x" * 200_000,
            "it is no CSV after line 1: field larger than field limit (131072).",
        ),
        (b"x" * 20_000_001, "it is larger than 20 MB."),
    ],
    ids=range(9),
)
def test_what_is_no_database_is_refused(
    run: Run, tmp_path: Path, catalog_path: Path, source: bytes, problem: str
) -> None:
    """One sentence says why, exit 2, and the catalog stays as it was."""
    before = catalog_path.read_bytes()
    path = tmp_path / "other.csv"
    path.write_bytes(source)
    result = run("--names", "x", file=path)
    assert result.exit_code == 2
    assert result.output.startswith(f"{path} is no Open Cookie Database: {problem}")
    assert len(result.output.splitlines()) == 1
    assert catalog_path.read_bytes() == before


def test_short_rows_and_a_byte_order_mark_are_read() -> None:
    """A row with too few fields has empty ones, rows without a name are none, and Excel's mark is skipped."""
    source = f"\ufeff{HEAD}\n1,Tally,Analytics,short\n2,Tally,Analytics,,,,,,,\n".encode()
    assert [row["Description"] for row in read_database(source).rows] == [""]


def test_what_websites_call_things_does_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    """Control characters in a name or in the database are shown as escapes, or left out."""
    report = tmp_path / "report.json"
    entries = [{"name": "\x1b[2Jx", "storage": "local_storage"}, {"name": "_hjTest", "storage": "cookie"}]
    report.write_text(json.dumps({"entries": entries}), encoding="utf-8")
    rows = [["4", "Hot\x1bjar", "Analytics", "_hjTest", "", "Tes\x07ts.", "Session", "", "", "0"]]
    result = run("--scan", str(report), file=write(tmp_path / "hostile.csv", rows))
    assert result.exit_code == 1
    assert "'\\x1b[2Jx': is not in the database" in result.output
    assert not {"\x1b", "\x07"} & set(result.output)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Say what to look up: --names or --scan.\n"),
        (["--names", "tally_x", "--category", "sales"], "(necessary, analytics, marketing).\n"),
    ],
)
def test_wrong_use_is_one_sentence(run: Run, words: list[str], message: str) -> None:
    """It says what to do, exits 2."""
    result = run(*words)
    assert (result.exit_code, len(result.output.splitlines())) == (2, 1)
    assert result.output.endswith(message)


def test_a_missing_database_is_one_sentence(run: Run, tmp_path: Path) -> None:
    """It names the file, exits 2."""
    result = run("--names", "x", file=tmp_path / "nowhere.csv")
    assert result.exit_code == 2
    assert result.output == f"{tmp_path / 'nowhere.csv'} cannot be read: No such file or directory.\n"


if "OPEN_COOKIE_DATABASE" in os.environ:

    def test_the_real_database_is_read() -> None:
        """The copy that OPEN_COOKIE_DATABASE names has thousands of rows, among them the usual names."""
        database = read_database(Path(os.environ["OPEN_COOKIE_DATABASE"]).read_bytes())
        assert len(database.rows) > 2000
        assert [row["Platform"] for row in database.find("_ga_AB12CD")] == ["Google Analytics"]
