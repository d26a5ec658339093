"""Records: a receipt as Kantara 1.1.0 writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import pytest
from answers import CASES, DECIDED, KANTARA, KEEP, URLS, payload_of

from consent_server.evidence.records import kantara

if TYPE_CHECKING:
    from consent_server.catalog.notice import Notice


@pytest.mark.parametrize("language", ["en", "lt"])
@pytest.mark.parametrize("state", CASES)
def test_a_kantara_receipt_has_the_keys_of_the_specification(
    shipped: dict[str, Notice], state: str, language: str
) -> None:
    """Every key is there and none beside; every optional category is there with what was decided of it."""
    notice = shipped[language]
    method, choices = CASES[state]
    payload = payload_of(notice, method, choices)
    receipt = kantara(payload, notice.canonical, URLS, KEEP, "a key")
    jsonschema.validate(receipt, KANTARA, format_checker=jsonschema.FormatChecker())
    assert (receipt["publicKey"], receipt["language"]) == ("a key", language)
    assert receipt["consentTimestamp"] == DECIDED // 1000
    assert receipt["policyUrl"] == notice.body["policy_url"]
    refusal = "WITHDRAWN" if state == "withdrawn" else "REFUSED"
    told = {
        (category, purpose["consentType"].partition(":")[0])
        for service in receipt["services"]
        for purpose in service["purposes"]
        for category in purpose["purposeCategory"]
    }
    titles = {category["id"]: category["title"] for category in notice.body["categories"]}
    expected = {(titles[id_], "EXPLICIT" if granted else refusal) for id_, granted in choices.items()}
    assert told == {*expected, (titles["necessary"], "NOT REQUIRED")}
