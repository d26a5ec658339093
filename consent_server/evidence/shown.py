"""Whether a leaf fits the notice that it names: what was asked, and what was answered.

The rules are those of recording (DESIGN 5), from the formats alone: `choices` are exactly the notice's
optional categories (a required one is never asked, and always granted), `services` are among those that set
something in an optional category, and all that a receipt repeats from its notice is the same there.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import rfc8785

from consent_server.errors import EvidenceInvalid
from consent_server.evidence.content import milliseconds
from consent_server.evidence.signing import RECEIPT_TYPE
from consent_server.evidence.verify import json_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SCHEMA = "consent-notice/1"


class Asked(NamedTuple):
    """What a notice asked. `services` are those that can be chosen, `lasting` is in milliseconds."""

    site: str
    language: str
    revision: str
    optional: frozenset[str]
    required: frozenset[str]
    services: frozenset[str]
    lasting: int
    controller: str
    jurisdiction: str


def read_notice(content: bytes) -> Asked:
    """Read the bytes of a notice. Raises EvidenceInvalid for what is none, or not in its one form."""
    body = json_object(content, "file")
    if body.get("schema") != SCHEMA:
        raise EvidenceInvalid(f"Its schema is {body.get('schema')!r}, not {SCHEMA!r}.")
    try:
        if rfc8785.dumps(dict(body)) != content:
            raise EvidenceInvalid("It is not in the one form that has a hash (RFC 8785).")
        return _asked(body)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        raise EvidenceInvalid("It is no notice: a member is missing, or is not what it must be.") from None


def revision_of(body: Mapping[str, Any]) -> str:
    """Return the revision of a notice: SHA-256 over its categories' services and the number set by hand."""
    services = {
        service["id"]: [service["id"], service["provider"], service["country"]]
        for service in body["services"]
    }
    counted = {
        "categories": {
            category["id"]: [services[name] for name in sorted(_services(category))]
            for category in body["categories"]
        },
        "revision_number": body["revision_number"],
    }
    return sha256(rfc8785.dumps(counted)).hexdigest()


def check_fit(typ: str, payload: Mapping[str, Any], asked: Asked) -> None:
    """Check a receipt, or the statement of a notice, against the notice that it names.

    Its form was checked before (`content`). Raises EvidenceInvalid.
    """
    notice = payload["notice"]
    for what, said, there in (
        ("the site", payload["site"], asked.site),
        ("the language", notice.get("lang"), asked.language),
        ("the revision", notice.get("revision"), asked.revision),
    ):
        _same(what, said, there)
    if typ == RECEIPT_TYPE:
        _check_answer(payload, asked)
        controller = payload.get("controller")
        _same("the controller", isinstance(controller, dict) and controller.get("name"), asked.controller)
        _same("the jurisdiction", payload.get("jurisdiction"), asked.jurisdiction)
        if milliseconds(payload, "valid_until") != milliseconds(payload, "decided_at") + asked.lasting:
            raise EvidenceInvalid("Its “valid_until” is not as long after “decided_at” as its notice says.")


def _check_answer(payload: Mapping[str, Any], asked: Asked) -> None:
    choices = payload["choices"].keys()
    if choices != asked.optional:
        for name in sorted(choices - asked.optional):
            if name in asked.required:
                raise EvidenceInvalid(f"Its choices answer for {name!r}, which its notice grants unasked.")
            raise EvidenceInvalid(f"Its choices name the category {name!r}, which its notice does not have.")
        missing = min(asked.optional - choices)
        raise EvidenceInvalid(f"Its choices do not answer for the category {missing!r} of its notice.")
    for name in sorted(payload["services"].keys() - asked.services):
        raise EvidenceInvalid(f"It names the service {name!r}, which its notice does not let choose.")


def _same(what: str, said: object, there: str) -> None:
    if said != there:
        raise EvidenceInvalid(f"It contradicts its notice: {what} is {said!r} here and {there!r} there.")


def _asked(body: Mapping[str, Any]) -> Asked:
    categories = [
        (str(category["id"]), bool(category["required"]), _services(category))
        for category in body["categories"]
    ]
    return Asked(
        site=str(body["site"]),
        language=str(body["language"]),
        revision=revision_of(body),
        optional=frozenset(name for name, required, _ in categories if not required),
        required=frozenset(name for name, required, _ in categories if required),
        services=frozenset(one for _, required, services in categories if not required for one in services),
        lasting=int(body["ask_again_after"]) * 1000,
        controller=str(body["controller"]["name"]),
        jurisdiction=str(body["jurisdiction"]),
    )


def _services(category: Mapping[str, Any]) -> set[str]:
    return {str(cookie["service"]) for cookie in category["cookies"]}
