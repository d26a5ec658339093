"""The revision: which services may do what. Its change is what asks visitors again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from collections.abc import Mapping


def revision_of(body: Mapping[str, Any]) -> str:
    """Return the SHA-256 (64 hex digits) over category ids, their services, and the number set by hand.

    A service counts with its id, provider and country (ISO 3166). No text counts, so a notice body of any
    language gives the same; neither a corrected typo nor another lifespan asks anybody again.
    """
    return hashlib.sha256(rfc8785.dumps(counted(body))).hexdigest()


def counted(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what counts: {"categories": {id: [[service, provider, country], …]}, "revision_number"}."""
    services = {service["id"]: service for service in body["services"]}
    granted = {
        category["id"]: [
            [id_, services[id_]["provider"], services[id_]["country"]]
            for id_ in sorted({cookie["service"] for cookie in category["cookies"]})
        ]
        for category in body["categories"]
    }
    return {"categories": granted, "revision_number": body["revision_number"]}
