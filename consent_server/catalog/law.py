"""The rules of law that a catalog can break: what each demands, where it is written, how grave it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consent_server.errors import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold. `id` is stable; `source` names the law or standard, empty where the form alone asks.

    A law rule's id begins with its number in the list that `docs/rules.md` explains, R1 to R31.
    """

    id: str
    severity: Severity
    says: str
    source: str = ""


_PLANET49 = "GDPR, Art. 13(2)(a); CJEU C-673/17, Planet49"
_WP194 = "ePrivacy Directive, Art. 5(3); WP29 Opinion 04/2012 (WP 194)"
_CNIL = "CNIL recommendation 2020-092"
_AUDIENCE = "ePrivacy Directive, Art. 5(3); CNIL guidelines 2020-091 on audience measurement"

LAW = (
    Rule(
        "R1-always-granted",
        "error",
        "what is granted without asking tells no tag that it may count or advertise",
        "ePrivacy Directive, Art. 5(3)",
    ),
    Rule(
        "R2-refusal-hidden",
        "error",
        "refusing is always offered, as easily as accepting",
        "GDPR, Art. 7(3)",
    ),
    Rule(
        "R4-ticked-beforehand",
        "error",
        "no permission may be ticked beforehand",
        "GDPR, recital 32; CJEU C-673/17",
    ),
    Rule(
        "R5-uneven-buttons",
        "error",
        "accepting and refusing look alike",
        "EDPB Cookie Banner Taskforce, paras 17-18; CNIL recommendation 2020-092",
    ),
    Rule(
        "R6-legal-basis",
        "error",
        "what is stored rests on consent or strict necessity alone",
        "ePrivacy Directive, Art. 5(3)",
    ),
    Rule("R7-justification-missing", "error", "what is never asked for says why it is needed", _WP194),
    Rule(
        "R7-justification-repeats", "warning", "the justification says more than the text beside it", _WP194
    ),
    Rule("R7-tracker-necessary", "warning", "a known tracker is not called necessary", _WP194),
    Rule("R7-necessary-long", "warning", "what is necessary goes once it is no longer needed", _WP194),
    Rule(
        "R8-withdrawal-hidden",
        "error",
        "withdrawing is always offered, as easily as giving consent",
        "GDPR, Art. 7(3)",
    ),
    Rule("R9-receipts-short", "error", "proof lasts as long as the choice that it proves", "GDPR, Art. 7(1)"),
    Rule(
        "R10-receipts-long",
        "warning",
        "proof is kept no longer than it is needed",
        "GDPR, Art. 5(1)(e); EDPB Guidelines 05/2020, para. 107",
    ),
    Rule("R12-choice-length", "error", "a choice is kept for at least a day and at most 13 months", _CNIL),
    Rule(
        "R12-asked-too-often",
        "warning",
        "nobody is asked again within six months",
        f"{_CNIL}; Garante privacy 231/2021",
    ),
    Rule(
        "R13-audience-lifespan",
        "error",
        "what measures the audience without consent is gone after 13 months",
        _AUDIENCE,
    ),
    Rule("R13-audience-category", "error", "only what is never asked for needs an exemption", _AUDIENCE),
    Rule(
        "R13-audience-third-party",
        "warning",
        "exempt audience measurement serves the website alone",
        _AUDIENCE,
    ),
    Rule("R14-text-long", "warning", "a purpose has a short title and a short text", _CNIL),
    Rule(
        "R14-third-parties-untold", "warning", "the first layer says how many third parties get data", _CNIL
    ),
    Rule(
        "R15-purposes-joined",
        "warning",
        "each purpose can be allowed on its own",
        "GDPR, recitals 32 and 43; EDPB Guidelines 05/2020, paras 42-45",
    ),
    Rule(
        "R16-consent-by-silence",
        "error",
        "scrolling, closing, waiting or going on is no consent",
        "GDPR, recital 32; EDPB Guidelines 05/2020, para. 86",
    ),
    Rule(
        "R17-cookie-wall",
        "error",
        "nobody is kept from the website for refusing",
        "GDPR, Art. 7(4); EDPB Guidelines 05/2020, paras 39-41",
    ),
    Rule(
        "R18-untranslated",
        "warning",
        "a text is in the language that it stands under",
        "GDPR, Art. 12(1); EDPB Guidelines 03/2022, language discontinuity",
    ),
    Rule("R19-lifespan-missing", "error", "visitors are told how long each thing stays", _PLANET49),
    Rule("R19-third-party-missing", "error", "visitors are told who gets their data", _PLANET49),
    Rule(
        "R22-signal-ignored",
        "error",
        "the browser's Global Privacy Control is always honoured",
        "California Code of Regulations, title 11, §7025",
    ),
    Rule(
        "R26-consent-mode-incomplete",
        "warning",
        "who grants ad_storage grants ad_user_data and ad_personalization somewhere too",
        "Google EU user consent policy, consent mode v2",
    ),
    Rule(
        "R30-notice-incomplete",
        "error",
        "visitors are told who answers for the website and where to complain",
        "GDPR, Art. 13(1)(a) and 13(2)(d); ISO/IEC 29184",
    ),
    Rule(
        "R30-link-unencrypted",
        "warning",
        "a policy is read over an encrypted connection",
        "GDPR, Art. 32(1)(a); ISO/IEC 29184",
    ),
)
"""Every rule of law that a catalog can break."""

_REFUSED = {
    "R2-refusal-hidden": (
        "hide_refuse hide_refuse_all hide_reject hide_reject_all no_refuse refuse_all reject_all"
    ),
    "R4-ticked-beforehand": (
        "checked default enabled granted on opt_out_only pre_ticked preselected required selected ticked"
    ),
    "R5-uneven-buttons": (
        "accept_color accept_colour accept_style accept_primary highlight_accept "
        "refuse_color refuse_colour refuse_style reject_color reject_colour reject_style"
    ),
    "R6-legal-basis": "exempt legal_basis legitimate_interest",
    "R8-withdrawal-hidden": "hide_settings hide_withdraw no_withdraw",
    "R16-consent-by-silence": (
        "accept_after accept_on_close accept_on_scroll auto_accept close_accepts implied_consent "
        "scroll_accepts"
    ),
    "R17-cookie-wall": "block_page cookie_wall force_consent must_consent wall",
    "R22-signal-ignored": "gpc honor_gpc honour_gpc ignore_gpc respect_gpc",
}

REFUSED = {key: rule for rule, keys in _REFUSED.items() for key in keys.split()}
"""Keys that no table may have, each with the id of the rule that forbids it."""
