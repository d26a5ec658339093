"""One choice among a site's languages, held by the server and by the widget."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from consent_server.consent.sites import closest

VECTORS = json.loads((Path(__file__).parent / "vectors" / "languages.json").read_text("utf-8"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: f"{case['wanted']} of {case['spoken']}")
def test_the_server_chooses_as_the_vectors_say(case: dict[str, str]) -> None:
    """The very tag comes before the first of its kind, and that before the site's default."""
    assert (closest(case["wanted"], case["spoken"]) or case["spoken"][0]) == case["shown"]
