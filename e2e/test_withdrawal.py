"""Withdrawing: what it deletes, what it says about the rest, and what it leaves on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from consent_server.demo.cookies import PROTECTION, SIGN_IN
from e2e.demo import HIDDEN

if TYPE_CHECKING:
    from e2e.visitor import Visitor

OPTIONAL = {"__utma", "__utmb", "__utmc", "__utmt", "__utmz", "visitor_id", "visitor_profile"}


@pytest.fixture
def regretful(visitor: Visitor) -> Visitor:
    """Bring a visitor who signed in, accepted everything and was counted out of reach of scripts too."""
    visitor.open("/sign-in")
    visitor.page.locator("#email").fill("jane@example.com")
    visitor.page.locator("#password").fill("secret")
    visitor.page.locator("form button").click()
    visitor.page.wait_for_url("**/account")
    visitor.context.add_cookies(
        [
            {"name": name, "value": "1", "domain": "localhost", "path": path, "httpOnly": True}
            for name, path in HIDDEN.items()
        ]
    )
    visitor.open()
    visitor.accept_all()
    visitor.until(lambda: set(visitor.cookies()) >= OPTIONAL, "the gated scripts' cookies")
    visitor.until(visitor.film_plays, "the film")
    visitor.open_settings()
    visitor.withdraw()
    return visitor


def test_withdrawing_deletes_every_optional_cookie(regretful: Visitor) -> None:
    """A withdrawal deletes what scripts can see, and the server what it sees; the necessary ones stay."""
    out_of_reach = {"audience_account"}
    assert set(regretful.cookies()) == {"consent", *PROTECTION, *SIGN_IN, *out_of_reach}
    assert regretful.cookies()["consent"].endswith(".")


def test_withdrawing_unloads_the_film(regretful: Visitor) -> None:
    """A withdrawal unloads the film, and nothing optional comes back with the next page."""
    regretful.until(lambda: not regretful.film_plays(), "the film to go")
    regretful.page.reload()
    regretful.page.locator("consent-frame").wait_for()
    assert not regretful.film_plays()
    assert regretful.analytics_runs() == 0
    assert not OPTIONAL & set(regretful.cookies())


def test_the_withdrawal_is_chained(regretful: Visitor) -> None:
    """A withdrawal's receipt names the receipt before it, of the same subject, and grants nothing."""
    given, withdrawn = regretful.receipts()
    assert (withdrawn["state"], withdrawn["method"]) == ("withdrawn", "withdraw")
    assert withdrawn["previous"]["id"] == given["id"]
    assert withdrawn["subject"] == given["subject"]
    assert not any(withdrawn["choices"].values())


def test_the_report_says_what_is_gone_and_what_is_left(regretful: Visitor) -> None:
    """The report names what was deleted and, apart, what could not be, with a guide for the rest."""
    lists = regretful.preferences.locator("ul")
    gone, left = (set(lists.nth(at).locator("code").all_inner_texts()) for at in range(2))
    assert gone == OPTIONAL | {"audience"}
    assert left == {"audience_account"}
    assert regretful.preferences.locator(f'a[href^="{regretful.demo.home}/guide"]').is_visible()
