"""A website's own server reads the consent cookie as the widget does, and can send it again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server

from consent_server.cookie import LONGEST, LONGEST_LIFE, Notice, Notices, granted, read, resend

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from consent_server.app import Server

ROOT = Path(__file__).parent.parent
VECTORS = json.loads((ROOT / "tests" / "vectors" / "consent_cookie.json").read_text("utf-8"))
NOW = VECTORS["now"]


def notice_of(vectors: dict[str, Any]) -> Notice:
    """Return the notice that the vectors describe."""
    found: dict[bool, dict[str, frozenset[str]]] = {True: {}, False: {}}
    for name, category in vectors["categories"].items():
        found[category["required"]][name] = frozenset(category["services"])
    return Notice(vectors["revision"], vectors["ask_again_after"], found[False], found[True], "shop.example")


NOTICE = notice_of(VECTORS)
SERVICES = sorted(frozenset().union(*NOTICE.categories.values()))
VALUES = st.builds(
    lambda time, categories, services: ".".join(
        ["1", NOTICE.revision, str(time), "-".join(categories), *services]
    ),
    st.integers(NOW - NOTICE.ask_again_after + 1, NOW),
    st.permutations(list(NOTICE.categories)).flatmap(
        lambda ids: st.integers(0, len(ids)).map(lambda size: ids[:size])
    ),
    st.dictionaries(st.sampled_from(SERVICES), st.integers(0, 1)).map(
        lambda flags: [f"{service}={flag}" for service, flag in flags.items()]
    ),
)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["what"])
def test_it_reads_what_the_widget_reads(case: dict[str, Any]) -> None:
    """The vectors are those that the widget's own reader is held to."""
    expected = set(case["granted"] or ["necessary"])
    assert (read(case["jar"], NOTICE, NOW) is None) == (case["granted"] is None)
    assert {name for name in VECTORS["ids"] if granted(case["jar"], NOTICE, name, NOW)} == expected


@given(VALUES)
def test_whatever_the_widget_writes_is_read(value: str) -> None:
    """Every choice, in any order of categories and services."""
    choice = read(f"x=y; consent={value}", NOTICE, NOW)
    assert choice is not None
    _, _, time, categories, *services = value.split(".")
    assert choice.time == int(time)
    assert {name for name, on in choice.categories.items() if on} == {
        name for name in NOTICE.categories if f"-{name}-" in f"-{categories}-"
    }
    assert {f"{name}={on:d}" for name, on in choice.services.items()} == set(services)


@given(VALUES, st.data())
def test_a_damaged_cookie_grants_nothing_or_is_another_whole_one(value: str, data: st.DataObject) -> None:
    """One character changed: either the visitor is asked, or what was read says exactly that value."""
    place = data.draw(st.integers(0, len(value) - 1))
    damaged = (
        value[:place] + data.draw(st.characters(exclude_characters=value[place] + ";")) + value[place + 1 :]
    )
    choice = read(f"consent={damaged}", NOTICE, NOW)
    if choice is not None:
        sent = SimpleCookie(resend(f"consent={damaged}", NOTICE, "shop.example", https=True, now=NOW))[
            "consent"
        ]
        assert sorted(sent.value.replace(".", "-").split("-")) == sorted(
            damaged.strip().replace(".", "-").split("-")
        )


@given(st.text() | st.text().map("consent={}".format) | st.text().map("consent=1.0123abcd.500.{}".format))
def test_no_header_is_too_strange(header: str) -> None:
    """Whatever comes, it is an answer and no error."""
    choice = read(header, NOTICE, NOW)
    assert choice is None or choice.time <= NOW
    assert granted(header, NOTICE, "necessary", NOW)


def test_a_flood_is_not_read() -> None:
    """A value longer than any real one is refused before it is looked into."""
    flood = "consent=1.0123abcd.500." + ".stats=1" * LONGEST
    assert read(flood, NOTICE, NOW) is None


def test_without_a_notice_nothing_is_granted() -> None:
    """A consent server that was never reached."""
    assert not granted("consent=1.0123abcd.500.analytics", None, "analytics", NOW)
    assert resend("consent=1.0123abcd.500.analytics", None, "shop.example", https=True, now=NOW) is None


def test_it_is_sent_again_with_the_life_that_remains() -> None:
    """The same value, until the end that the visitor's own decision set."""
    header = "consent=1.0123abcd.450.analytics.heat=0"
    assert resend(header, NOTICE, "www.shop.example:8443", https=True, now=500) == (
        "consent=1.0123abcd.450.analytics.heat=0; "
        "Path=/; Max-Age=350; SameSite=Lax; Secure; Domain=shop.example"
    )


@pytest.mark.parametrize("host", ["localhost", "notshop.example", "example", "[::1]:80", ""])
def test_another_host_keeps_the_cookie_to_itself(host: str) -> None:
    """As the widget writes it there: without a domain, and on plain http without Secure."""
    sent = resend("consent=1.0123abcd.500.", NOTICE, host, https=False, now=500)
    assert sent is not None
    assert "Domain" not in sent
    assert "Secure" not in sent


@pytest.mark.parametrize(
    "header", [case["jar"] for case in VECTORS["cases"] if case["granted"] is None], ids=str
)
def test_what_cannot_be_read_is_not_sent_again(header: str) -> None:
    """A damaged or outdated cookie is left to end by itself."""
    assert resend(header, NOTICE, "shop.example", https=True, now=NOW) is None


def test_nobody_is_remembered_longer_than_browsers_allow() -> None:
    """However long the catalog says."""
    long = Notice("0123abcd", 10**9, NOTICE.categories)
    sent = resend("consent=1.0123abcd.0.", long, "shop.example", https=True, now=LONGEST_LIFE - 1)
    assert sent is not None
    assert "Max-Age=1;" in sent
    assert resend("consent=1.0123abcd.0.", long, "shop.example", https=True, now=LONGEST_LIFE) is None


def test_the_notice_comes_from_the_server(client: FlaskClient) -> None:
    """What `notice.json` answers is all it takes."""
    envelope = client.get("/v1/shop/notice.json").get_json()
    notice = Notice.of(envelope)
    header = f"consent=1.{envelope['revision'][:8]}.500.analytics"
    assert granted(header, notice, "analytics", 501)
    assert granted(header, notice, "counter", 501)
    assert not granted(header, notice, "marketing", 501)


def test_the_notice_is_fetched_again_and_outlives_the_server(server: Server) -> None:
    """Every five minutes; while nobody answers, the last one counts on."""
    clock = [0.0]
    listening = make_server("127.0.0.1", 0, server.app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listening.port}/v1/shop/notice.json"
    notices = Notices(address, clock=lambda: clock[0])
    try:
        first = notices.now()
        assert first is not None
        clock[0] = 299
        assert notices.now() is first
        clock[0] = 301
        second = notices.now()
        assert second == first
        assert second is not first
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
    clock[0] = 700
    assert notices.now() is second
    assert Notices(address).now() is None


def test_only_addresses_of_the_web_are_fetched() -> None:
    """A path would make a file of the machine into a notice."""
    with pytest.raises(ValueError, match="no address"):
        Notices("file:///etc/passwd")


def test_it_needs_nothing_but_the_standard_library() -> None:
    """Without any installed package it can be imported."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import consent_server.cookie"
    subprocess.run([sys.executable, "-S", "-I", "-c", script, str(ROOT)], check=True, capture_output=True)
