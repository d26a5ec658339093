"""One change between two catalogs, in words, with what it means for those who have already chosen."""

from __future__ import annotations

from dataclasses import dataclass

_NEW_CONSENT = "EDPB Guidelines 05/2020, para. 110"
_NAMED = f"GDPR, recital 42; {_NEW_CONSENT}"
_ELSE = "write a new revision in [site]"
ASKED = {
    "category": f"nobody has been asked for it yet (GDPR, Art. 6(1)(a); {_NEW_CONSENT})",
    "category-gone": "the choice is among other categories than before",
    "recipient": f"consent names who gets the data, and it did not name this one ({_NAMED})",
    "recipient-gone": "the choice is about other services than before",
    "provider": f"consent names who gets the data, and that is another company now ({_NAMED})",
    "country": f"the data go to another country (GDPR, Art. 13(1)(f); {_NEW_CONSENT})",
    "revision": "the number set by hand is another one, which asks everybody",
}
"""Why a change needs a new consent."""

KEPT = {
    "text": f"texts alone ask nobody again; if the meaning is another one, {_ELSE}",
    "row": "the same services serve the same categories",
    "lifespan": f"a lifespan alone asks nobody again; if it is much longer, {_ELSE}",
    "link": "a link does not change what was allowed",
    "look": "how the banner looks does not change what was allowed",
    "promise": "it is no part of the notice, and stands on the cookie page alone",
    "address": "what was allowed stays the same; a new address asks its own visitors",
    "notice": "visitors are told, and what they allowed stays the same",
    "time": "it counts for choices made from now on",
    "grant": f"tags are told other things about the same choice; if it goes further, {_ELSE}",
    "unused": "nothing in the table names this service, so that visitors are not told of it",
}
"""Why a change needs no new consent."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `kind` is a key of ASKED or KEPT, `says` a sentence without full stop.

    `asks` tells whether those who have chosen are asked again, `why` the reason for it or against it.
    """

    kind: str
    says: str
    asks: bool
    why: str


def asking(kind: str, says: str) -> Change:
    """Return a change that needs a new consent."""
    return Change(kind, says, asks=True, why=ASKED[kind])


def keeping(kind: str, says: str) -> Change:
    """Return a change that needs none."""
    return Change(kind, says, asks=False, why=KEPT[kind])
