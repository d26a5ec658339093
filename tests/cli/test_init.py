"""`init`: a first catalog that holds, and a comment for each key."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from consent_server.catalog.files import read_catalogs
from consent_server.catalog.known import known_services
from consent_server.catalog.starting import usual_categories, usual_languages
from consent_server.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

FLAGS = {
    "--origins": "https://www.example.com https://example.com",
    "--controller": 'Example "UAB"',
    "--address": "Street 1, Vilnius",
    "--email": "privacy@example.com",
    "--country": "LT",
}
ALL = [word for flag in FLAGS.items() for word in flag]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Say where the catalog is to be."""
    return tmp_path / "cookie_catalog.toml"


@pytest.fixture
def run(path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs `init`, with these words and typed answers."""
    monkeypatch.setenv("CONSENT_CATALOG", str(path))
    monkeypatch.delenv("CONSENT_PUBLIC_URL", raising=False)
    return lambda *words, typed="": CliRunner().invoke(main, ["init", *words], input=typed)


def test_flags_make_a_catalog_that_holds(run: Run, path: Path) -> None:
    """Nothing is asked, the check finds nothing, and the tag is printed."""
    result = run("--yes", *ALL, "--languages", "lt en", "--services", "google-analytics youtube php")
    assert result.exit_code == 0, result.output
    (catalog,) = read_catalogs(path)
    assert (catalog.site.id, catalog.site.languages) == ("example", ("lt", "en"))
    assert catalog.site.controller.name == 'Example "UAB"'
    assert catalog.site.policy_url == "https://www.example.com/privacy"
    assert [category.id for category in catalog.categories] == ["necessary", "analytics", "marketing"]
    assert [service.id for service in catalog.services] == ["site", "google-analytics", "youtube"]
    assert catalog.warnings == ()
    tag = '<script src="http://127.0.0.1:8000/v1/example/consent.js" async></script>'
    assert tag in [line.strip() for line in result.output.splitlines()]


def test_answers_make_a_catalog_that_holds(run: Run, path: Path) -> None:
    """Each question has a default where there can be one, and is asked again after a wrong answer."""
    answers = [
        "www.shop.lt",
        "https://www.shop.lt",
        "",
        "Shop UAB",
        "Vilnius",
        "nobody",
        "a@shop.lt",
        "lt",
        "LT",
        "",
        "de",
        "lt",
        "",
        "hotjr",
        "hotjar meta-pixel",
        "",
    ]
    result = run(typed="\n".join([*answers, ""]))
    assert result.exit_code == 0, result.output
    (catalog,) = read_catalogs(path)
    assert (catalog.site.id, catalog.site.languages) == ("shop", ("lt",))
    assert catalog.site.controller.authority == "Valstybinė duomenų apsaugos inspekcija, https://vdai.lrv.lt"
    assert [service.id for service in catalog.services] == ["site", "hotjar", "meta-pixel"]
    assert result.output.count("Error: ") == 5
    assert 'did you mean "hotjar"?' in result.output


@pytest.mark.parametrize("language", usual_languages())
def test_everything_known_makes_a_catalog_that_holds(run: Run, path: Path, language: str) -> None:
    """Every category and every service of the knowledge base fit together."""
    everything = ["--services", " ".join(known_services()), "--categories", " ".join(usual_categories())]
    assert run("--yes", *ALL, "--languages", language, *everything).exit_code == 0
    (catalog,) = read_catalogs(path)
    assert {flaw.rule for flaw in catalog.warnings} <= {"R7-necessary-long", "service-unused"}


def names(schema: Any) -> Iterator[str]:
    """List the keys that a JSON Schema names, at any depth."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            yield from names(inner)


def test_every_key_is_explained(run: Run, path: Path) -> None:
    """Every key of the published schema stands in the file, and the file names the schema to editors."""
    run("--yes", *ALL)
    text = path.read_text(encoding="utf-8")
    schema = json.loads((files("consent_server.catalog") / "cookie_catalog.schema.json").read_bytes())
    assert {name for name in names(schema) if name not in text} == set()
    assert text.startswith("#:schema http://127.0.0.1:8000/catalog.schema.json\n")


def test_what_nobody_said_is_marked(run: Run, path: Path) -> None:
    """The usual policy address and the country's authority are marked as assumed; said ones are not."""
    run("--yes", *ALL)
    assert path.read_text(encoding="utf-8").count("; assumed\n") == 2
    said = [
        "--policy-url",
        "https://www.example.com/p",
        "--authority",
        "VDAI",
        "--cookie-domain",
        "example.com",
    ]
    run("--yes", "--force", *ALL, *said)
    assert "; assumed\n" not in path.read_text(encoding="utf-8")
    assert read_catalogs(path)[0].site.cookie_domain == "example.com"


def test_a_catalog_is_never_overwritten(run: Run, path: Path) -> None:
    """What is there stays, unless --force says otherwise."""
    path.write_text("mine", encoding="utf-8")
    result = run("--yes", *ALL)
    assert result.exit_code == 2
    assert result.output == (
        f"{path} is there already: name another file with --file, or overwrite it with --force.\n"
    )
    assert path.read_text(encoding="utf-8") == "mine"
    assert run("--yes", "--force", *ALL).exit_code == 0
    assert read_catalogs(path)[0].site.id == "example"


def test_a_directory_gets_a_file_a_site(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the settings name a directory of catalogs, the file is called by the site's id."""
    monkeypatch.setenv("CONSENT_CATALOG", str(tmp_path))
    assert run("--yes", *ALL, "--site", "example").exit_code == 0
    assert read_catalogs(tmp_path)[0].site.id == "example"
    assert (tmp_path / "example.toml").exists()


def test_a_wrong_catalog_is_not_written(run: Run, path: Path) -> None:
    """Answers that do not go together are told as the check tells them, exit 2."""
    result = run("--yes", *ALL, "--cookie-domain", "example.org")
    assert result.exit_code == 2
    assert "'example.org' does not cover 'https://www.example.com'" in result.output
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "Give --origins, --controller, --address, --email, --authority, or leave --yes out to be asked.",
        ),
        ([*ALL[:-1], "US"], "Give --authority, or leave --yes out to be asked."),
        ([*ALL, "--origins", "example.com"], "'example.com' is no origin"),
        ([*ALL, "--origins", " "], "write at least one"),
        ([*ALL, "--site", "My Site"], "'My Site' is no id"),
        ([*ALL, "--controller", " "], "write something"),
        ([*ALL, "--email", "nobody"], "'nobody' is no email address"),
        ([*ALL, "--country", "Lithuania"], "'Lithuania' is no country"),
        ([*ALL, "--languages", "de"], "'de': write en or lt"),
        ([*ALL, "--policy-url", "/privacy"], "'/privacy' is no link"),
        ([*ALL, "--services", "hotjr"], "'hotjr' is not known (did you mean \"hotjar\"?)"),
        (
            [*ALL, "--categories", "sales"],
            "'sales': write one of necessary, functional, analytics, marketing",
        ),
        ([*ALL, "--cookie-domain", "localhost"], "'localhost' is no cookie domain"),
        ([*ALL, "--jurisdiction", "UK"], "'UK' is no jurisdiction"),
    ],
    ids=lambda words: " ".join(words[-2:]) if isinstance(words, list) else "",
)
def test_wrong_use_writes_nothing(run: Run, path: Path, words: list[str], message: str) -> None:
    """A wrong or missing flag is told with what to write, exit 2."""
    result = run("--yes", *words)
    assert result.exit_code == 2
    assert message in result.output
    assert not path.exists()


def test_a_folder_that_is_not_there_is_one_sentence(run: Run, tmp_path: Path) -> None:
    """It names the file, exits 2."""
    result = run("--yes", *ALL, "--file", str(tmp_path / "nowhere" / "catalog.toml"))
    assert result.exit_code == 2
    assert result.output == (
        f"{tmp_path / 'nowhere' / 'catalog.toml'} cannot be written: No such file or directory.\n"
    )


def test_the_whole_way(tmp_path: Path) -> None:
    """As people run it: init, add, check."""
    for words in (["init", "--yes", *ALL], ["catalog", "add", "PHPSESSID"], ["catalog", "check"]):
        result = subprocess.run(
            [sys.executable, "-m", "consent_server", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
    written = tomllib.loads((tmp_path / "cookie_catalog.toml").read_text(encoding="utf-8"))
    assert [row["name"] for row in written["cookie"]] == ["PHPSESSID"]
