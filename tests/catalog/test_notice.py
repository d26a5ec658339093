"""The notice: what it holds and how it is hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest
import rfc8785

from consent_server.catalog.model import Catalog
from consent_server.catalog.notice import build_notice, notices_of

Parse = Callable[..., Catalog]


@pytest.mark.parametrize("language", ["en", "lt"])
def test_hash(parse: Parse, language: str) -> None:
    """The notice's id is the SHA-256 of its canonical bytes, and these are RFC 8785."""
    notice = build_notice(parse(), language)
    assert notice.sha256 == hashlib.sha256(notice.canonical).hexdigest()
    assert notice.canonical == rfc8785.dumps(json.loads(notice.canonical))
    assert json.loads(notice.canonical) == notice.body


def test_same_notice_again(parse: Parse) -> None:
    """The same catalog gives the same notice."""
    assert build_notice(parse(), "en") == build_notice(parse(), "en")


def test_every_language(parse: Parse) -> None:
    """Each language has a notice of its own under one revision, the default language first."""
    notices = notices_of(parse())
    assert list(notices) == ["en", "lt"]
    assert len({notice.sha256 for notice in notices.values()}) == 2
    assert len({notice.revision for notice in notices.values()}) == 1


def test_other_language(parse: Parse) -> None:
    """A language that the site does not have is a LookupError."""
    with pytest.raises(LookupError, match="shop has no notice in 'de'"):
        build_notice(parse(), "de")


def test_body(parse: Parse) -> None:
    """The body has the promised shape, with null for what is absent."""
    body = dict(build_notice(parse(('cookie_domain = "example.com"\n', "")), "en").body)
    assert body.pop("texts")
    assert body.pop("categories")
    assert body == {
        "schema": "consent-notice/1",
        "site": "shop",
        "language": "en",
        "languages": ["en", "lt"],
        "direction": "ltr",
        "jurisdiction": "EU",
        "controller": {
            "name": "Example",
            "address": "Vilnius",
            "email": "privacy@example.com",
            "authority": "VDAI",
        },
        "policy_url": "https://www.example.com/privacy",
        "ask_again_after": 15_768_000,
        "cookie_domain": None,
        "revision_number": 1,
        "layout": {"form": "box", "position": "bottom-end", "button": None},
        "services": [
            {
                "id": "site",
                "name": "Example",
                "provider": "Example",
                "country": "",
                "third_party": False,
                "privacy_policy": None,
                "opt_out": None,
                "scripts": [],
            },
            {
                "id": "counter",
                "name": "Counter",
                "provider": "Counter, Inc.",
                "country": "US",
                "third_party": True,
                "privacy_policy": "https://counter.example/privacy",
                "opt_out": None,
                "scripts": ["*.counter.example"],
            },
        ],
    }


def test_category(parse: Parse) -> None:
    """A category carries its cookies in the visitor's words; only `necessary` has a justification."""
    necessary, analytics = build_notice(parse(), "lt").body["categories"]
    assert necessary["justification"] == "Prašote to."
    assert analytics == {
        "id": "analytics",
        "title": "Statistika",
        "text": "Skaičiuoja.",
        "required": False,
        "consent_mode": ["analytics_storage"],
        "cookies": [
            {
                "name": "_count_*",
                "storage": "cookie",
                "service": "counter",
                "purpose": "Skaičiuoja apsilankymus.",
                "lifespan": "2 metai",
                "http_only": False,
                "path": "/",
            }
        ],
    }


def test_own_rows(parse: Parse) -> None:
    """What the widget stores is in every notice, with how long it is kept."""
    own = build_notice(parse(), "en").body["categories"][0]["cookies"]
    assert [(row["name"], row["storage"], row["lifespan"]) for row in own] == [
        ("consent", "cookie", "6 months"),
        ("consent.receipt", "local_storage", "Until you delete it"),
        ("consent.pending", "local_storage", "Until you delete it"),
    ]


def test_unused_service(parse: Parse) -> None:
    """A service that sets no cookie is not in the notice."""
    services = build_notice(parse(('service = "counter"', 'service = "site"')), "en").body["services"]
    assert [service["id"] for service in services] == ["site"]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Statistics", "data: 1.", "6 months"]), ("lt", ["Statistika", "duomenis: 1.", "6 mėnesiai"])],
)
def test_banner_text(parse: Parse, language: str, words: list[str]) -> None:
    """The banner names the purposes, how many third parties get data, and how long the choice is kept."""
    texts = build_notice(parse(), language).body["texts"]
    assert [word for word in words if word not in texts["banner_text"]] == []
    assert len(texts["banner_text"]) <= 330
    assert not [key for key, text in texts.items() if "{" in text and key != "frame_text"]


def test_site_with_necessary_alone(parse: Parse) -> None:
    """A site that asks for nothing says so."""
    rows = parse().cookies
    catalog = parse(('category = "analytics"', 'category = "necessary"'))
    alone = Catalog(catalog.site, catalog.banner, catalog.categories[:1], catalog.services, rows[:3], ())
    text = build_notice(alone, "en").body["texts"]["banner_text"]
    assert text.startswith("This website uses only cookies that it cannot work without.")


def test_own_banner(parse: Parse) -> None:
    """A catalog may word, place and shape its banner, and its words are filled in like the program's."""
    banner = (
        '[banner]\nform = "bar"\nposition = "top"\nbutton = "bottom-start"\n'
        'title = { en = "Hello", lt = "Sveiki" }\ntext = { en = "For {purposes}", lt = "Dėl {purposes}" }\n'
    )
    body = build_notice(parse(("[category.necessary]", f"{banner}[category.necessary]")), "lt").body
    assert body["layout"] == {"form": "bar", "position": "top", "button": "bottom-start"}
    assert (body["texts"]["banner_title"], body["texts"]["banner_text"]) == ("Sveiki", "Dėl Statistika")
