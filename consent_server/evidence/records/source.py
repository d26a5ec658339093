"""What a record is rendered from: the payload of a receipt and the very notice that it names."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from consent_server.errors import EvidenceInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

RECEIPT_SCHEMA = "consent-receipt/1"
NOTICE_SCHEMA = "consent-notice/1"
SITE = "site"
"""The service in a notice that is the website itself: its provider is the controller."""

UNSTATED = "Not stated in the notice that the visitor was shown."
"""Stands wherever a standard asks for something that neither the receipt nor its notice says."""

INDICATIONS = {
    "accept_all": "The visitor pressed the button that accepts everything.",
    "refuse_all": "The visitor pressed the button that refuses everything.",
    "save": "The visitor saved a choice of their own in the preferences.",
    "withdraw": "The visitor pressed the button that withdraws consent.",
    "embed": "The visitor allowed one embedded frame by its own button.",
    "form": "The visitor sent the form of the public cookie page, which needs no JavaScript.",
    "api": "A script of the website made the choice; whether a person acted is not known.",
    "signal": "The visitor's browser sent an opt-out signal (Global Privacy Control).",
}
"""Method of a decision -> how consent was collected."""

_UNITS = ((86_400, "D"), (3_600, "H"), (60, "M"), (1, "S"))


@dataclass(frozen=True, slots=True)
class Urls:
    """Absolute URLs that a record names: the notice by its hash, where to withdraw, where rights are used."""

    notice: str
    withdrawal: str
    rights: str


@dataclass(frozen=True, slots=True)
class Source:
    """A payload with the body of its notice. Made by `read_source`, so the two belong together."""

    payload: Mapping[str, Any]
    notice: Mapping[str, Any]

    def node(self, name: str) -> str:
        """Name a part of the record: a URN (RFC 9562) with a fragment, unique to this receipt."""
        return f"urn:uuid:{self.payload['id']}#{name}"

    def ref(self, name: str) -> dict[str, str]:
        """Point at a part of the record, as JSON-LD does."""
        return {"@id": self.node(name)}

    def words(self, text: str) -> dict[str, str]:
        """Give a text of the notice with its language, as JSON-LD does."""
        return {"@value": text, "@language": self.notice["language"]}

    def services(self, category: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the services that set something in a category, each once, in the notice's order."""
        used = {cookie["service"] for cookie in category["cookies"]}
        return [service for service in self.notice["services"] if service["id"] in used]

    def granted(self, category: Mapping[str, Any], service: str | None = None) -> bool:
        """Say whether a category, or a service in it, may store something; a service's own choice wins."""
        if category["required"]:
            return True
        chosen = self.payload["services"].get(service) if service else None
        return bool(self.payload["choices"][category["id"]] if chosen is None else chosen)


def read_source(payload: Mapping[str, Any], canonical: bytes) -> Source:
    """Check that `canonical` (RFC 8785) is the notice that the payload names, and parse it.

    The payload's own signature is `verify_jws`'s business. Raises EvidenceInvalid for another notice,
    for schemas that are not known here, and for choices that are not about the notice's categories.
    """
    if payload.get("schema") != RECEIPT_SCHEMA:
        raise EvidenceInvalid(f"The receipt's schema is not {RECEIPT_SCHEMA}.")
    if hashlib.sha256(canonical).hexdigest() != payload["notice"]["sha256"]:
        raise EvidenceInvalid("The notice is not the one that the receipt names: its SHA-256 differs.")
    source = Source(payload, _parsed(canonical))
    optional = {category["id"] for category in source.notice["categories"] if not category["required"]}
    if set(payload["choices"]) != optional:
        raise EvidenceInvalid("The receipt's choices are not about the categories of its notice.")
    return source


def _parsed(canonical: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(canonical)
    except (ValueError, RecursionError):
        raise EvidenceInvalid("The notice is not JSON.") from None
    if not isinstance(body, dict) or body.get("schema") != NOTICE_SCHEMA:
        raise EvidenceInvalid(f"The notice's schema is not {NOTICE_SCHEMA}.")
    return body


def iso_duration(seconds: int) -> str:
    """Return a length of time as ISO 8601 writes it, in days at most: 15768000 is "P182DT12H"."""
    parts: dict[str, int] = {}
    rest = seconds
    for size, unit in _UNITS:
        parts[unit], rest = divmod(rest, size)
    days = f"{parts['D']}D" if parts["D"] else ""
    clock = "".join(f"{parts[unit]}{unit}" for unit in "HMS" if parts[unit])
    if not days and not clock:
        return "PT0S"
    return f"P{days}T{clock}" if clock else f"P{days}"
