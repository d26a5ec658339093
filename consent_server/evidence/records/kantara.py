"""Kantara Initiative Consent Receipt Specification 1.1.0 (2018-02-20), as JSON.

That receipt knows services and their purposes, but no refusal. A purpose that was refused is listed all the
same: its `consentType` says so (only "EXPLICIT" is consent) and it discloses nothing to third parties.
`sensitive` is false because a notice designates nothing as sensitive; it is no finding about the data.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from consent_server.evidence.records.source import INDICATIONS, SITE, UNSTATED, read_source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.evidence.records.source import Source, Urls

VERSION = "KI-CR-v1.1.0"
EXPLICIT = "EXPLICIT"
BY_SCRIPT = "GRANTED BY SCRIPT: a script of the website made the choice; whether a person acted is not known."
REFUSED = "REFUSED: the visitor gave no consent."
WITHDRAWN = "WITHDRAWN: the visitor took back any consent given before."
NOT_ASKED = "NOT REQUIRED: strictly necessary for a service that the visitor asked for."


def kantara(
    payload: Mapping[str, Any], notice: bytes, urls: Urls, keep: str, public_key: str | None = None
) -> dict[str, Any]:
    """Render a receipt under the keys of the specification: every one that it requires.

    Arguments as for `iso27560`; `public_key`, the key that verifies the receipt in any written form, is
    optional there too. The timestamp is in Unix seconds (4.3.3), by the visitor's clock.
    Raises EvidenceInvalid where the notice is not the receipt's.
    """
    source = read_source(payload, notice)
    return {
        "version": VERSION,
        "jurisdiction": payload["jurisdiction"],
        "consentTimestamp": int(datetime.fromisoformat(payload["decided_at"]).timestamp()),
        "collectionMethod": INDICATIONS[payload["method"]],
        "consentReceiptID": payload["id"],
        **({"publicKey": public_key} if public_key else {}),
        "language": source.notice["language"],
        "piiPrincipalId": payload["subject"],
        "piiControllers": [_controller(source, urls)],
        "policyUrl": source.notice["policy_url"],
        "services": [_service(source, service, urls, keep) for service in source.notice["services"]],
        "sensitive": False,
        "spiCat": [],
    }


def _controller(source: Source, urls: Urls) -> dict[str, Any]:
    controller = source.notice["controller"]
    return {
        "piiController": controller["name"],
        "onBehalf": False,
        "contact": controller["name"],
        "address": {"streetAddress": controller["address"]},
        "email": controller["email"],
        "phone": UNSTATED,
        "piiControllerUrl": urls.rights,
    }


def _service(source: Source, service: Mapping[str, Any], urls: Urls, keep: str) -> dict[str, Any]:
    return {
        "service": service["name"],
        "purposes": [
            _purpose(source, category, service, _termination(source, category, urls, keep))
            for category in source.notice["categories"]
            if _belongs(source, category, service)
        ],
    }


def _belongs(source: Source, category: Mapping[str, Any], service: Mapping[str, Any]) -> bool:
    # A category in which nothing is stored is the website's own: no category may be missing.
    setters = source.services(category)
    return service in setters if setters else service["id"] == SITE


def _purpose(
    source: Source, category: Mapping[str, Any], service: Mapping[str, Any], termination: str
) -> dict[str, Any]:
    names = [cookie["name"] for cookie in category["cookies"] if cookie["service"] == service["id"]]
    disclosed = service["third_party"] and source.granted(category, service["id"])
    return {
        "purpose": category["text"],
        "purposeCategory": [category["title"]],
        "consentType": _consent_type(source, category, service["id"]),
        "piiCategory": names or [UNSTATED],
        "primaryPurpose": category["required"],
        "termination": termination,
        "thirdPartyDisclosure": disclosed,
        **({"thirdPartyName": service["provider"]} if disclosed else {}),
    }


def _consent_type(source: Source, category: Mapping[str, Any], service: str) -> str:
    if category["required"]:
        return NOT_ASKED
    if source.granted(category, service):
        return BY_SCRIPT if source.payload["method"] == "api" else EXPLICIT
    return WITHDRAWN if source.payload["state"] == "withdrawn" else REFUSED


def _termination(source: Source, category: Mapping[str, Any], urls: Urls, keep: str) -> str:
    record = f"The record of the choice is kept for {keep}."
    if category["required"]:
        return f"Each entry ends as the notice says: {urls.notice}. {record}"
    until = source.payload["valid_until"]
    return f"Consent lasts until {until} or until it is withdrawn at {urls.withdrawal}. {record}"
