"""The demo website as a test client sees it, and the catalog that is shipped with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consent_server.demo import create_website

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

CONSENT_URL = "http://localhost:8000"


@pytest.fixture
def website() -> Flask:
    """Build the website beside a consent server on port 8000."""
    return create_website(CONSENT_URL)


@pytest.fixture
def visitor(website: Flask) -> FlaskClient:
    """Browse the website with cookies of one's own."""
    return website.test_client()


@pytest.fixture(scope="session")
def catalog() -> dict[str, Any]:
    """Read the shipped catalog with nothing but the standard library."""
    path = Path(__file__).parents[2] / "cookie_catalog.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
