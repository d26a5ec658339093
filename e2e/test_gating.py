"""What may run when: scripts and frames that are marked, however they come into the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from e2e.marked import KEPT_BACK, external, film, gated, open_page, ran, ran_in_the_end

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from e2e.visitor import Visitor


def serve_scripts(visitor: Visitor, *slow: str) -> list[Route]:
    """Serve scripts that write their names; those that are `slow` are held, and returned as they come."""
    held: list[Route] = []

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2].removesuffix(".js")
        if name == "missing":
            route.fulfill(status=404)
        elif name in slow:
            held.append(route)
        else:
            route.fulfill(content_type="text/javascript", body=f"ran.push('{name}')")

    visitor.context.route("**/gated/*.js", answer)
    return held


def release(held: list[Route]) -> None:
    """Let a held script through."""
    held.pop().fulfill(content_type="text/javascript", body="ran.push('slow')")


def frame_is_at(visitor: Visitor, path: str, name: str = "film") -> bool:
    """Whether the frame of this name shows this path."""
    frame = visitor.page.frame(name=name)
    return bool(frame) and frame.url.endswith(path)  # type: ignore[union-attr] # found, so not None


def put_film(visitor: Visitor) -> None:
    """Serve the film."""
    visitor.demo.pages.put("/gated/film", "<!doctype html><title>Film</title>")
    visitor.demo.pages.put("/gated/map", "<!doctype html><title>Map</title>")


def test_scripts_keep_their_order(visitor: Visitor) -> None:
    """Scripts run in document order: an inline one waits for the slow external one before it."""
    held = serve_scripts(visitor, "slow")
    waiting = external("slow") + external("next") + gated("inline") + external("last") + gated("end")
    open_page(visitor, gated("first") + waiting)
    visitor.press("accept-all")
    visitor.until(lambda: held, "the slow script")
    visitor.page.wait_for_timeout(50)
    assert ran(visitor) == ["first"]
    release(held)
    ran_in_the_end(visitor, "first", "slow", "next", "inline", "last", "end")


@pytest.mark.parametrize(
    "broken", [gated("').nothing.at(all"), external("missing")], ids=["throws", "missing"]
)
def test_a_broken_script_stops_no_other(visitor: Visitor, broken: str) -> None:
    """A script that throws or cannot be had does not keep those after it from running."""
    visitor.expects("404|uncaught")
    serve_scripts(visitor)
    open_page(visitor, broken + gated("inline") + external("file"))
    visitor.press("accept-all")
    visitor.until(lambda: "file" in ran(visitor), "the last script")
    assert ran(visitor)[-2:] == ["inline", "file"]


@pytest.mark.parametrize(
    "policy",
    [
        "script-src 'nonce-once' {server}; connect-src {server}",
        "script-src 'nonce-once' 'strict-dynamic'; connect-src {server}",
        "script-src 'nonce-once' {server}; connect-src {server}; require-trusted-types-for 'script'",
    ],
    ids=["nonce", "strict-dynamic", "trusted types"],
)
def test_an_inline_script_keeps_its_nonce(visitor: Visitor, policy: str) -> None:
    """Under a policy with a nonce exactly the inline scripts that carry it run, and the preferences open."""
    visitor.expects("Content Security Policy")  # of the script without a nonce
    nonce = ' nonce="once"'
    tag = visitor.demo.tag.replace("<script", "<script" + nonce)
    open_page(
        visitor,
        f"<script{nonce}>window.ran = []</script>" + gated("ours", more=nonce) + gated("strange"),
        policy=policy.format(server=visitor.demo.server),
        tag=tag,
    )
    visitor.press("accept-all")
    ran_in_the_end(visitor, "ours")
    visitor.page.evaluate("consent.open()")
    visitor.preferences.wait_for()


def test_a_module_runs_as_a_module(visitor: Visitor) -> None:
    """A script marked as a module runs as one, inline or from a file."""
    serve_scripts(visitor)
    code = "ran.push(`module ${this === undefined} ${!!import.meta.url}`)"
    module = KEPT_BACK.format(id="analytics", more=' data-type="module"', code=code)
    open_page(visitor, module + external("file", ' data-type="module"'))
    visitor.press("accept-all")
    visitor.until(lambda: len(ran(visitor)) == 2, "both modules")
    assert set(ran(visitor)) == {"module true true", "file"}


LATE = {
    "appended": "document.body.append(made())",
    "inside another": "const it = document.createElement('p'); it.append(made()); document.body.append(it)",
    "by innerHTML": "document.body.insertAdjacentHTML('beforeend', `<div>${made().outerHTML}</div>`)",
    "in a new body": "const it = document.createElement('body'); it.append(made()); document.body = it;",
    "in the head": "document.head.append(made())",
    "cloned": "document.body.append(made().cloneNode(true))",
    "from a template": "document.body.append(document.querySelector('template').content.cloneNode(true))",
}
MADE = """const made = () => {
  const late = document.createElement("script");
  Object.assign(late, { type: "text/plain", text: "ran.push('late')" });
  late.dataset.consent = "analytics";
  return late;
};"""


@pytest.mark.parametrize("late", LATE.values(), ids=LATE.keys())
def test_what_comes_late_is_gated_too(visitor: Visitor, late: str) -> None:
    """A node that a page puts in later waits while it may not run, and runs once when it may."""
    put = f"{{ {MADE} {late} }}"
    open_page(visitor, f"<body></body><template>{gated('late')}</template>")
    visitor.banner.wait_for()
    visitor.page.evaluate(put)
    visitor.page.wait_for_timeout(50)
    assert ran(visitor) == []
    visitor.press("accept-all")
    ran_in_the_end(visitor, "late")
    visitor.page.evaluate(put)
    ran_in_the_end(visitor, "late", "late")


def test_a_page_that_rebuilds_itself_is_still_asked(visitor: Visitor) -> None:
    """A single-page app may replace its body, its head and the attributes of `html`: one banner stays."""
    open_page(visitor, "<body><h1>One</h1></body>")
    visitor.banner.wait_for()
    visitor.page.evaluate(
        """html => {
          for (const { name } of [...document.documentElement.attributes])
            document.documentElement.removeAttribute(name);
          document.documentElement.className = "app";
          document.documentElement.lang = "lt";
          document.head.innerHTML = "<title>Two</title>";
          document.body.outerHTML = html;
          history.pushState({}, "", "/gated/two");
        }""",
        f"<body><h1>Two</h1>{gated('two')}<a href='#' data-consent-open>Settings</a></body>",
    )
    expect(visitor.banner).to_have_count(1)
    visitor.accept_all()
    ran_in_the_end(visitor, "two")
    visitor.page.get_by_text("Settings").click()
    visitor.preferences.wait_for()
    assert [receipt["notice"]["lang"] for receipt in visitor.receipts()] == ["en"]


@pytest.mark.parametrize("kind", ["nobody", "", "necessarily", "__proto__", "constructor", "Analytics"])
def test_an_unknown_mark_never_runs(visitor: Visitor, kind: str) -> None:
    """What is marked with an id that the notice does not know stays off, whatever is accepted."""
    open_page(visitor, gated("unknown", kind) + gated("needed", "necessary"))
    visitor.accept_all()
    ran_in_the_end(visitor, "needed")


def test_what_is_needed_never_waits(visitor: Visitor) -> None:
    """A script of the necessary category runs without a choice."""
    open_page(visitor, gated("needed", "necessary") + gated("optional"))
    ran_in_the_end(visitor, "needed")


def test_once_loads_this_frame_and_decides_nothing(visitor: Visitor) -> None:
    """“Allow once” loads one frame in this page alone: no other, no record, and the next page asks."""
    put_film(visitor)
    open_page(visitor, film() + film(name="map"))
    visitor.page.locator("consent-frame").get_by_role("button", name="Allow once").first.click()
    visitor.until(lambda: frame_is_at(visitor, "/gated/film"), "the film")
    assert not frame_is_at(visitor, "/gated/map", "map")
    expect(visitor.page.locator("consent-frame")).to_have_count(1)
    expect(visitor.banner).to_be_visible()
    assert visitor.posts() == []
    assert "consent" not in visitor.cookies()
    visitor.page.reload()
    expect(visitor.page.locator("consent-frame")).to_have_count(2)
    assert not frame_is_at(visitor, "/gated/film")


def test_always_loads_all_of_them(visitor: Visitor) -> None:
    """“Always allow” loads every frame of that category, now and on the next page."""
    put_film(visitor)
    open_page(visitor, film() + film(name="map") + film("analytics", "other"))
    visitor.page.locator("consent-frame").get_by_role("button", name="Always allow").first.click()
    for _ in range(2):
        visitor.until(lambda: frame_is_at(visitor, "/film") and frame_is_at(visitor, "/map", "map"), "both")
        expect(visitor.page.locator("consent-frame")).to_have_count(1)
        visitor.until(visitor.receipt_id, "the receipt")
        visitor.page.reload()
    assert [receipt["choices"] for receipt in visitor.receipts()] == [
        {"functional": True, "analytics": False}
    ]


def test_a_frame_that_comes_late_is_veiled(visitor: Visitor) -> None:
    """A frame that a page adds later loads nothing and gets its stand-in; removed, the stand-in goes too."""
    put_film(visitor)
    open_page(visitor, "<body></body>")
    visitor.banner.wait_for()
    visitor.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", film())
    expect(visitor.page.locator("consent-frame")).to_have_count(1)
    assert not frame_is_at(visitor, "/gated/film")
    visitor.page.evaluate("document.querySelector('iframe').remove()")
    expect(visitor.page.locator("consent-frame")).to_have_count(0)


def test_a_withdrawal_empties_every_frame(visitor: Visitor) -> None:
    """A withdrawal unloads each frame in the page, one that was allowed by its own button, too."""
    put_film(visitor)
    open_page(visitor, film() + film(name="map"))
    visitor.accept_all()
    visitor.until(lambda: frame_is_at(visitor, "/film") and frame_is_at(visitor, "/map", "map"), "both")
    visitor.page.evaluate("consent.withdraw()")
    visitor.until(
        lambda: not frame_is_at(visitor, "/film") and not frame_is_at(visitor, "/map", "map"), "both to go"
    )
    expect(visitor.page.locator("consent-frame")).to_have_count(2)
