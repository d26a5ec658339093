"""Adding to a catalog file leaves all that stood there as it was."""

from __future__ import annotations

import difflib
import tomllib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_server.catalog.additions import Additions, NewCookie, NewService
from consent_server.catalog.editing import add_to
from consent_server.catalog.toml import parse_catalog

ROW = NewCookie("_new", "cookie", "counter", "analytics", "30 days", {"en": "New.", "lt": "Nauja."})
OTHER = NewCookie("_other", "cookie", "other", "analytics", "session", {"en": "Other.", "lt": "Kita."})
OTHER_SERVICE = NewService("other", "Other", "Other, Inc.", "US", "https://other.example/privacy")
BOTH = Additions((OTHER_SERVICE,), (ROW, OTHER), ())

FILE = b"""\
# Whose site this is.
[site]
id = "shop"
origins = ["https://www.example.com"]
languages = ["en", "lt"]
jurisdiction = "EU"
policy_url = "https://www.example.com/privacy"
[site.controller]
name = "Example"
address = "Vilnius"
email = "privacy@example.com"
authority = "VDAI"

[category.necessary]
title = { en = "Necessary", lt = "B\xc5\xabtini" }
text = { en = "Needed.", lt = "Reikia." }
justification = { en = "You ask for it.", lt = "Pra\xc5\xa1ote to." }

[category.analytics]
title = { en = "Statistics", lt = "Statistika" }
text = { en = "Counts.", lt = "Skai\xc4\x8diuoja." }

# Who counts.
[service.counter]
name = "Counter"
provider = "Counter, Inc."
country = "US"
privacy_policy = "https://counter.example/privacy"
# opt_out is still to be found

# What is stored.
[[cookie]]
name = "_count"
service = "counter"
category = "analytics"
lifespan = "2 years"  # as the maker says
[cookie.purpose]
en = \"\"\"
Counts
visits.\"\"\"
lt = "Skai\xc4\x8diuoja."

[[cookie]]
name = "basket"
service = "site"
category = "necessary"
lifespan = "session"
purpose = { en = "Basket.", lt = "Krep\xc5\xa1elis." }

# What we promise.
[[statement]]
id = "promise"
title = { en = "Promise", lt = "Pa\xc5\xbeadas" }
text = { en = "We do.", lt = "Darome." }
"""


def edited(source: bytes, additions: Additions = BOTH) -> bytes:
    """Add to a file."""
    return add_to(source, parse_catalog(source, "catalog.toml"), additions)


def test_a_row_goes_behind_its_service_and_before_the_next_comment() -> None:
    """Rows stay with their service, services with services, and comments with what they announce."""
    lines = edited(FILE).decode().split("\n")
    marks = [
        "# opt_out is still to be found",
        "[service.other]",
        "# What is stored.",
        'name = "_count"',
        'name = "_new"',
        'name = "basket"',
        'name = "_other"',
        "# What we promise.",
    ]
    places = [lines.index(mark) for mark in marks]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(FILE, id="as it is"),
        pytest.param(FILE.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(FILE.rstrip(b"\n"), id="no last line break"),
        pytest.param(FILE.partition(b"# What is stored.")[0], id="no rows yet"),
        pytest.param(FILE.partition(b"# Who counts.")[0], id="neither services nor rows"),
        pytest.param(FILE.partition(b"# What we promise.")[0].rstrip(), id="ends with a row"),
        pytest.param(FILE.replace(b"\n\n", b"\n"), id="no empty lines"),
    ],
)
def test_nothing_that_stood_there_changes(source: bytes) -> None:
    """Only lines are added, none between a comment and its table, in the file's own kind of line break."""
    additions = BOTH
    if b"service.counter" not in source:
        additions = Additions((OTHER_SERVICE,), (OTHER,), ())
    result = edited(source, additions)
    old, new = source.decode().splitlines(), result.decode().splitlines()
    changes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    assert {change[0] for change in changes} == {"equal", "insert"}
    assert (b"\r\n" in source) == (b"\r\n" in result)
    assert b"\n" not in result.replace(b"\r\n", b"") or b"\r\n" not in source
    behind = dict(pairwise(new))
    for comment, table in (("# What is stored.", "[[cookie]]"), ("# What we promise.", "[[statement]]")):
        assert behind.get(comment, table) == table
    catalog = parse_catalog(result, "catalog.toml")
    assert {row.name for row in additions.cookies} <= {row.name for row in catalog.cookies}


def test_a_missing_purpose_is_marked() -> None:
    """A language that nobody wrote gets a placeholder that no check lets through, never an invented text."""
    row = NewCookie("_new", "cookie", "counter", "analytics", "30 days", {"en": "New."})
    result = tomllib.loads(edited(FILE, Additions((), (row,), ())).decode())
    assert result["cookie"][1]["purpose"] == {"en": "New.", "lt": "TODO"}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_written_as_it_is(text: str) -> None:
    """Quotes, backslashes and control characters in a purpose come back as they were."""
    row = NewCookie("_new", "cookie", "counter", "analytics", "30 days", {"en": text, "lt": text})
    result = tomllib.loads(edited(FILE, Additions((), (row,), ())).decode())
    assert result["cookie"][1]["purpose"]["en"] == text


def test_every_key_of_a_row_is_written() -> None:
    """Storage, HttpOnly, opt-out and script hosts stand in the file where they are given."""
    row = NewCookie("key", "local_storage", "other", "analytics", "persistent", ROW.purpose)
    kept = NewCookie("_kept", "cookie", "other", "analytics", "1 day", ROW.purpose, http_only=True)
    service = NewService(
        "other", "Other", "Other", "US", "https://o.example/", "https://o.example/out", ("*.o.example",)
    )
    catalog = parse_catalog(edited(FILE, Additions((service,), (row, kept), ())), "catalog.toml")
    found = {cookie.name: cookie for cookie in catalog.cookies}
    assert (found["key"].storage, found["_kept"].http_only) == ("local_storage", True)
    assert catalog.service("other").opt_out == "https://o.example/out"
    assert catalog.service("other").scripts == ("*.o.example",)


def test_a_note_stands_once_for_the_rows_it_is_about() -> None:
    """Rows with the same note follow under one comment."""
    rows = tuple(
        NewCookie(name, "cookie", "site", "necessary", "session", ROW.purpose, note="assumed")
        for name in ("a1", "a2")
    )
    assert edited(FILE, Additions((), rows, ())).count(b"# assumed") == 1
