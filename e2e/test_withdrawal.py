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
def happy(visitor: Visitor) -> Visitor:
    """Bring a visitor who signed in, accepted everything and was counted out of reach of scripts too."""
    visitor.open("/sign-in")
    visitor.page.locator("#email").fill("jane@example.com")
    visitor.page.locator("#password").fill("secret")
    visitor.page.locator("form[method=post] button").click()
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
    return visitor


@pytest.fixture
def regretful(happy: Visitor) -> Visitor:
    """Let that visitor withdraw."""
    happy.withdraw()
    return happy


def test_withdrawing_deletes_every_optional_cookie(regretful: Visitor) -> None:
    """A withdrawal deletes what scripts can see, and the server what it sees; the necessary ones stay."""
    out_of_reach = {"audience_account"}
    assert set(regretful.cookies()) == {"consent", *PROTECTION, *SIGN_IN, *out_of_reach}
    assert regretful.cookies()["consent"].endswith(".")


def test_withdrawing_unloads_the_film(regretful: Visitor) -> None:
    """A withdrawal unloads the film, and nothing optional comes back with the next page."""
    regretful.until(lambda: not regretful.film_plays(), "the film to go")
    regretful.press("reload", "consent-preferences")
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
    """The report tells apart what was deleted here, by the server, and not at all, with a guide for that."""
    report = regretful.report()
    assert report.pop("Deleted") == OPTIONAL
    assert report.pop("Deleted by the server") == {"audience"}
    [(title, left)] = report.items()
    assert title.startswith("These could not be deleted from here.")
    assert left == {"audience_account"}
    assert regretful.preferences.locator(f'a[href^="{regretful.demo.home}/guide"]').is_visible()


def test_the_report_leads_to_the_providers_opt_out(regretful: Visitor) -> None:
    """Whoever lost the permission and may keep data elsewhere is named, with its own way to refuse."""
    provider = regretful.preferences.locator("li", has_text="Google Analytics").last
    assert provider.get_by_role("link", name="Opt out").get_attribute("href") == (
        "https://tools.google.com/dlpage/gaoptout"
    )


def test_what_the_browser_still_sends_is_not_called_deleted(happy: Visitor) -> None:
    """A second request checks: a cookie that the server expired and still gets is reported as left."""
    happy.context.add_cookies(
        [{"name": "audience", "value": "2", "domain": "localhost", "path": "/v1", "httpOnly": True}]
    )
    happy.withdraw()
    report = happy.report()
    assert "Deleted by the server" not in report
    [left] = [names for title, names in report.items() if title.startswith("These could not")]
    assert left == {"audience", "audience_account"}


def test_a_narrower_choice_reports_too(happy: Visitor) -> None:
    """Switching statistics off lets the server delete theirs as well, and says so."""
    happy.save(analytics=False)
    happy.preferences.get_by_role("heading", name="Your choice is saved.").wait_for()
    report = happy.report()
    assert report["Deleted"] == {name for name in OPTIONAL if name.startswith("__utm")}
    assert report["Deleted by the server"] == {"audience"}
    assert "audience" not in happy.cookies()


def test_without_the_server_nothing_of_its_part_is_called_deleted(happy: Visitor) -> None:
    """Where the server does not answer, the report tells what scripts did and leaves the rest."""
    happy.expects("net::ERR_FAILED")
    happy.page.route("**/receipts/**", lambda route: route.abort())
    happy.press("withdraw", "consent-preferences")
    report = happy.report()
    assert report["Deleted"] == OPTIONAL
    assert "Deleted by the server" not in report
    assert set(HIDDEN) in report.values()


def test_a_first_refusal_has_nothing_to_report(visitor: Visitor) -> None:
    """Who refuses in the preferences what was never granted sees them close, and no report."""
    visitor.open()
    visitor.choose()
    visitor.press("reject-all", "consent-preferences")
    visitor.until(visitor.receipt_id, "a receipt")
    assert visitor.preferences.count() == 0
