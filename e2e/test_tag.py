"""The tag in a page: pinned, pasted twice, in a language; and where and how long a choice holds."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
import tomlkit
from playwright.sync_api import expect

from e2e.marked import RAN, gated, open_page, ran, ran_in_the_end
from e2e.stock import stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.demo import Demo
    from e2e.visitor import Visitor


def pinned(demo: Demo, integrity: str = "") -> str:
    """Return the tag of the present build by its hash, with its own integrity unless another is given."""
    path = f"{demo.server}/v1/assets/{demo.notice()['widget']}.js"
    with urlopen(path, timeout=5) as answer:
        content = answer.read()
    own = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    return (
        f'<script src="{path}" data-site="bacloud" integrity="{integrity or own}" '
        'crossorigin="anonymous" async></script>'
    )


def test_a_pinned_build_does_the_same(visitor: Visitor) -> None:
    """A build by its hash, held to it by the browser, asks, gates and records like any."""
    open_page(visitor, gated("once"), tag=pinned(visitor.demo))
    visitor.accept_all()
    ran_in_the_end(visitor, "once")
    [receipt] = visitor.receipts()
    assert receipt["widget"]["sha256"] == visitor.demo.notice()["widget"]


def test_a_build_that_was_changed_does_not_run(visitor: Visitor) -> None:
    """A build that is not what the page pinned does not run, and nothing optional either."""
    visitor.expects("integrity")
    open_page(visitor, gated("optional"), tag=pinned(visitor.demo, "sha384-" + "A" * 64))
    visitor.page.wait_for_load_state("networkidle")
    assert ran(visitor) == []
    expect(visitor.banner).to_have_count(0)
    assert visitor.page.evaluate("'consent' in window") is False


@pytest.mark.parametrize("second", ["at once", "late"])
def test_two_builds_are_one_widget(visitor: Visitor, second: str) -> None:
    """A page with a live and a pinned tag, or one that loads it again, has one widget."""
    tag = pinned(visitor.demo)
    open_page(visitor, gated("once"), tag=visitor.demo.tag + (tag if second == "at once" else ""))
    if second == "late":
        visitor.page.add_script_tag(url=f"{visitor.demo.home}/consent.js?lang=lt")
    visitor.banner.first.wait_for()
    visitor.accept_all()
    ran_in_the_end(visitor, "once")
    assert len(visitor.receipts()) == len(visitor.posts()) == 1


@pytest.mark.parametrize(("age", "asked"), [(-30, False), (1, True)], ids=["before", "after"])
def test_it_asks_again_exactly_when_it_says(visitor: Visitor, age: int, *, asked: bool) -> None:
    """A choice holds until `ask_again_after` has passed, to the second, and not a moment longer."""
    envelope = visitor.demo.notice()
    then = int(time.time()) - envelope["notice"]["ask_again_after"] - age
    value = f"1.{envelope['revision'][:8]}.{then}.analytics"
    visitor.context.add_cookies([{"name": "consent", "value": value, "domain": "localhost", "path": "/"}])
    open_page(visitor, gated("remembered"))
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.banner.count() == asked
    assert ran(visitor) == ([] if asked else ["remembered"])


@pytest.mark.parametrize(
    ("page", "tag", "shown"),
    [("lt-LT", "", "lt"), ("LT", "", "lt"), ("xx", "", "en"), ("", "", "en"), ("lt", "?lang=en", "en")],
)
def test_the_language_is_the_tags_or_the_pages(visitor: Visitor, page: str, tag: str, shown: str) -> None:
    """The banner speaks what the tag asks for, else the page's language where the site has it."""
    html = f"<!doctype html><html lang='{page}'><title>Shop</title>" + visitor.demo.tag.replace(
        "consent.js", f"consent.js{tag}"
    )
    visitor.open_other(visitor.demo.pages.put("/language", html))
    expect(visitor.banner).to_have_attribute("lang", shown)


@pytest.fixture(scope="module")
def family(own_demo: Demo) -> Demo:
    """Start servers of a site with several hosts, whose marketing has two services.

    The catalog takes hosts but localhost by https alone: these pages may not record decisions, and need not.
    """
    document: Any = tomlkit.parse(own_demo.catalog.read_text(encoding="utf-8"))
    document["site"]["cookie_domain"] = "shop.localhost"
    document["site"]["origins"] = ["https://shop.localhost", "https://www.eu.shop.localhost"]
    own_demo.write(tomlkit.dumps(document))
    stock(own_demo)
    page = f"<!doctype html><title>Family</title>{RAN}{own_demo.tag}"
    own_demo.pages.put("/family", page + gated("loud", "loud") + gated("louder", "louder") + gated("counted"))
    return own_demo


def test_one_choice_holds_on_every_host_of_the_site(visit: Callable[..., Visitor], family: Demo) -> None:
    """What is chosen below the declared domain is one cookie, which holds on its other hosts, both ways."""
    visitor = visit(family)
    visitor.expects("CORS policy|ERR_FAILED|403")
    visitor.page.goto(f"{family.below}/family")
    visitor.press("accept-all")
    ran_in_the_end(visitor, "loud", "louder", "counted")
    [cookie] = [found for found in visitor.context.cookies() if found["name"] == "consent"]
    assert cookie["domain"] == ".shop.localhost"
    visitor.page.goto(family.below.replace("www.eu.", "") + "/family")
    ran_in_the_end(visitor, "loud", "louder", "counted")
    expect(visitor.banner).to_have_count(0)
    visitor.page.evaluate("consent.refuseAll()")
    visitor.page.goto(f"{family.below}/family", wait_until="networkidle")
    assert ran(visitor) == []
    expect(visitor.banner).to_have_count(0)


def test_one_service_runs_alone(visit: Callable[..., Visitor], family: Demo) -> None:
    """A script marked with a service runs exactly when that service may, now and on the next page."""
    visitor = visit(family)
    visitor.expects("CORS policy|ERR_FAILED|403")
    visitor.page.goto(f"{family.below}/family")
    visitor.banner.wait_for()
    visitor.page.evaluate("consent.save({ loud: true })")
    ran_in_the_end(visitor, "loud")
    visitor.page.reload()
    ran_in_the_end(visitor, "loud")
    visitor.page.evaluate("consent.save({ marketing: true })")
    ran_in_the_end(visitor, "loud", "louder")
