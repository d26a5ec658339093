"""The lint: every warning, and the table of all rules."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent_server.catalog.known import known_services
from consent_server.catalog.law import REFUSED
from consent_server.catalog.lint_rows import tracker
from consent_server.catalog.model import Catalog
from consent_server.catalog.rulebook import RULES

Parse = Callable[..., Catalog]

HERE = Path(__file__).parent
WARNINGS: list[dict[str, Any]] = tomllib.loads((HERE / "warnings.toml").read_text())["warning"]
DOCS = (HERE.parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("warning", WARNINGS, ids=lambda warning: str(warning["message"])[:60])
def test_warning(parse: Parse, warning: dict[str, str]) -> None:
    """What the law would question is one warning with its place, and the catalog is served all the same."""
    found = parse((warning["old"], warning["new"])).warnings
    shown = [(f"{flaw.line}:{flaw.column}", flaw.rule, flaw.message, flaw.severity) for flaw in found]
    assert shown == [(warning["at"], warning["rule"], warning["message"], "warning")]


def test_nothing_to_warn_of(parse: Parse) -> None:
    """A plain catalog has no warnings."""
    assert parse().warnings == ()


def test_warnings_are_no_part_of_the_catalog(parse: Parse) -> None:
    """Two catalogs that say the same are equal, wherever their warnings stand."""
    long = ('"5 years"', '"11 years"')
    assert parse(long, ('id = "shop"', '\nid = "shop"')) == parse(long)


def test_exempt_audience_measurement(parse: Parse) -> None:
    """An own cookie that measures the audience for 13 months does without consent, and without a warning."""
    row = (
        '[[cookie]]\nname = "visits"\nservice = "site"\ncategory = "necessary"\nlifespan = "13 months"\n'
        'exempt = "audience-measurement"\npurpose = { en = "Counts.", lt = "Skaičiuoja." }\n'
    )
    catalog = parse(("[[cookie]]\n", f"{row}[[cookie]]\n"))
    assert catalog.warnings == ()
    assert [cookie.exempt for cookie in catalog.cookies if not cookie.own] == ["audience-measurement", None]


def test_a_name_may_be_told_apart_within_its_category(parse: Parse) -> None:
    """A row for one name beside a pattern that covers it is fine where both are asked for together."""
    row = (
        '[[cookie]]\nname = "_count_id"\nservice = "counter"\ncategory = "analytics"\nlifespan = "1 year"\n'
        'purpose = { en = "Counts.", lt = "Skaičiuoja." }\n'
    )
    assert parse(("[[cookie]]\n", f"{row}[[cookie]]\n")).warnings == ()


def test_every_known_tracker_is_no_necessary_one() -> None:
    """What the lint calls a tracker, the knowledge base never calls necessary."""
    wrong = [
        row.name
        for service in known_services().values()
        for row in service.cookies
        if row.category == "necessary" and tracker(row.name)
    ]
    assert wrong == []


def test_every_rule_is_tested() -> None:
    """Each rule has a flaw or a warning with its exact words somewhere in these tests."""
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.*")))
    assert [id_ for id_ in RULES if f'"{id_}"' not in tests and f"[{id_}]" not in tests] == []


def test_every_rule_stands_in_the_documentation() -> None:
    """With its severity, what it says and its source, and no other rule stands there."""
    rows = re.findall(r"^\| `([\w-]+)` \| (error|warning) \| (.+?) \|(?: (.+?) \|)?$", DOCS, re.MULTILINE)
    written = {id_: (severity, says.replace("\\|", "|"), source) for id_, severity, says, source in rows}
    assert written == {rule.id: (rule.severity, rule.says, rule.source) for rule in RULES.values()}


def test_every_requirement_is_explained() -> None:
    """R1 to R31 each say where they are kept: in the catalog, elsewhere, or by hand."""
    assert re.findall(r"^\| (R\d+) \|", DOCS, re.MULTILINE) == [f"R{number}" for number in range(1, 32)]


def test_a_refused_key_is_refused_by_a_rule() -> None:
    """Every key that the law forbids names a rule that is an error with a source."""
    rules = {RULES[rule] for rule in REFUSED.values()}
    assert all(rule.severity == "error" and rule.source for rule in rules)
