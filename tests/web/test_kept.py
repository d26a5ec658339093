"""The script of every page is made once and given again: the same answer, and never an old one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PATH = "/v1/shop/consent.js"


def told(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    """Return what of an answer must be the same each time."""
    headers = {name: value for name, value in answer.headers if name not in {"X-Request-Id", "Date"}}
    return answer.status_code, answer.data, headers


@pytest.mark.parametrize("query", ["", "?lang=lt", "?lang=xx", "?lang=lt&typo=1"])
@pytest.mark.parametrize("coding", ["", "gzip", "gzip, deflate, br, zstd", "br;q=0"])
def test_the_next_who_asks_the_same_gets_the_same(client: FlaskClient, query: str, coding: str) -> None:
    """In each language and coding; with the tag of what the browser has it is a 304 with the same headers."""
    asked = {"Accept-Encoding": coding}
    first, second = (client.get(PATH + query, headers=asked) for _ in range(2))
    assert told(first) == told(second)
    asked["If-None-Match"] = first.headers["ETag"]
    repeats = [client.get(PATH + query, headers=asked) for _ in range(2)]
    assert [repeat.status_code for repeat in repeats] == [304, 304]
    assert told(repeats[0]) == told(repeats[1])


def test_who_asks_differently_is_answered_differently(client: FlaskClient) -> None:
    """Language, coding and method each make another answer, whatever was asked before."""
    client.get(PATH)
    assert client.get(PATH + "?lang=lt").data != client.get(PATH).data
    assert client.get(PATH, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in client.get(PATH).headers
    assert client.head(PATH).data == b""
    assert client.post(PATH).status_code == 405
    assert client.get("/v1/other/consent.js").status_code == 404


def test_a_changed_catalog_changes_the_script_at_once(client: FlaskClient, catalog_path: Path) -> None:
    """What was kept of the old catalog is given to nobody."""
    before, end = client.get(PATH), time.monotonic() + 10
    text = catalog_path.read_text(encoding="utf-8")
    catalog_path.write_text(text.replace('"Statistics"', '"Measurement"'), encoding="utf-8")
    while b"Measurement" not in client.get("/v1/shop/notice.json").data:
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
    after = client.get(PATH)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert client.get(PATH, headers={"If-None-Match": before.headers["ETag"]}).status_code == 200


def test_strange_questions_are_answered_and_do_not_pile_up(client: FlaskClient) -> None:
    """Hundreds of ways of asking, some very long: each has its answer, and so has the usual one."""
    usual = told(client.get(PATH))
    for number in range(600):
        assert client.get(f"{PATH}?{number}={'x' * number}").status_code == 200
    assert told(client.get(PATH)) == usual


def test_what_was_kept_is_counted_as_any_other_answer(client: FlaskClient) -> None:
    """Each request is in the metrics, under its route."""
    for _ in range(3):
        client.get(PATH)
    text = client.get("/metrics").text
    counted = 'consent_request_seconds_count{method="GET",route="/v1/<site_id>/consent.js",status="200"} 3.0'
    assert counted in text
