"""The processing section of an ISO/IEC TS 27560:2023 record: one DPV process for each category.

Everything that a category stores on the visitor's device is listed as personal data (PII), whether or not it
identifies anybody: the notice does not say, and the cautious reading costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_server.evidence.records.source import SITE, UNSTATED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from consent_server.evidence.records.source import Source

EPRIVACY = "http://data.europa.eu/eli/dir/2002/58/oj"
COLLECTION = (
    "By entries that the website and the named services store on the visitor's device and read there."
)
EXEMPTION = (
    "Strictly necessary for a service that the visitor asked for: exempt from consent by Article 5(3) of"
    " Directive 2002/58/EC. The legal basis of any further processing is not stated in the notice."
)
BEYOND_DEVICE = f"Beyond the visitor's device. {UNSTATED}"

GIVEN, REFUSED, WITHDRAWN = "dpv:ConsentGiven", "dpv:ConsentRefused", "dpv:ConsentWithdrawn"

GDPR = "EU EEA AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
"""Jurisdictions of a catalog in which the GDPR applies: the European Economic Area."""


def under_gdpr(source: Source) -> bool:
    """Say whether the receipt's jurisdiction is one in which the GDPR applies."""
    return source.payload["jurisdiction"] in GDPR.split()


def status(source: Source, *, granted: bool) -> dict[str, str]:
    """Point at the consent event that tells what was decided, and repeat its state for the reader."""
    no = WITHDRAWN if source.payload["state"] == "withdrawn" else REFUSED
    state = GIVEN if granted else no
    return {**source.ref(state.removeprefix("dpv:")), "@type": state}


def process(source: Source, category: Mapping[str, Any]) -> dict[str, Any]:
    """Render one category; a `necessary` one has a justification where the others have a consent status."""
    third = [service for service in source.services(category) if service["third_party"]]
    return {
        **source.ref(f"category-{category['id']}"),
        "@type": "dpv:Process",
        "dct:identifier": category["id"],
        "dpv:hasPurpose": _purpose(source, category),
        **_basis(source, category),
        "dpv:hasDataController": source.ref("controller"),
        "dpv:hasPersonalData": _personal_data(source, category),
        "dpv:hasDataSource": {"@id": "dpv:DataSubjectDataSource"},
        "dpv:hasProcessing": {"@type": "dpv:Collect", "dct:description": COLLECTION},
        "dpv:hasStorageCondition": _storage(source, category),
        "dpv:hasProcessingCondition": {"@type": "dpv:ProcessingLocation", "dct:description": UNSTATED},
        "dpv:hasJurisdiction": {"@id": f"loc:{source.payload['jurisdiction']}"},
        "dpv:hasService": [_service(source, category, service) for service in source.services(category)],
        "dpv:hasRecipient": [source.ref(f"party-{service['id']}") for service in third],
        "dpv:hasConsentControl": source.ref("withdrawal"),
    }


def _purpose(source: Source, category: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **source.ref(f"purpose-{category['id']}"),
        "@type": "dpv:Purpose",
        "dct:title": source.words(category["title"]),
        "dct:description": source.words(category["text"]),
    }


def _basis(source: Source, category: Mapping[str, Any]) -> dict[str, Any]:
    if not category["required"]:
        basis = "eu-gdpr:A6-1-a" if under_gdpr(source) else "dpv:Consent"
        consent = status(source, granted=source.granted(category))
        return {"dpv:hasLegalBasis": {"@id": basis}, "dpv:hasConsentStatus": consent}
    known = {"dct:source": {"@id": EPRIVACY}, "dct:description": EXEMPTION}
    justification = {"@type": "dpv:Justification", "dct:description": source.words(category["justification"])}
    return {
        "dpv:hasLegalBasis": {
            "@type": "dpv:LegalBasis",
            **(known if under_gdpr(source) else {"dct:description": UNSTATED}),
            "dpv:hasJustification": justification,
        },
    }


def _personal_data(source: Source, category: Mapping[str, Any]) -> list[dict[str, Any]]:
    necessity = {"@id": "dpv:Required" if category["required"] else "dpv:Optional"}
    return [
        {
            "@type": "dpv:PersonalData",
            "dct:identifier": cookie["name"],
            "dct:description": source.words(cookie["purpose"]),
            "dpv:hasNecessity": necessity,
            "dpv:hasSensitivityLevel": UNSTATED,
        }
        for cookie in category["cookies"]
    ] or [{"@type": "dpv:PersonalData", "dct:description": UNSTATED}]


def _storage(source: Source, category: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = [
        {
            "@type": "dpv:StorageDuration",
            "dct:identifier": cookie["name"],
            "dpv:hasDuration": source.words(cookie["lifespan"]),
        }
        for cookie in category["cookies"]
    ]
    return [
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": {"@id": "dpv:WithinDevice"}},
        {"@type": "dpv:StorageLocation", "dct:description": BEYOND_DEVICE},
        *kept,
        {"@type": "dpv:StorageDuration", "dct:description": BEYOND_DEVICE},
    ]


def _service(source: Source, category: Mapping[str, Any], service: Mapping[str, Any]) -> dict[str, Any]:
    provider = "controller" if service["id"] == SITE else f"party-{service['id']}"
    rendered = {
        **source.ref(f"category-{category['id']}-service-{service['id']}"),
        "@type": "dpv:Service",
        "dct:identifier": service["id"],
        "dct:title": service["name"],
        "schema:provider": source.ref(provider),
    }
    if category["required"]:
        return rendered
    consent = status(source, granted=source.granted(category, service["id"]))
    return {**rendered, "dpv:hasConsentStatus": consent}
