"""What the legal team changes while visitors come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.demo import Demo
    from e2e.visitor import Visitor

SERVICE = """
[service.counter]
name = "Counter"
provider = "Counter Ltd"
country = "IE"
privacy_policy = "https://counter.example/privacy"

[[cookie]]
name = "counter_id"
service = "counter"
category = "analytics"
lifespan = "1 day"
purpose.en = "Counts visits."
purpose.lt = "Skaičiuoja apsilankymus."

# Services:"""


@pytest.fixture
def decided(visit: Callable[[Demo], Visitor], own_demo: Demo) -> Visitor:
    """Bring a visitor who accepted everything."""
    visitor = visit(own_demo)
    visitor.open()
    visitor.accept_all()
    return visitor


def test_a_new_service_asks_again(decided: Visitor) -> None:
    """A service new to a category asks every visitor again, and grants nothing meanwhile."""
    before = decided.demo.notice()["revision"]
    assert decided.demo.edit("# Services:", SERVICE.lstrip())["revision"] != before
    decided.forget_cache()
    decided.page.reload()
    decided.banner.wait_for()
    assert decided.analytics_runs() == 0
    assert not decided.film_plays()
    decided.refuse_all()
    assert [receipt["state"] for receipt in decided.receipts()] == ["given", "refused"]


def test_a_corrected_text_does_not(decided: Visitor) -> None:
    """A corrected text is shown at the next visit, and nobody is asked again because of it."""
    decided.demo.edit("Count visits and show us", "Count our visits and show us")
    decided.forget_cache()
    decided.page.reload()
    decided.until(lambda: decided.analytics_runs() == 1, "the statistics")
    expect(decided.banner).to_have_count(0)
    decided.open_settings()
    expect(decided.preferences).to_contain_text("Count our visits")
