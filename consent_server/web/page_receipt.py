"""A receipt as a page that a person can read, print and check without us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from babel.dates import format_datetime

from consent_server.catalog.texts import texts_in
from consent_server.evidence.records import read_source
from consent_server.evidence.verify import parse_jws
from consent_server.web.page_cookies import country_name
from consent_server.web.page_frame import clock, frame_of, html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from consent_server.consent.sites import LiveSite
    from consent_server.evidence.records import Source

KEYS = "/.well-known/jwks.json"
"""The URL path of the public keys, on this server."""


@dataclass(frozen=True, slots=True)
class Held:
    """A receipt as it is shown to its holder: the JWS and the canonical bytes of the notice that it names."""

    jws: str
    notice: bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """A time twice: written out in the page's language, in UTC, and as RFC 3339."""

    words: str
    machine: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided of a category or service. `mark` is `allowed`, `refused` or `always`."""

    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """One service of a category. `provider` and `country` are empty for the website itself."""

    name: str
    provider: str
    country: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class CategoryAnswer:
    """One category as the notice called it, in the notice's language."""

    title: str
    text: str
    answer: Answer
    services: tuple[ServiceAnswer, ...]


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """Everything that the page of a receipt shows, in one language.

    `language` and `direction` are those of the notice, whose titles the page repeats. `jws` is the receipt.
    """

    id: str
    state: str
    method: str
    decided: Moment
    recorded: Moment
    valid_until: Moment
    previous: str
    signal: bool
    categories: tuple[CategoryAnswer, ...]
    controller: Mapping[str, str]
    notice_sha256: str
    notice_path: str
    shown_path: str
    language: str
    direction: str
    jws: str


def receipt_page(site: LiveSite, held: Held, language: str) -> ReceiptPage:
    """Make the view of a receipt of `site`. Raises EvidenceInvalid where the notice is not the receipt's."""
    payload = parse_jws(held.jws).payload
    source = read_source(payload, held.notice)
    texts, notice = texts_in(language)["page"], source.notice
    shown, widget = f"/v1/{site.id}/notices/{payload['notice']['sha256']}", payload["widget"]
    return ReceiptPage(
        id=payload["id"],
        state=texts[f"state_{payload['state']}"],
        method=texts[f"method_{payload['method']}"],
        decided=_moment(payload["decided_at"], language),
        recorded=_moment(payload["time"], language),
        valid_until=_moment(payload["valid_until"], language),
        previous=payload["previous"]["id"] if payload["previous"] else "",
        signal=payload["signals"]["gpc"],
        categories=tuple(_category(source, category, language) for category in notice["categories"]),
        controller=notice["controller"],
        notice_sha256=payload["notice"]["sha256"],
        notice_path=f"{shown}.json",
        shown_path=shown + (f"?widget={widget['sha256']}" if widget else ""),
        language=notice["language"],
        direction=notice["direction"],
        jws=held.jws,
    )


def render_receipt(
    site: LiveSite, held: Held, *, stylesheet: str, language: str | None, server: str
) -> Response:
    """Answer the holder of a receipt with its page, which no cache keeps.

    `server` is this server's public address (`https://consent.example`), for the commands that check it.
    """
    frame = frame_of(site, language, stylesheet)
    page = receipt_page(site, held, frame.tongue.tag)
    return html("receipt.html", frame, page=page, keys=KEYS, server=server.rstrip("/"))


def _moment(time: str, language: str) -> Moment:
    return Moment(format_datetime(datetime.fromisoformat(time), "long", locale=clock(language)), time)


def _category(source: Source, category: Mapping[str, Any], language: str) -> CategoryAnswer:
    return CategoryAnswer(
        title=category["title"],
        text=category["text"],
        answer=_answer(source, category, None, language),
        services=tuple(
            _service(source, category, service, language) for service in source.services(category)
        ),
    )


def _service(
    source: Source, category: Mapping[str, Any], service: Mapping[str, Any], language: str
) -> ServiceAnswer:
    third = service["third_party"]
    return ServiceAnswer(
        name=service["name"],
        provider=service["provider"] if third else "",
        country=country_name(service["country"], language) if third else "",
        answer=_answer(source, category, service["id"], language),
    )


def _answer(source: Source, category: Mapping[str, Any], service: str | None, language: str) -> Answer:
    texts = texts_in(language)["page"]
    if category["required"]:
        return Answer("always", texts["always_on"])
    mark = "allowed" if source.granted(category, service) else "refused"
    return Answer(mark, texts[f"receipt_{mark}"])
