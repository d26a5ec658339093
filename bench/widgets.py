# ruff: noqa: INP001, T201 - a script, which talks
"""Measure the widget beside its peers: bytes, time to be asked, time for a returning visitor, memory.

    python bench/widgets.py --harness DIR --work DIR --runs 7

`--harness` is the folder of a benchmark of consent widgets: its `bench.py` installs the peers from npm into
`--work`, serves one page for all of them and takes this widget by `--ours`. Here a consent server is started
with the catalog beside this file, which says what the harness's other widgets say. It needs Chromium.
Results are in `--work`: results.md, results.json, pictures; the table of the README is printed at the end.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

CATALOG = Path(__file__).with_name("widgets.toml")
SITE, NAME = "harbour", "ours"
START = 20
"""Seconds that the server may need to answer."""
UNWATCHED = "unwatched_"
QUIET = 1.5
"""Seconds after its load event in which nothing looks into a page that a visitor returns to."""
BUTTONS = {"accept": "accept-all", "reject": "reject-all", "prefs_btn": "choose"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: `key` is the harness's; `over` names what is taken off, where there is one."""

    title: str
    key: str
    target: float
    over: str = ""
    digits: int = 0


LINES = (
    Line("bytes to the banner (brotli)", "wire", 6500),
    Line("requests to the banner", "reqs", 1),
    Line("shown, slow line (ms)", "slow_shown", 500),
    Line("settled, slow line (ms)", "slow_settled", 520),
    Line("script, first visit (ms)", "c1_script", 4, "none", 1),
    Line("script, CPU at a quarter (ms)", "c4_script", 15, "none", 1),
    Line("returning, warm, slow line: the gated script runs at (ms)", "retslow_gate", 375),
    Line("the same with nobody looking into the page (ms)", UNWATCHED + "retslow_gate", 375),
    Line("returning, cold, slow line (ms)", "retcold_gate", 550),
    Line("the same with nobody looking into the page (ms)", UNWATCHED + "retcold_gate", 550),
    Line("accept to gated (ms)", "click_fast", 8, "", 1),
    Line("accept to gated, CPU at a quarter (ms)", "click_slow", 20, "", 1),
    Line("heap (KiB)", "heap", 100, "none", 1),
    Line("layout shift, CPU at a quarter", "c4_cls", 0, "", 3),
)


@contextmanager
def running(directory: Path) -> Iterator[str]:
    """Run a consent server with its data in `directory`; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environ = {
        **os.environ,
        "CONSENT_CATALOG": str(CATALOG),
        "CONSENT_DATA_DIR": str(directory),
        "CONSENT_PUBLIC_URL": address,
        "CONSENT_PORT": str(port),
        "CONSENT_RATE_LIMIT": "off",
    }
    process = subprocess.Popen([sys.executable, "-m", "consent_server", "serve"], env=environ)
    try:
        wait_for(f"{address}/healthz", process)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until `url` answers."""
    end = time.monotonic() + START
    while process.poll() is None and time.monotonic() < end:
        try:
            with urlopen(url, timeout=1):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("The consent server did not start: see above.")


def adapter(address: str) -> dict[str, Any]:
    """Describe this widget to the harness."""
    buttons = {key: f"#consent-{button}" for key, button in BUTTONS.items()}
    return {
        "name": NAME,
        "head": f'<script async src="{address}/v1/{SITE}/consent.js"></script>',
        "body": '<script type="text/plain" data-consent="analytics" src="/gated/analytics.js"></script>',
        "origins": [address],
        "sel": {"banner": "consent-banner", "prefs": "consent-preferences >>> dialog", **buttons},
    }


def measure(harness: Path, *words: object) -> None:
    """Run the harness in this process, its output on standard error."""
    sys.path.insert(0, str(harness))
    program = importlib.import_module("bench")
    sizes = program.Bench.sizes

    def of_files(bench: Any, name: str) -> object:
        # The harness gets everything again that a widget asked for; what is posted cannot be had so.
        urls = bench.raw[name]["urls"]
        bench.raw[name]["urls"] = [url for url in urls if not url.endswith("/receipts")]
        return sizes(bench, name)

    program.Bench.sizes = of_files
    program.Bench.ret = both_ways(program)
    if "--no-functional" in words:
        vars(program)["report"] = str  # its own report needs those checks
    sys.argv = ["bench.py", *map(str, words)]
    with redirect_stdout(StringIO() if "--no-functional" in words else sys.stderr):
        program.main()


def both_ways(program: ModuleType) -> Callable[[Any, str], None]:
    """Let a visitor return twice: watched by the harness as ever, and unwatched.

    The harness asks the page whether the gated script has run, from its load event on. For that Playwright
    puts a program into it, which keeps a slow page busy for 100 ms: what runs just after that event waits.
    """
    returning, wait = program.Bench.ret, program.Visit.wait

    def later(visit: Any, condition: str, timeout: int = 8000) -> bool:
        time.sleep(QUIET)
        return bool(wait(visit, condition, timeout))

    def both(bench: Any, name: str) -> None:
        returning(bench, name)
        watched, bench.raw = bench.raw, {}
        program.Visit.wait = later
        try:
            returning(bench, name)
        finally:
            found, bench.raw, program.Visit.wait = bench.raw, watched, wait
        for key, values in found.get(name, {}).items():
            watched[name].setdefault(UNWATCHED + key, []).extend(values)

    return both


def table(widgets: dict[str, Any]) -> Iterator[str]:
    """Set this widget beside the best peer on each line."""
    peers = [name for name in widgets if name not in {"none", "direct", NAME}]
    yield f"| | {NAME} | target | best peer |"
    yield "|---|--:|--:|---|"
    for line in LINES:

        def value(name: str, line: Line = line) -> float | None:
            found = widgets[name]["med"].get(line.key)
            return (
                found if found is None else found - (widgets[line.over]["med"][line.key] if line.over else 0)
            )

        ranked = sorted((found, name) for name in peers if (found := value(name)) is not None)
        best = f"{ranked[0][0]:,.{line.digits}f} ({ranked[0][1]})" if ranked else "-"
        ours = value(NAME)
        shown = "-" if ours is None else f"{ours:,.{line.digits}f}"
        yield f"| {line.title} | {shown} | {line.target:,.0f} | {best} |"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--harness", type=Path, required=True, help="the folder with the harness's bench.py")
    parser.add_argument("--work", type=Path, default=Path("widget-bench"), help="peers and results go here")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", help="peers, separated by commas; all without it")
    parser.add_argument(
        "--functional", action="store_true", help="accessibility, keyboard and policies as well"
    )
    words = parser.parse_args()
    words.work.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="consent-bench-") as directory,
        running(Path(directory)) as address,
    ):
        ours = words.work / "ours.json"
        ours.write_text(json.dumps(adapter(address)))
        more = ["--only", words.only] if words.only else []
        more += [] if words.functional else ["--no-functional"]
        measure(words.harness, "--work", words.work, "--runs", words.runs, "--ours", ours, *more)
    widgets = json.loads((words.work / "results.json").read_text())["widgets"]
    print("\n".join(table(widgets)))


if __name__ == "__main__":
    main()
