"""Records: a receipt as ISO/IEC TS 27560:2023 writes it, and what is never rendered."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from answers import ALL, CASES, DECIDED, KANTARA, KEEP, URLS, payload_of

from consent_server.catalog.notice import Notice
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import EvidenceInvalid
from consent_server.evidence.records import UNSTATED, iso27560, iso_duration, kantara
from consent_server.evidence.tokens import Holding
from consent_server.evidence.verify import parse_jws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

STATUS = {"given": "ConsentGiven", "refused": "ConsentRefused", "withdrawn": "ConsentWithdrawn"}


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Walk over every object of a document."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from nodes(member)


def processes(receipt: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the processes of a rendered receipt by category."""
    return {
        process["dct:identifier"]: process for process in receipt["dpv:hasRecordOfActivity"]["dpv:hasProcess"]
    }


def consent_status(process: dict[str, Any]) -> str:
    """Return the state that a process or service names."""
    return str(process["dpv:hasConsentStatus"]["@type"]).removeprefix("dpv:")


@pytest.mark.parametrize("language", ["en", "lt"])
@pytest.mark.parametrize("state", CASES)
def test_the_header_and_the_notice_are_those_of_the_receipt(
    shipped: dict[str, Notice], state: str, language: str
) -> None:
    """Schema version, ids of receipt, record and principal, notice and language are present and right."""
    notice = shipped[language]
    payload = payload_of(notice, *CASES[state])
    receipt = iso27560(payload, notice.canonical, URLS, KEEP)
    record = receipt["dpv:hasRecordOfActivity"]
    assert payload["state"] == state
    assert receipt["dct:conformsTo"] == {"@id": "dpv-27560:receipt-eu-gdpr"}
    assert record["dct:conformsTo"] == {"@id": "dpv-27560:record-eu-gdpr"}
    assert (receipt["@type"], record["@type"]) == ("dpv:ConsentReceipt", "dpv:ConsentRecord")
    assert receipt["dct:identifier"] == record["dct:identifier"] == payload["id"]
    assert receipt["dct:created"] == payload["time"]
    assert record["dpv:hasDataSubject"]["dct:identifier"] == payload["subject"]
    shown, policy = record["dpv:hasNotice"]
    assert (shown["@id"], shown["dct:language"]) == (URLS.notice, language)
    assert shown["schema:sha256"] == notice.sha256
    assert policy["@id"] == notice.body["policy_url"]


@pytest.mark.parametrize("language", ["en", "lt"])
@pytest.mark.parametrize("state", CASES)
def test_every_category_has_every_mandatory_processing_field(
    shipped: dict[str, Notice], state: str, language: str
) -> None:
    """Purpose, basis, PII, controller, storage, retention, jurisdiction, recipients, withdrawal: for each."""
    notice = shipped[language]
    receipt = iso27560(payload_of(notice, *CASES[state]), notice.canonical, URLS, KEEP)
    record, rendered = receipt["dpv:hasRecordOfActivity"], processes(receipt)
    services = {service["id"]: service for service in notice.body["services"]}
    assert list(rendered) == [category["id"] for category in notice.body["categories"]]
    for category in notice.body["categories"]:
        process = rendered[category["id"]]
        used = {cookie["service"] for cookie in category["cookies"]}
        assert process["dpv:hasPurpose"]["dct:title"] == {"@value": category["title"], "@language": language}
        assert process["dpv:hasPurpose"]["dct:description"]["@value"] == category["text"]
        assert process["dpv:hasDataController"] == record["dpv:hasDataController"]
        assert process["dpv:hasDataSource"]
        assert process["dpv:hasProcessing"]["@type"] == "dpv:Collect"
        assert process["dpv:hasJurisdiction"] == {"@id": "loc:EU"}
        assert process["dpv:hasConsentControl"]["@id"] == record["dpv:hasConsentControl"]["@id"]
        names = [cookie["name"] for cookie in category["cookies"]]
        assert [data["dct:identifier"] for data in process["dpv:hasPersonalData"]] == names
        kept = {
            item["dct:identifier"]: item["dpv:hasDuration"]["@value"]
            for item in process["dpv:hasStorageCondition"]
            if "dct:identifier" in item
        }
        assert kept == {cookie["name"]: cookie["lifespan"] for cookie in category["cookies"]}
        kinds = {item["@type"] for item in process["dpv:hasStorageCondition"]}
        assert kinds == {"dpv:StorageLocation", "dpv:StorageDuration"}
        third = sorted(id_ for id_ in used if services[id_]["third_party"])
        assert sorted(r["@id"].partition("#party-")[2] for r in process["dpv:hasRecipient"]) == third
    assert record["dpv:hasStorageCondition"]["dpv:hasDuration"] == KEEP
    assert record["dpv:hasConsentControl"]["dpv:isExercisedAt"] == {"@id": URLS.withdrawal}
    assert {"@id": URLS.rights} in [right["dpv:isExercisedAt"] for right in record["dpv:hasRight"]]


@pytest.mark.parametrize("state", CASES)
def test_each_optional_category_has_its_decision_and_consent_as_basis(
    shipped: dict[str, Notice], state: str
) -> None:
    """Granted and refused are both explicit, each names an event of the record that lists its purpose."""
    notice = shipped["en"]
    method, choices = CASES[state]
    receipt = iso27560(payload_of(notice, method, choices), notice.canonical, URLS, KEEP)
    events = {event["@id"]: event for event in receipt["dpv:hasRecordOfActivity"]["dpv:hasConsentStatus"]}
    rendered = processes(receipt)
    refusal = STATUS["withdrawn"] if state == "withdrawn" else STATUS["refused"]
    assert set(choices) == {id_ for id_, process in rendered.items() if "dpv:hasConsentStatus" in process}
    for category, granted in choices.items():
        process = rendered[category]
        event = events[process["dpv:hasConsentStatus"]["@id"]]
        assert consent_status(process) == (STATUS["given"] if granted else refusal)
        assert process["dpv:hasConsentStatus"]["@type"] in event["@type"]
        assert {"@id": process["dpv:hasPurpose"]["@id"]} in event["dpv:hasPurpose"]
        assert process["dpv:hasLegalBasis"] == {"@id": "eu-gdpr:A6-1-a"}


@pytest.mark.parametrize("language", ["en", "lt"])
def test_the_necessary_category_rests_on_the_exemption_and_says_why(
    shipped: dict[str, Notice], language: str
) -> None:
    """It has no consent status; its basis is ePrivacy's Article 5(3) with the notice's justification."""
    notice = shipped[language]
    receipt = iso27560(payload_of(notice, *CASES["refused"]), notice.canonical, URLS, KEEP)
    necessary = processes(receipt)["necessary"]
    basis = necessary["dpv:hasLegalBasis"]
    assert "dpv:hasConsentStatus" not in necessary
    assert basis["dct:source"]["@id"].endswith("/dir/2002/58/oj")
    assert "Article 5(3)" in basis["dct:description"]
    words = basis["dpv:hasJustification"]["dct:description"]
    assert words == {"@value": notice.body["categories"][0]["justification"], "@language": language}


@pytest.mark.parametrize("state", CASES)
def test_every_party_has_id_name_address_contact_type_and_role(
    shipped: dict[str, Notice], state: str
) -> None:
    """Controller and authority stand as in the notice; what is not told of a third party is said to be so."""
    notice = shipped["en"]
    record = iso27560(payload_of(notice, *CASES[state]), notice.canonical, URLS, KEEP)[
        "dpv:hasRecordOfActivity"
    ]
    parties = {party["dct:identifier"]: party for party in record["dpv:hasEntity"]}
    for party in parties.values():
        assert all(party[f"dpv:has{field}"] for field in ("Name", "Address", "Contact"))
    controller, told = parties["controller"], notice.body["controller"]
    assert "dpv:DataController" in controller["@type"]
    facts = [controller[f"dpv:has{field}"] for field in ("Name", "Address", "Contact")]
    assert facts == [told["name"], told["address"], told["email"]]
    assert parties["authority"]["@type"] == ["dpv:Authority"]
    assert parties["authority"]["dpv:hasName"] == told["authority"]
    for service in notice.body["services"]:
        if service["third_party"]:
            party = parties[f"party-{service['id']}"]
            assert {"dpv:ThirdParty", "dpv:Recipient"} <= set(party["@type"])
            assert party["dpv:hasName"] == service["provider"]
            assert party["dpv:hasLocation"] == {"@id": f"loc:{service['country']}"}
            assert party["dpv:hasAddress"] == UNSTATED


@pytest.mark.parametrize("state", CASES)
def test_every_event_has_time_duration_entity_type_and_state(shipped: dict[str, Notice], state: str) -> None:
    """Times are the payload's to the letter, and the validity is an ISO 8601 duration."""
    notice = shipped["lt"]
    payload = payload_of(notice, *CASES[state])
    record = iso27560(payload, notice.canonical, URLS, KEEP)["dpv:hasRecordOfActivity"]
    told = {"given", "refused"} if state == "partial" else {state}
    assert {event["@type"][0] for event in record["dpv:hasConsentStatus"]} == {
        f"dpv:{STATUS[s]}" for s in told
    }
    for event in record["dpv:hasConsentStatus"]:
        length, until = event["dpv:hasDuration"]
        assert event["@type"][1] == "dpv:ExpressedConsent"
        assert event["dpv:isIndicatedAtTime"] == payload["decided_at"]
        assert event["dpv:isIndicatedBy"]["@id"] == record["dpv:hasDataSubject"]["@id"]
        assert event["dpv:hasIndicationMethod"]
        assert length == {"@type": "dpv:TemporalDuration", "rdf:value": "P182DT12H"}
        assert until == {"@type": "dpv:UntilTimeDuration", "rdf:value": payload["valid_until"]}


def test_a_service_chosen_by_itself_has_its_own_decision(shipped: dict[str, Notice]) -> None:
    """A refused service in a granted category is refused in both records."""
    notice = shipped["en"]
    payload = payload_of(notice, "save", ALL, {"google-analytics": False})
    process = processes(iso27560(payload, notice.canonical, URLS, KEEP))["analytics"]
    services = {service["dct:identifier"]: service for service in process["dpv:hasService"]}
    assert consent_status(process) == STATUS["given"]
    assert consent_status(services["google-analytics"]) == STATUS["refused"]
    receipt = kantara(payload, notice.canonical, URLS, KEEP)
    (google,) = [service for service in receipt["services"] if service["service"] == "Google Analytics"]
    assert {purpose["consentType"].partition(":")[0] for purpose in google["purposes"]} == {"REFUSED"}
    assert not any(purpose["thirdPartyDisclosure"] for purpose in google["purposes"])


@pytest.mark.parametrize("state", CASES)
def test_every_reference_leads_somewhere_and_every_prefix_is_declared(
    shipped: dict[str, Notice], state: str
) -> None:
    """The JSON-LD is whole: no URN without a node of its own, no term outside the context."""
    notice = shipped["en"]
    previous = Holding("bacloud", secrets.token_bytes(16), uuid7(DECIDED - 1), "ab" * 32)
    receipt = iso27560(payload_of(notice, *CASES[state], previous=previous), notice.canonical, URLS, KEEP)
    assert receipt["dct:replaces"] == {"@id": f"urn:uuid:{previous.receipt_id}"}
    context = receipt.pop("@context")
    defined = {node["@id"] for node in nodes(receipt) if "@id" in node and len(node) > 1}
    named = {node["@id"] for node in nodes(receipt) if "@id" in node and "#" in node["@id"]}
    assert named <= defined
    terms = {key for node in nodes(receipt) for key in node if not key.startswith("@")}
    types = {t for node in nodes(receipt) if "@type" in node for t in [node["@type"]] if isinstance(t, str)}
    assert {term.partition(":")[0] for term in terms | types} <= set(context)
    assert not [term for term in terms | types if ":" not in term]


def test_a_choice_by_script_is_not_called_expressed(shipped: dict[str, Notice]) -> None:
    """Where a script of the page chose, neither record claims that a person pressed something."""
    notice = shipped["en"]
    payload = payload_of(notice, "api", ALL)
    record = iso27560(payload, notice.canonical, URLS, KEEP)["dpv:hasRecordOfActivity"]
    assert [event["@type"][1] for event in record["dpv:hasConsentStatus"]] == ["dpv:Consent"]
    assert "EXPLICIT" not in json.dumps(kantara(payload, notice.canonical, URLS, KEEP))


def test_no_european_law_is_claimed_elsewhere(shipped: dict[str, Notice]) -> None:
    """Outside the European Economic Area the general profile stands, and no article of the GDPR."""
    body = {**json.loads(shipped["en"].canonical), "jurisdiction": "BR"}
    canonical = json.dumps(body).encode()
    sha256 = hashlib.sha256(canonical).hexdigest()
    notice = Notice(sha256, shipped["en"].revision, "en", canonical, body)
    receipt = iso27560(payload_of(notice, *CASES["partial"]), canonical, URLS, KEEP)
    assert receipt["dct:conformsTo"] == {"@id": "dpv-27560:receipt"}
    receipt.pop("@context")
    assert "gdpr" not in json.dumps(receipt).lower()
    assert "2002/58" not in json.dumps(receipt)


def _another(payload: dict[str, Any], notice: Notice) -> tuple[dict[str, Any], bytes]:
    return payload, notice.canonical.replace(b"Statistics", b"Statistic5")


def _no_json(payload: dict[str, Any], _: Notice) -> tuple[dict[str, Any], bytes]:
    return {**payload, "notice": {"sha256": hashlib.sha256(b"{").hexdigest()}}, b"{"


def _no_notice(payload: dict[str, Any], _: Notice) -> tuple[dict[str, Any], bytes]:
    return {**payload, "notice": {"sha256": hashlib.sha256(b"[]").hexdigest()}}, b"[]"


def _other_schema(payload: dict[str, Any], notice: Notice) -> tuple[dict[str, Any], bytes]:
    return {**payload, "schema": "consent-erasure/1"}, notice.canonical


def _other_choices(payload: dict[str, Any], notice: Notice) -> tuple[dict[str, Any], bytes]:
    return {**payload, "choices": {"analytics": True}}, notice.canonical


@pytest.mark.parametrize("render", [iso27560, kantara])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_another, "SHA-256 differs"),
        (_no_json, "not JSON"),
        (_no_notice, "schema is not consent-notice/1"),
        (_other_schema, "schema is not consent-receipt/1"),
        (_other_choices, "choices are not about"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    shipped: dict[str, Notice], render: Callable[..., Any], spoil: Callable[..., Any], message: str
) -> None:
    """Another notice than the receipt's, or a thing that is neither, is never rendered."""
    payload = payload_of(shipped["en"], *CASES["given"])
    with pytest.raises(EvidenceInvalid, match=re.escape(message)):
        render(*spoil(payload, shipped["en"]), URLS, KEEP)


@pytest.mark.parametrize("choices", [{"analytics": True, "marketing": False}])
def test_a_receipt_of_a_real_server_is_rendered(
    client: FlaskClient,
    post: Callable[..., Any],
    decide: Callable[..., dict[str, Any]],
    choices: dict[str, bool],
) -> None:
    """What the server signs and the notice that it serves by hash make both records."""
    payload = parse_jws(post(decide(choices=choices)).get_json()["receipt"]).payload
    canonical = client.get(f"/v1/shop/notices/{payload['notice']['sha256']}.json").data
    rendered = processes(iso27560(payload, canonical, URLS, KEEP))
    assert consent_status(rendered["analytics"]) == STATUS["given"]
    assert consent_status(rendered["marketing"]) == STATUS["refused"]
    jsonschema.validate(kantara(payload, canonical, URLS, KEEP), KANTARA)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "PT0S"),
        (1, "PT1S"),
        (3_661, "PT1H1M1S"),
        (86_400, "P1D"),
        (15_768_000, "P182DT12H"),
        (5 * 365 * 86_400, "P1825D"),
    ],
)
def test_durations_are_written_as_iso_8601(seconds: int, text: str) -> None:
    """Days, hours, minutes and seconds, none of them where it is nought."""
    assert iso_duration(seconds) == text
