# ruff: noqa: INP001, T201 - scripts beside each other
"""Load: wrk with requests as browsers and the widget send them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from server_running import ORIGIN, SITE, cpu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server_running import Running

SCRIPT = Path(__file__).with_name("server.lua")
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
BROWSER = (
    f"User-Agent={AGENT}",
    "Accept=*/*",
    "Accept-Language=en-GB,en;q=0.9,lt;q=0.8",
    "Accept-Encoding=gzip, deflate, br, zstd",
    f"Referer={ORIGIN}/",
    'sec-ch-ua="Chromium";v="142", "Not_A Brand";v="99"',
    "sec-ch-ua-mobile=?0",
    'sec-ch-ua-platform="Linux"',
    "Sec-Fetch-Site=cross-site",
)
POSTING = (*BROWSER, f"Origin={ORIGIN}", "Content-Type=text/plain;charset=UTF-8", "Sec-Fetch-Mode=cors")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent again and again. `bodies` are taken in turn; of `returning` one has a token, 0: none."""

    method: str
    path: str
    expected: int
    headers: Sequence[str]
    bodies: Sequence[str] = ()
    returning: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: `answers` as expected, and how many were `refused`.

    Latencies in milliseconds; `cpu` is the server's own, milliseconds an answer.
    """

    answers: int
    refused: int
    rate: float
    p50: float
    p99: float
    cpu: float


def missing() -> str | None:
    """Say what is missing for a load, if anything is."""
    return None if shutil.which("wrk") else "wrk is needed to make load: `apt-get install wrk`."


def load(server: Running, request: Request, connections: int, seconds: float) -> Load:
    """Send `request` over so many connections for so long. Ends the program where nothing is answered."""
    before = cpu(server.process)
    result = hit(server.url, request, connections, seconds)
    used = cpu(server.process) - before
    answers = result["answers"] - result["unexpected"]
    return Load(
        answers,
        result["unexpected"],
        answers / result["seconds"],
        result["p50"],
        result["p99"],
        1000 * used / answers,
    )


def hit(url: str, request: Request, connections: int, seconds: float) -> dict[str, Any]:
    """Run wrk once and return what it counted: answers, unexpected ones, seconds, p50, p99."""
    words = [str(time.time_ns() // 1000 % 2**40), str(request.expected), request.method, request.path]
    words += ["|".join(request.bodies), str(request.returning), *request.headers]
    run = ["-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--timeout", "10s", "-s", str(SCRIPT), url]
    said = subprocess.run(["wrk", *run, "--", *words], check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603, S607
    result: dict[str, Any] = json.loads(said.partition("RESULT ")[2].splitlines()[0])
    if "SAMPLE " in said:
        say(f"{result['unexpected']} unexpected answers, such as {said.partition('SAMPLE ')[2].strip()}")
    if result["broken"] or result["answers"] == result["unexpected"]:
        sys.exit(f"{request.method} {request.path} was not answered as it should be:\n{said}")
    return result


def decisions(server: Running, returning: int = 0) -> Request:
    """Return the decisions of visitors as the widget posts them: accepting, refusing and choosing in turn."""
    bodies = bodies_of(ask_json(f"{server.site}/notice.json"))
    return Request("POST", f"/v1/{SITE}/receipts", 201, POSTING, bodies, returning)


def bodies_of(envelope: dict[str, Any]) -> list[str]:
    """Return what the widget posts where it got this `notice.json`, the decision's id left open."""
    optional = [entry["id"] for entry in envelope["notice"]["categories"] if not entry["required"]]
    said = {
        "accept_all": dict.fromkeys(optional, True),
        "refuse_all": dict.fromkeys(optional, False),
        "save": {name: number % 2 == 1 for number, name in enumerate(optional)},
    }
    return [_body(envelope, method, choices) for method, choices in said.items()]


def _body(envelope: dict[str, Any], method: str, choices: dict[str, bool]) -> str:
    body = {
        "decision": "{decision}",
        "notice": envelope["sha256"],
        "widget": envelope["widget"],
        "method": method,
        "choices": choices,
        "signals": {"gpc": False},
    }
    return json.dumps(body, separators=(",", ":"))


def ask_json(url: str) -> Any:
    """Get JSON."""
    with urlopen(url, timeout=30) as answer:  # noqa: S310 - our own
        return json.load(answer)


def say(text: str) -> None:
    """Report progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
