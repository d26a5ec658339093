"""ISO/IEC TS 27560:2023 records as JSON-LD with the Data Privacy Vocabulary (DPV).

The profile is the DPVCG's `receipt-eu-gdpr`: a receipt that is a full copy of the record
(https://w3id.org/dpv/guides/consent-27560). Record and receipt are one entry of the log and share its id.
What the receipt and its notice do not say is `UNSTATED`, never guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_server.evidence.records.processes import GIVEN, REFUSED, WITHDRAWN, process, under_gdpr
from consent_server.evidence.records.source import (
    INDICATIONS,
    SITE,
    UNSTATED,
    iso_duration,
    read_source,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.evidence.records.source import Source, Urls

CONTEXT = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": "https://w3id.org/dpv/schema/dpv-27560#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "loc": "https://w3id.org/dpv/loc#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "schema": "https://schema.org/",
}

PROVENANCE = (
    "Rendered from a signed receipt and the notice that it names. The signed receipt is the evidence."
)

EVENTS = {"given": (GIVEN,), "partial": (GIVEN, REFUSED), "refused": (REFUSED,), "withdrawn": (WITHDRAWN,)}
"""State of a receipt -> its consent events."""

RIGHTS = {
    "A7-3": "Right to withdraw consent",
    "A15": "Right of access",
    "A16": "Right to rectification",
    "A17": "Right to erasure",
    "A18": "Right to restriction of processing",
    "A20": "Right to data portability",
    "A77": "Right to lodge a complaint with a supervisory authority",
}
"""Article of the GDPR -> the right that it gives where processing rests on consent."""


def iso27560(payload: Mapping[str, Any], notice: bytes, urls: Urls, keep: str) -> dict[str, Any]:
    """Render a receipt as a consent receipt with its full consent record.

    `payload` is a verified receipt's, `notice` the canonical bytes of the notice that it names, `keep` how
    long the record is kept (ISO 8601 duration). Times are copied as they stand (RFC 3339).
    Raises EvidenceInvalid where the notice is not the receipt's.
    """
    source = read_source(payload, notice)
    previous = payload["previous"]
    replaces = {"dct:replaces": {"@id": f"urn:uuid:{previous['id']}"}} if previous else {}
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{payload['id']}",
        "@type": "dpv:ConsentReceipt",
        **_header(source, "receipt"),
        "dct:publisher": source.ref("controller"),
        "dct:provenance": PROVENANCE,
        **replaces,
        "dpv:hasRecordOfActivity": _record(source, urls, keep),
    }


def _header(source: Source, kind: str) -> dict[str, Any]:
    profile = f"dpv-27560:{kind}-eu-gdpr" if under_gdpr(source) else f"dpv-27560:{kind}"
    return {
        "dct:conformsTo": {"@id": profile},
        "dct:identifier": source.payload["id"],
        "dpv:hasIdentifier": source.payload["id"],
        "dct:created": source.payload["time"],
    }


def _record(source: Source, urls: Urls, keep: str) -> dict[str, Any]:
    payload, body = source.payload, source.notice
    law = {"dpv:hasApplicableLaw": {"@id": "eu-gdpr:GDPR"}} if under_gdpr(source) else {}
    return {
        **source.ref("record"),
        "@type": "dpv:ConsentRecord",
        **_header(source, "record"),
        "dpv:hasDataSubject": {
            **source.ref("subject"),
            "@type": "dpv:DataSubject",
            "dct:identifier": payload["subject"],
        },
        "dpv:hasDataController": source.ref("controller"),
        "dpv:hasAuthority": source.ref("authority"),
        "dpv:hasJurisdiction": {"@id": f"loc:{payload['jurisdiction']}"},
        **law,
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dpv:hasDuration": keep},
        "dpv:hasNotice": _notice(source, urls),
        "dpv:hasConsentControl": {
            **source.ref("withdrawal"),
            "@type": "dpv:WithdrawConsent",
            "dpv:isExercisedAt": {"@id": urls.withdrawal},
        },
        "dpv:hasRight": _rights(source, urls),
        "dpv:hasProcess": [process(source, category) for category in body["categories"]],
        "dpv:hasEntity": _entities(source),
        "dpv:hasConsentStatus": [_event(source, state, urls) for state in EVENTS[payload["state"]]],
    }


def _notice(source: Source, urls: Urls) -> list[dict[str, Any]]:
    shown = {
        "@id": urls.notice,
        "@type": "dpv:ConsentNotice",
        "dct:language": source.notice["language"],
        "dct:identifier": source.payload["notice"]["sha256"],
        "schema:sha256": source.payload["notice"]["sha256"],
        "schema:version": source.payload["notice"]["revision"],
    }
    return [shown, {"@id": source.notice["policy_url"], "@type": "dpv:PrivacyNotice"}]


def _rights(source: Source, urls: Urls) -> list[dict[str, Any]]:
    if not under_gdpr(source):
        return [{"@type": "dpv:DataSubjectRight", "dpv:isExercisedAt": {"@id": urls.rights}}]
    places = {"A7-3": {"@id": urls.withdrawal}, "A77": source.ref("authority")}
    return [
        {
            "@type": ["dpv:DataSubjectRight", f"eu-gdpr:{article}"],
            "dct:title": title,
            "dpv:isExercisedAt": places.get(article, {"@id": urls.rights}),
        }
        for article, title in RIGHTS.items()
    ]


def _entities(source: Source) -> list[dict[str, Any]]:
    controller = source.notice["controller"]
    # The authority is one text in the notice: its name, address and contact are not told apart there.
    authority = dict.fromkeys(("name", "address", "contact"), controller["authority"])
    providers = [service for service in source.notice["services"] if service["id"] != SITE]
    return [
        _entity(
            source,
            "controller",
            ["dpv:LegalEntity", "dpv:DataController"],
            {"name": controller["name"], "address": controller["address"], "contact": controller["email"]},
        ),
        _entity(source, "authority", ["dpv:Authority"], authority),
        *(_provider(source, service) for service in providers),
    ]


def _provider(source: Source, service: Mapping[str, Any]) -> dict[str, Any]:
    facts = {
        "name": service["provider"],
        "address": UNSTATED,
        "contact": service["privacy_policy"] or UNSTATED,
    }
    roles = ["dpv:LegalEntity", *(("dpv:ThirdParty", "dpv:Recipient") if service["third_party"] else ())]
    entity = _entity(source, f"party-{service['id']}", roles, facts)
    return {**entity, "dpv:hasLocation": {"@id": f"loc:{service['country']}"}}


def _entity(source: Source, name: str, roles: list[str], facts: Mapping[str, str]) -> dict[str, Any]:
    return {
        **source.ref(name),
        "@type": roles,
        "dct:identifier": name,
        "dpv:hasName": facts["name"],
        "dpv:hasAddress": facts["address"],
        "dpv:hasContact": facts["contact"],
    }


def _event(source: Source, state: str, urls: Urls) -> dict[str, Any]:
    payload = source.payload
    # A call by script may have had no person behind it: only the unqualified type is certain.
    kind = "dpv:Consent" if payload["method"] == "api" else "dpv:ExpressedConsent"
    return {
        **source.ref(state.removeprefix("dpv:")),
        "@type": [state, kind],
        "dpv:isIndicatedAtTime": payload["decided_at"],
        "dpv:isIndicatedBy": source.ref("subject"),
        "dpv:hasIndicationMethod": INDICATIONS[payload["method"]],
        "dpv:hasDuration": [
            {"@type": "dpv:TemporalDuration", "rdf:value": iso_duration(source.notice["ask_again_after"])},
            {"@type": "dpv:UntilTimeDuration", "rdf:value": payload["valid_until"]},
        ],
        "dpv:hasNotice": {"@id": urls.notice},
        "dpv:hasPurpose": [
            source.ref(f"purpose-{category}")
            for category, granted in payload["choices"].items()
            if granted is (state == GIVEN)
        ],
    }
