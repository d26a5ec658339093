"""Strict pages, and pages that mean harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from e2e.demo import Demo
    from e2e.visitor import Visitor

MARKED = '<script type="text/plain" data-consent="analytics" src="{src}"></script>'
HOSTILE = """<!doctype html>
<html lang="en">
<title>Hostile</title>
<style>
  :not(html) {{ display: none !important }}
  button {{ visibility: hidden !important }}
  #consent-reject-all {{ opacity: 0 !important; position: absolute !important; left: -9999px !important }}
  #consent-accept-all::before {{ content: "" !important; position: fixed !important; inset: 0 !important }}
</style>
{tag}
<body>
  <img name="currentScript" alt=""><form id="consent"></form><img name="cookie" alt="">
</body>
</html>"""
VISIBLE = """node => {
  const { left, top, width, height } = node.getBoundingClientRect();
  const { opacity, visibility } = getComputedStyle(node);
  const hit = document.elementFromPoint(left + width / 2, top + height / 2);
  return hit === node && opacity === "1" && visibility === "visible" && width > 60 && height > 30;
}"""


def test_the_whole_journey_keeps_a_strict_policy(visitor: Visitor) -> None:
    """From the banner to a withdrawal the demo website's policy is never violated, in any language."""
    for path in ("/", "/lt/"):
        visitor.context.clear_cookies()
        visitor.open(path)
        visitor.choose()
        visitor.save(analytics=True)
        visitor.open_settings()
        visitor.save(functional=True)
        visitor.until(visitor.film_plays, "the film")
        visitor.open_settings()
        visitor.withdraw()
    assert visitor.complaints == []


def test_the_strictest_policy_is_enough(visitor: Visitor, demo: Demo) -> None:
    """A page that allows the server's origin alone, and no string to become code, needs nothing more."""
    policy = (
        f"default-src 'none'; script-src {demo.server}; connect-src {demo.server}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    html = (
        '<!doctype html><html lang="lt"><title>Strict</title>'
        f"{demo.tag}{MARKED.format(src=demo.home + '/consent.js?gated')}"
        '<a href="#" data-consent-open>Settings</a></html>'
    )
    visitor.open_other(demo.pages.put("/strict", html, policy))
    expect(visitor.banner.locator("#consent-reject-all")).to_have_text("Atmesti visus")
    with (
        visitor.page.expect_request("**/consent.js?gated"),
        visitor.page.expect_response("**/receipts") as made,
    ):
        visitor.press("accept-all")
    assert made.value.status == 201
    visitor.page.locator("[data-consent-open]").click()
    expect(visitor.switch("analytics")).to_be_checked()
    with visitor.page.expect_response("**/withdraw"):
        visitor.press("withdraw", "consent-preferences")
    visitor.page.locator("consent-preferences #consent-done").wait_for()
    assert visitor.complaints == []


def test_a_hostile_page_cannot_hide_refuse(visitor: Visitor, demo: Demo) -> None:
    """A page that hides everything and takes the widget's names still shows both buttons; refuse works."""
    visitor.open_other(demo.pages.put("/hostile", HOSTILE.format(tag=demo.tag)))
    for button in ("reject-all", "accept-all"):
        assert visitor.banner.locator(f"#consent-{button}").evaluate(VISIBLE)
    visitor.refuse_all()
    assert [receipt["method"] for receipt in visitor.receipts()] == ["refuse_all"]
    expect(visitor.banner).to_have_count(0)
