"""The form of each kind of value: its rule, its check, and how a JSON Schema describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError

from consent_server.catalog import formats
from consent_server.catalog.flaws import did_you_mean, listing
from consent_server.catalog.texts import languages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Form:
    """What texts of one kind look like. `check` returns what is wrong and what to write, or None.

    `schema` holds JSON Schema keywords; it may let through more than the check does, never less.
    """

    rule: str
    check: Callable[[str], str | None]
    schema: Mapping[str, Any]


_TAG = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
TAG_PATTERN = f"^{_TAG}$"
"""A language tag (BCP 47), as a regular expression of ECMA-262."""


def _language_flaw(tag: str) -> str | None:
    if tag in languages():
        return None
    try:
        known = bool(re.fullmatch(_TAG, tag)) and Locale.parse(tag, sep="-") is not None
    except (ValueError, UnknownLocaleError):
        known = False
    if not known:
        return f'{tag!r} is no language tag: write one such as "en" or "lt" (BCP 47)'
    return f"there are no texts in {tag!r} yet: write one of {listing(languages())}"


def _consent_mode_flaw(key: str) -> str | None:
    if key in formats.CONSENT_MODE:
        return None
    known = formats.CONSENT_MODE
    return f"{key!r} is no consent mode key: write one of {listing(known)}{did_you_mean(key, known)}"


_LINK = {"format": "uri", "pattern": "^https?://"}
_LOCAL = "|".join(map(re.escape, formats.LOCAL_HOSTS))
_ORIGIN = rf"^(https://[^/?#]+|http://({_LOCAL})(:[0-9]+)?)$"
_TWO_LETTERS = {"pattern": "^[A-Z]{2}$"}

ID = Form("id-malformed", formats.id_flaw, {"pattern": f"^{formats.ID}$", "maxLength": formats.ID_LENGTH})
CATEGORY_ID = Form(
    "id-malformed", formats.category_id_flaw, {"pattern": "^[a-z0-9]+$", "maxLength": formats.ID_LENGTH}
)
COUNTRY = Form("country-unknown", formats.country_flaw, _TWO_LETTERS)
JURISDICTION = Form("country-unknown", formats.jurisdiction_flaw, {"pattern": "^([A-Z]{2}|EEA)$"})
LINK = Form("link-malformed", formats.link_flaw, _LINK)
ORIGIN = Form("origin-malformed", formats.origin_flaw, {"pattern": _ORIGIN})
DOMAIN = Form("domain-malformed", formats.domain_flaw, {"pattern": r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"})
HOST = Form("host-malformed", formats.script_flaw, {"pattern": r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$"})
EMAIL = Form("email-malformed", formats.email_flaw, {"pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$"})
PATH = Form("path-malformed", formats.path_flaw, {"pattern": r"^/[^;\s]*$"})
NAME = Form(
    "name-malformed", formats.stored_name_flaw, {"pattern": r"^[^*]+\*?$", "maxLength": formats.NAME_LENGTH}
)
LANGUAGE = Form("language-unknown", _language_flaw, {"pattern": TAG_PATTERN})
CONSENT_MODE = Form("consent-mode-unknown", _consent_mode_flaw, {"enum": list(formats.CONSENT_MODE)})
