"""`consent-server catalog diff`, between files and with git."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from consent_server.cli import main

if TYPE_CHECKING:
    from pathlib import Path

META = """
[service.meta]
name = "Meta Pixel"
provider = "Meta Platforms Ireland Limited"
country = "IE"
privacy_policy = "https://meta.example/privacy"
[[cookie]]
name = "_fbp"
service = "meta"
category = "marketing"
lifespan = "90 days"
purpose.en = "Shows offers."
purpose.lt = "Rodo pasiūlymus."
"""
TEXT = """\
shop: visitors will be asked again.
! Marketing now shares data with Meta Platforms Ireland Limited (Ireland), by Meta Pixel: visitors will be \
asked again.
    Why: consent names who gets the data, and it did not name this one (GDPR, recital 42; EDPB Guidelines \
05/2020, para. 110).
  “_fbp” is new in Marketing (Meta Pixel, 90 days): nobody is asked again.
    Why: the same services serve the same categories.
"""
MARKDOWN = """\
### shop: visitors will be asked again

| change | asked again | why |
|---|---|---|
| Marketing now shares data with Meta Platforms Ireland Limited (Ireland), by Meta Pixel | **yes** | consent \
names who gets the data, and it did not name this one (GDPR, recital 42; EDPB Guidelines 05/2020, para. 110) |
| “\\_fbp” is new in Marketing (Meta Pixel, 90 days) | no | the same services serve the same categories |
"""


def diff(*words: object) -> tuple[int, str, str]:
    """Run the command; return its exit code, what it says, and what it says on standard error."""
    result = CliRunner().invoke(main, ["catalog", "diff", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


def git(folder: Path, *words: str) -> None:
    """Run git as nobody in particular."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def changed(catalog_path: Path, tmp_path: Path) -> Path:
    """Give the shop's catalog with another recipient."""
    path = tmp_path / "changed.toml"
    path.write_text(catalog_path.read_text(encoding="utf-8") + META, encoding="utf-8")
    return path


@pytest.fixture
def repository(catalog_path: Path, tmp_path: Path) -> Path:
    """Put the shop's catalog under git, and change it; give its path there."""
    folder = tmp_path / "repository" / "legal"
    folder.mkdir(parents=True)
    path = folder / "cookie_catalog.toml"
    text = catalog_path.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    path.write_text(text + META, encoding="utf-8")
    return path


@pytest.mark.parametrize(("form", "expected"), [("text", TEXT), ("markdown", MARKDOWN)])
def test_a_change_in_words(catalog_path: Path, changed: Path, form: str, expected: str) -> None:
    """A lawyer reads who gets data now, whether visitors are asked again, and why; the exit code is 1."""
    assert diff(catalog_path, changed, "--format", form) == (1, expected, "")


def test_a_change_as_data(catalog_path: Path, changed: Path) -> None:
    """CI reads the same, with both revisions."""
    code, said, _ = diff(catalog_path, changed, "--format", "json")
    report = json.loads(said)
    (site,) = report["sites"]
    assert (code, report["schema"], site["site"], site["asks_again"]) == (1, "consent-diff/1", "shop", True)
    assert site["old_revision"] != site["new_revision"]
    assert [(change["kind"], change["asks"]) for change in site["changes"]] == [
        ("recipient", True),
        ("row", False),
    ]


def test_nothing_changed(catalog_path: Path) -> None:
    """The same catalog is exit 0."""
    assert diff(catalog_path, catalog_path) == (0, "shop: nothing changed.\n", "")


def test_a_change_that_asks_nobody(catalog_path: Path, tmp_path: Path) -> None:
    """A better wording is exit 0."""
    path = tmp_path / "changed.toml"
    path.write_text(catalog_path.read_text(encoding="utf-8").replace('"Statistics"', '"Numbers"'))
    code, said, _ = diff(catalog_path, path)
    assert (code, said.splitlines()[0]) == (0, "shop: nobody is asked again.")


def test_a_catalog_against_its_own_past(repository: Path) -> None:
    """--git compares a file with what it was, from any directory."""
    assert diff("--git", "HEAD", repository) == (1, TEXT, "")
    git(repository.parent, "commit", "--quiet", "-a", "-m", "second")
    assert diff("--git", "HEAD", repository)[0] == 0
    assert diff("--git", "HEAD~1", repository) == (1, TEXT, "")


def test_a_directory_against_its_own_past(repository: Path) -> None:
    """--git compares every site of a directory, new ones and those that are gone too."""
    text = repository.read_text(encoding="utf-8")
    repository.with_name("new.toml").write_text(text.replace('id = "shop"', 'id = "new"'), encoding="utf-8")
    assert diff("--git", "HEAD", repository.parent) == (1, f"new: a new site\n{TEXT}", "")


def test_markup_of_the_catalog_stays_text(catalog_path: Path, changed: Path) -> None:
    """A name with marks of markdown or HTML in it is a name in the pull request."""
    text = changed.read_text(encoding="utf-8")
    changed.write_text(
        text.replace('"Meta Platforms Ireland Limited"', '"<b>|x|</b> [a](b)"'), encoding="utf-8"
    )
    said = diff(catalog_path, changed, "--format", "markdown")[1]
    assert "\\<b\\>\\|x\\|\\</b\\> \\[a\\](b)" in said


def test_no_such_revision(repository: Path) -> None:
    """A revision that git does not know is one sentence, exit 2."""
    assert diff("--git", "nowhere", repository) == (2, "", "git has no revision “nowhere” here.\n")
    assert diff("--git=--all", repository) == (2, "", "git has no revision “--all” here.\n")


def test_no_repository(catalog_path: Path) -> None:
    """A file outside any repository is one sentence, exit 2."""
    code, said, error = diff("--git", "HEAD", catalog_path)
    assert (code, said) == (2, "")
    assert error.startswith("git: not a git repository")


def test_a_file_that_was_not_there(repository: Path) -> None:
    """A file that git did not have at that revision is one sentence, exit 2."""
    other = repository.with_name("other.toml")
    other.write_bytes(repository.read_bytes())
    code, said, error = diff("--git", "HEAD", other)
    assert (code, said) == (2, "")
    assert "other.toml" in error
    assert "'HEAD'" in error


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without git, two files can still be compared, which is said."""
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = "git is not there: install it, or name two files.\n"
    assert diff("--git", "HEAD", repository) == (2, "", expected)


def test_two_sites(catalog_path: Path, tmp_path: Path) -> None:
    """Two files of two sites are not compared."""
    path = tmp_path / "other.toml"
    path.write_text(catalog_path.read_text(encoding="utf-8").replace('id = "shop"', 'id = "other"'))
    expected = "These are two sites, “shop” and “other”: compare one with itself.\n"
    assert diff(catalog_path, path) == (2, "", expected)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["a.toml"], "Name two catalogs, the old one and the new one, or a revision with --git.\n"),
        ([], "Name two catalogs, the old one and the new one, or a revision with --git.\n"),
        (
            ["--git", "HEAD", "a", "b"],
            "With --git, name one catalog: it is compared with itself at that revision.\n",
        ),
    ],
)
def test_wrong_use(words: list[str], error: str) -> None:
    """Too few or too many catalogs is one sentence, exit 2."""
    assert diff(*words) == (2, "", error)


def test_a_broken_catalog(catalog_path: Path, changed: Path) -> None:
    """A catalog that does not hold cannot be compared: its flaws are told, exit 2."""
    changed.write_text(changed.read_text(encoding="utf-8").replace('"90 days"', '"long"'), encoding="utf-8")
    code, said, error = diff(catalog_path, changed)
    assert (code, said) == (2, "")
    assert error.startswith(f"{changed}:")
    assert "'long' is not a lifespan" in error
