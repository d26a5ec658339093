"""The stage of every browser test: servers, one browser, and a visitor of its own for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from browser import chromium
from playwright.sync_api import sync_playwright
from scratch import scratch  # noqa: F401 - a fixture of every test

from e2e.demo import run_demo
from e2e.trouble import proxy, road, shop, shopper  # noqa: F401 - fixtures
from e2e.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

    from e2e.demo import Demo

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ROOT = ("--no-sandbox",)
"""Chromium refuses to sandbox itself for root, who runs tests in containers."""
PATIENCE = 5000  # milliseconds


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Start the servers that all tests share; nobody edits their catalog."""
    with run_demo(tmp_path_factory.mktemp("demo")) as started:
        yield started


@pytest.fixture(scope="module")
def own_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Start servers whose catalog may be edited."""
    with run_demo(tmp_path_factory.mktemp("own")) as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the system's, else the one that Playwright downloaded."""
    arguments = (*QUIET, *(ROOT if hasattr(os, "geteuid") and os.geteuid() == 0 else ()))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make visitors, each with a new browser profile; at the end, none may have met an error."""
    visitors: list[Visitor] = []

    def arrive(demo: Demo, *, script: bool = True) -> Visitor:
        context = browser.new_context(locale="en-GB", java_script_enabled=script, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        visitors.append(Visitor(context, demo))
        return visitors[-1]

    yield arrive
    for visitor in visitors:
        visitor.context.close()
    assert [said for visitor in visitors for said in visitor.unexpected()] == []


@pytest.fixture
def visitor(visit: Callable[..., Visitor], demo: Demo) -> Visitor:
    """Bring a visitor who was never here before."""
    return visit(demo)
