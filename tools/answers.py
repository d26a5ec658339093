"""Receipts in each state, of the catalog that is shipped, for tests that render them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from consent_server.consent.decision import Decision, Method, check_choices
from consent_server.consent.receipt import Ruling, Shown, receipt_payload
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.records import Urls

if TYPE_CHECKING:
    from consent_server.catalog.notice import Notice
    from consent_server.evidence.tokens import Holding

CATALOG = Path(__file__).parents[1] / "cookie_catalog.toml"
DECIDED = 1_795_000_000_000
URLS = Urls("https://consent.example/notice", "https://www.example/cookies", "https://www.example/rights")
KEEP = "P5Y"
ALL, NONE = {"functional": True, "analytics": True}, {"functional": False, "analytics": False}
SOME = {"functional": False, "analytics": True}
CASES: dict[str, tuple[str, dict[str, bool]]] = {
    "given": ("accept_all", ALL),
    "partial": ("save", SOME),
    "refused": ("refuse_all", NONE),
    "withdrawn": ("withdraw", NONE),
}
TEXT = {"type": "string", "minLength": 1}
KANTARA = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        *("version", "jurisdiction", "consentTimestamp", "collectionMethod", "consentReceiptID"),
        *("language", "piiPrincipalId", "piiControllers", "policyUrl", "services"),
        *("sensitive", "spiCat"),
    ],
    "properties": {
        "version": {"const": "KI-CR-v1.1.0"},
        "consentTimestamp": {"type": "integer", "minimum": 0},
        "consentReceiptID": {"type": "string", "format": "uuid"},
        **dict.fromkeys(
            ("jurisdiction", "collectionMethod", "publicKey", "language", "piiPrincipalId"), TEXT
        ),
        "policyUrl": {"type": "string", "format": "uri"},
        "sensitive": {"type": "boolean"},
        "spiCat": {"type": "array", "items": TEXT},
        "piiControllers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["piiController", "contact", "address", "email", "phone"],
                "properties": {
                    **dict.fromkeys(("piiController", "contact", "email", "phone", "piiControllerUrl"), TEXT),
                    "onBehalf": {"type": "boolean"},
                    "address": {"type": "object", "minProperties": 1},
                },
            },
        },
        "services": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["service", "purposes"],
                "properties": {
                    "service": TEXT,
                    "purposes": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": [
                                *("purpose", "purposeCategory", "consentType", "piiCategory"),
                                *("primaryPurpose", "termination", "thirdPartyDisclosure"),
                            ],
                            "properties": {
                                **dict.fromkeys(
                                    ("purpose", "consentType", "termination", "thirdPartyName"), TEXT
                                ),
                                "purposeCategory": {"type": "array", "minItems": 1, "items": TEXT},
                                "piiCategory": {"type": "array", "minItems": 1, "items": TEXT},
                                "primaryPurpose": {"type": "boolean"},
                                "thirdPartyDisclosure": {"type": "boolean"},
                            },
                            "if": {"properties": {"thirdPartyDisclosure": {"const": True}}},
                            "then": {"required": ["thirdPartyName"]},
                        },
                    },
                },
            },
        },
    },
}
"""What the specification demands of a Kantara receipt, as a JSON Schema."""


def payload_of(
    notice: Notice,
    method: str,
    choices: dict[str, bool],
    services: dict[str, bool] | None = None,
    previous: Holding | None = None,
) -> dict[str, Any]:
    """Make the payload of a receipt as the server does."""
    decision = Decision(uuid7(DECIDED), notice.sha256, Method(method), choices, services or {})
    state = check_choices(decision, notice.body)
    ruling = Ruling(uuid7(DECIDED + 900), DECIDED + 900, state, secrets.token_bytes(16), previous)
    return receipt_payload(decision, Shown(notice.sha256, notice.revision, notice.body), ruling)
