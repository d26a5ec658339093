"""What browsers make of declared lifespans."""

from __future__ import annotations

import pytest

from consent_server.catalog.effective import limits_of
from consent_server.catalog.lifespan import parse_lifespan
from consent_server.catalog.model import Cookie, Storage

CASES = [
    ("session", "cookie", False, []),
    ("7 days", "cookie", False, []),
    ("8 days", "cookie", False, ["Safari 7 days"]),
    ("400 days", "cookie", True, []),
    ("2 years", "cookie", True, ["Chrome 400 days"]),
    ("2 years", "cookie", False, ["Chrome 400 days", "Safari 7 days"]),
    ("persistent", "cookie", False, ["Chrome 400 days", "Safari 7 days"]),
    ("2 years", "local_storage", False, []),
]


@pytest.mark.parametrize(("declared", "storage", "http_only", "effective"), CASES)
def test_limits(declared: str, storage: Storage, http_only: bool, effective: list[str]) -> None:  # noqa: FBT001
    """A browser's limit is told where it is shorter than the declared lifespan and can apply."""
    row = Cookie("a", storage, "site", "necessary", parse_lifespan(declared), {}, http_only)
    assert [f"{limit.browser} {limit.lifespan}" for limit in limits_of(row)] == effective
