"""Every table and key of a catalog file: the one list that the parser and the schema are made from."""

from __future__ import annotations

from typing import get_args

from consent_server.catalog import forms
from consent_server.catalog.kinds import (
    Choice,
    Declared,
    Flag,
    Length,
    Number,
    OptionalChoice,
    OptionalText,
    Text,
)
from consent_server.catalog.model import Button, Exemption, Form, Storage
from consent_server.catalog.nested import (
    Inner,
    Named,
    OptionalTranslations,
    Rows,
    Strings,
    Translations,
)

HIGHEST_REVISION = 1_000_000
POSITIONS: dict[Form, tuple[str, ...]] = {
    "box": ("bottom-end", "bottom-start"),
    "bar": ("bottom", "top"),
    "centre": ("centre",),
}
"""Where each form of banner may stand; the first is the default."""


class ControllerKeys(Declared):
    """Who decides what the data are used for, and to whom a visitor may complain."""

    name = Text("The controller's full legal name.", missing="R30-notice-incomplete")
    address = Text("Where the controller is.", missing="R30-notice-incomplete")
    email = Text("Where a visitor can write to.", forms.EMAIL, missing="R30-notice-incomplete")
    authority = Text(
        "The supervisory authority that a visitor may complain to.", missing="R30-notice-incomplete"
    )
    country = OptionalText("The controller's country, two letters by ISO 3166.", forms.COUNTRY)


class SiteKeys(Declared):
    """The website and who answers for it."""

    id = Text("A short name, part of every address of this system.", forms.ID)
    origins = Strings("Where the website is, as browsers write it.", forms.ORIGIN, required=True)
    cookie_domain = OptionalText(
        "One choice counts for this domain and all below it; left out, each host asks for itself.",
        forms.DOMAIN,
    )
    languages = Strings("The site's languages; the first is the default.", forms.LANGUAGE, required=True)
    jurisdiction = Text('Whose law applies: "EU", "EEA", or a country (ISO 3166).', forms.JURISDICTION)
    policy_url = Text("The address of the whole policy.", forms.LINK, missing="R30-notice-incomplete")
    ask_again_after = Length("How long a choice is kept, refusals too; at most 395 days.", "6 months")
    keep_receipts = Length("How long the proof of a choice is kept.", "5 years")
    revision = Number("A new number asks every visitor again.", 1, HIGHEST_REVISION)
    controller = Inner("Who answers for the website.", ControllerKeys)


class BannerKeys(Declared):
    """How the banner looks. Accepting and refusing always look alike."""

    form = Choice[Form]("The shape of the banner.", get_args(Form), "box")
    position = Choice(
        "Where the banner stands; which places there are depends on its form.",
        tuple(place for places in POSITIONS.values() for place in places),
        POSITIONS["box"][0],
    )
    button = OptionalChoice[Button](
        "The corner of a small button that opens the settings again; left out, there is none.",
        get_args(Button),
    )
    title = OptionalTranslations("Replaces the usual title.")
    text = OptionalTranslations("Replaces the usual text.")


class CategoryKeys(Declared):
    """What visitors allow or refuse. Every one but `necessary` is off until they switch it on."""

    title = Translations("What the category is called, in a word or two.")
    text = Translations("What it is for, in a sentence.")
    justification = OptionalTranslations("Only for `necessary`, and required there: why it needs no consent.")
    consent_mode = Strings("The keys of Google's consent mode v2 that it grants.", forms.CONSENT_MODE)


class ServiceKeys(Declared):
    """Who sets cookies or receives data, besides the website itself, which has the id `site`."""

    name = Text("What the service is called.")
    provider = Text("The company behind it.", missing="R19-third-party-missing")
    country = Text("Where the company is, two letters by ISO 3166.", forms.COUNTRY)
    privacy_policy = OptionalText("The company's policy; required of a third party.", forms.LINK)
    opt_out = OptionalText("The company's own way to refuse.", forms.LINK)
    scripts = Strings('Where its scripts come from: host names, "*." for every host below.', forms.HOST)
    third_party = Flag("Whether the company is another than the controller.", default=True)


class CookieKeys(Declared):
    """One thing that is stored on visitors' devices."""

    name = Text("Its name; an asterisk at the end stands for any ending.", forms.NAME)
    storage = Choice[Storage]("Where it is stored.", get_args(Storage), "cookie")
    service = Text('Who sets it: "site", or the id of a service.', missing="R19-third-party-missing")
    category = Text("The id of its category.")
    lifespan = Length(
        'How long it stays: "session", "persistent", or a length such as "30 days".',
        endless=True,
        missing="R19-lifespan-missing",
    )
    purpose = Translations("What it is for, in words for visitors.")
    http_only = Flag("Whether scripts cannot read it.", default=False)
    path = Text("Its path on the website.", forms.PATH, "/")
    exempt = OptionalChoice[Exemption](
        "Only in `necessary`: the exemption by which it needs no consent; it then stays 13 months at most.",
        get_args(Exemption),
    )


class StatementKeys(Declared):
    """Another promise of the policy, shown on the public cookie page alone."""

    id = Text("A short name, part of its address on the page.", forms.ID)
    title = Translations("Its title.")
    text = Translations("Its text; an empty line begins a new paragraph.")


class CatalogKeys(Declared):
    """The cookie catalog of one website: everything that it stores on visitors' devices."""

    site = Inner("The website and who answers for it.", SiteKeys)
    banner = Inner("How the banner looks.", BannerKeys, required=False)
    category = Named("What visitors allow or refuse, each under its id.", CategoryKeys, forms.CATEGORY_ID)
    service = Named("Other companies that set cookies or receive data.", ServiceKeys, forms.ID)
    cookie = Rows("Everything that is stored, one row a thing.", CookieKeys)
    statement = Rows("The policy's other promises.", StatementKeys)
