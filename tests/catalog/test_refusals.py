"""Every flaw of a catalog, with the place it is reported at and the exact words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consent_server.errors import Flaw

FlawsOf = Callable[..., list[Flaw]]

CONSENT_MODE = 'consent_mode = ["analytics_storage"]'
ORIGINS = 'origins = ["https://www.example.com", "https://example.com"]'
PURPOSE = 'purpose = { en = "Counts visits.", lt = "Skaičiuoja apsilankymus." }'
TEXT = '{ en = "Counts.", lt = "Skaičiuoja." }'
WWW = '"https://www.example.com", '
POLICY = '"https://www.example.com/privacy"'
TICKED = "no permission may be ticked beforehand (GDPR, recital 32; CJEU C-673/17)"
REFUSE = "refusing is always offered, as easily as accepting (GDPR, Art. 7(3))"
BASIS = "what is stored rests on consent or strict necessity alone (ePrivacy Directive, Art. 5(3))"
LIFESPAN = (
    'write "session", "persistent", or a number and a unit such as "10 minutes", "30 days" or "2 years"'
)
AGAIN = 'write at least "1 day" and at most "395 days"; "6 months" is good practice'
ID = 'is no id: write lowercase letters, digits and hyphens, such as "google-analytics"'
SECOND_ROW = f'[[cookie]]\nname = "_count_*"\nservice = "counter"\ncategory = "analytics"\nlifespan = "session"\n{PURPOSE}\n'

STRUCTURE = [
    ("[[cookie]]", "[[cookies]]", 29, 3, "unknown table 'cookies' (did you mean \"cookie\"?)"),
    ("[[cookie]]", "[cookie]", 29, 2, "cookie is a list of rows: write [[cookie]] above the keys of each"),
    (
        "[service.counter]",
        "[service]",
        24,
        1,
        "'name' stands outside any service: write [service.its-id] above its keys",
    ),
    ('id = "shop"', 'id = "shop"\nrevison = 2', 3, 1, "unknown key 'revison' (did you mean \"revision\"?)"),
    (
        'country = "US"',
        'country = "US"\nx = 1',
        27,
        1,
        'unknown key \'x\': known here are "country", "name", '
        '"opt_out", "privacy_policy", "provider", "scripts", "third_party"',
    ),
    ('id = "shop"\n', "", 1, 2, 'id is missing: add id = "…"'),
    (ORIGINS, "", 1, 2, 'origins is missing: add origins = ["…"]'),
    (
        'policy_url = "https://www.example.com/privacy"\n',
        "",
        1,
        2,
        'policy_url is missing: add policy_url = "…"',
    ),
    ('authority = "VDAI"\n', "", 10, 2, 'authority is missing: add authority = "…"'),
    ('jurisdiction = "EU"', "jurisdiction = 1", 6, 16, "jurisdiction must be a text, not a number"),
    (ORIGINS, 'origins = "https://example.com"', 3, 11, "origins must be a list, not a text"),
    ('"6 months"', "2026-01-01", 8, 19, "ask_again_after must be a text, not a date or time"),
    ('id = "shop"', 'id = "shop"\nrevision = true', 3, 12, "revision must be a number, not true or false"),
    (
        'id = "shop"',
        'id = "shop"\nrevision = -1',
        3,
        12,
        "revision is out of range: write a whole number from 0 to 1000000",
    ),
    ('name = "Counter"', 'name = ""', 24, 8, "name is empty: write a text"),
    ('name = "Counter"', r'name = "Coun\u0007ter"', 24, 8, "name holds a control character: remove it"),
]

VALUES = [
    ('id = "shop"', 'id = "Shop"', 2, 6, f"'Shop' {ID}"),
    ('id = "shop"', 'id = "-shop"', 2, 6, f"'-shop' {ID}"),
    (
        "[category.analytics]\ntitle",
        "[category.analytics]\nx.y = 1\ntitle",
        20,
        1,
        'unknown table \'x\': known here are "consent_mode", "justification", "text", "title"',
    ),
    (
        "[service.counter]",
        "[service.site]",
        23,
        2,
        '"site" is reserved for the website itself: choose another id',
    ),
    (
        "[service.counter]",
        "[service.analytics]",
        23,
        2,
        "'analytics' is a category too: choose another id, since both share one set of names",
    ),
    (
        "[category.analytics]",
        "[category.web-analytics]",
        19,
        2,
        "'web-analytics': the id of a category has no hyphen: write 'webanalytics'",
    ),
    ('lifespan = "2 years"', 'lifespan = "a while"', 33, 12, f"'a while' is not a lifespan: {LIFESPAN}"),
    ('lifespan = "2 years"', 'lifespan = "0 days"', 33, 12, f"'0 days' is not a lifespan: {LIFESPAN}"),
    (
        'name = "_count_*"',
        'name = "x"\nstorage = "local-storage"',
        31,
        11,
        "storage cannot be 'local-storage': write one of "
        '"cookie", "local_storage", "session_storage", "indexed_db" (did you mean "local_storage"?)',
    ),
    (
        'country = "US"',
        'country = "UK"',
        26,
        11,
        '\'UK\' is no country: write its two letters by ISO 3166, such as "LT" or "IE" (the United Kingdom is "GB")',
    ),
    (
        'country = "US"',
        'country = "EU"',
        26,
        11,
        '\'EU\' is no country: write its two letters by ISO 3166, such as "LT" or "IE"',
    ),
    (
        'jurisdiction = "EU"',
        'jurisdiction = "Mars"',
        6,
        16,
        '\'Mars\' is no jurisdiction: write "EU", "EEA", or a country\'s two letters by ISO 3166',
    ),
    (
        POLICY,
        '"www.example.com"',
        7,
        14,
        '\'www.example.com\' is no link: write a full URL that begins with "https://" or "http://"',
    ),
    (
        POLICY,
        '"javascript:alert(1)"',
        7,
        14,
        '\'javascript:alert(1)\' is no link: write a full URL that begins with "https://" or "http://"',
    ),
    (
        POLICY,
        '"https://[bad"',
        7,
        14,
        '\'https://[bad\' is no link: write a full URL that begins with "https://" or "http://"',
    ),
    (
        WWW,
        '"https://www.example.com/", ',
        3,
        12,
        "'https://www.example.com/' is no origin: write scheme and host only, such as \"https://www.example.com\"",
    ),
    (
        WWW,
        '"http://www.example.com", ',
        3,
        12,
        "'http://www.example.com' is not encrypted: write \"https://\"; "
        '"http://" is for localhost and 127.0.0.1 alone',
    ),
    (
        WWW,
        '"https://www.example.com:443", ',
        3,
        12,
        "'https://www.example.com:443' names its scheme's own port, which browsers leave out: write it without :443",
    ),
    (WWW, '"https://example.com", ', 3, 35, "'https://example.com' is listed twice: remove one"),
    (ORIGINS, "origins = []", 3, 11, "origins is empty: write at least one"),
    (
        '"example.com"',
        '".example.com"',
        4,
        17,
        "'.example.com' is no cookie domain: write a bare domain, such as \"example.com\"",
    ),
    (
        '"example.com"',
        '"www.example.com"',
        4,
        17,
        "'www.example.com' does not cover 'https://example.com': "
        "write a domain that all origins share, or remove cookie_domain",
    ),
    (
        '"*.counter.example"',
        '"https://counter.example/x.js"',
        28,
        12,
        "'https://counter.example/x.js' is no host: "
        'write a host name, such as "www.example.com" or "*.example.com"',
    ),
    ('"*.counter.example"', "1", 28, 12, "scripts is a list of texts: put this in quotes"),
    (
        '"privacy@example.com"',
        '"privacy"',
        13,
        9,
        "'privacy' is no email address: write one such as \"a@b.example\"",
    ),
    (
        CONSENT_MODE,
        'consent_mode = ["ad_store"]',
        22,
        17,
        "'ad_store' is no consent mode key: write one of "
        '"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage", '
        '"personalization_storage", "security_storage" (did you mean "ad_storage"?)',
    ),
    (
        'name = "_count_*"',
        'name = "x"\npath = "shop"',
        31,
        8,
        "'shop' is no path: write one that begins with \"/\", which alone means the whole website",
    ),
    (
        'name = "_count_*"',
        'name = "_c*nt"',
        30,
        8,
        "'_c*nt': an asterisk may stand only at the end of a name, such as \"visid_incap_*\"",
    ),
    (
        'name = "_count_*"',
        'name = "a b"',
        30,
        8,
        "'a b' is no cookie name: write the name alone, without spaces or any of ( ) , ; = @",
    ),
    (
        '"6 months"',
        '"session"',
        8,
        19,
        'ask_again_after needs a length: write a number and a unit such as "6 months"',
    ),
]

LANGUAGES = [
    (
        '["en", "lt"]',
        '["en", "lt", "english"]',
        5,
        26,
        '\'english\' is no language tag: write one such as "en" or "lt" (BCP 47)',
    ),
    (
        '["en", "lt"]',
        '["en", "lt", "cy"]',
        5,
        26,
        'there are no texts in \'cy\' yet: write one of "en", "lt"',
    ),
    (TEXT, '{ en = "Counts." }', 21, 1, 'text is missing in "lt": add text.lt = "…"'),
    (TEXT, '{ en = "Counts.", lt = " " }', 21, 31, "text.lt is empty: write a text"),
    (TEXT, '{ en = "Counts.", lt = 1 }', 21, 31, "text.lt must be a text"),
    (TEXT, '"Counts."', 21, 8, 'text needs a text in each language: write text.en = "…"'),
    (
        TEXT,
        '{ en = "a", lt = "b", lv = "c" }',
        21,
        30,
        'this site has no language "lv" (did you mean "lt"?): remove this text, '
        "or add the language to languages in [site]",
    ),
]

LAW = [
    ('service = "counter"\n', "", 29, 3, 'service is missing: add service = "…"'),
    ('category = "analytics"\n', "", 29, 3, 'category is missing: add category = "…"'),
    ('lifespan = "2 years"\n', "", 29, 3, 'lifespan is missing: add lifespan = "2 years"'),
    (PURPOSE, "", 29, 3, 'purpose is missing: add purpose.en = "…"'),
    ('provider = "Counter, Inc."\n', "", 23, 2, 'provider is missing: add provider = "…"'),
    ('country = "US"\n', "", 23, 2, 'country is missing: add country = "…"'),
    (
        'privacy_policy = "https://counter.example/privacy"\n',
        "",
        23,
        2,
        'privacy_policy is missing: add privacy_policy = "…"',
    ),
    (
        'service = "counter"',
        'service = "conter"',
        31,
        11,
        "there is no service 'conter' (did you mean \"counter\"?)",
    ),
    (
        'category = "analytics"',
        'category = "x"',
        32,
        12,
        'there is no category \'x\': known are "necessary", "analytics"',
    ),
    (
        "[[cookie]]\n",
        f"{SECOND_ROW}[[cookie]]\n",
        36,
        8,
        "'_count_*' (cookie) stands in the table twice: remove one row",
    ),
    (
        'name = "_count_*"',
        'name = "consent"',
        30,
        1,
        "remove the row 'consent': the program itself adds it to every table",
    ),
    (
        'name = "_count_*"',
        'name = "x"\nstorage = "indexed_db"\nhttp_only = true',
        32,
        1,
        "remove 'http_only': only a cookie has it, indexed_db does not",
    ),
    (
        'justification = { en = "You ask for it.", lt = "Prašote to." }\n',
        "",
        15,
        2,
        'justification is missing: add justification.en = "…"',
    ),
    (
        CONSENT_MODE,
        'justification = { en = "a", lt = "b" }',
        22,
        1,
        "remove justification: only [category.necessary] does without consent and has to say why",
    ),
    *(
        (CONSENT_MODE, f"{key} = true", 22, 1, f"remove '{key}': {TICKED}")
        for key in ("default", "checked", "enabled", "required", "pre_ticked")
    ),
    *(
        (
            "[category.necessary]",
            f"[banner]\n{key} = true\n[category.necessary]",
            16,
            1,
            f"remove '{key}': {REFUSE}",
        )
        for key in ("hide_refuse", "hide_reject", "reject_all")
    ),
    (CONSENT_MODE, "legitimate_interest = true", 22, 1, f"remove 'legitimate_interest': {BASIS}"),
    (CONSENT_MODE, 'exempt = "audience-measurement"', 22, 1, f"remove 'exempt': {BASIS}"),
    ('"6 months"', '"396 days"', 8, 19, f"ask_again_after cannot be '396 days': {AGAIN}"),
    ('"6 months"', '"23 hours"', 8, 19, f"ask_again_after cannot be '23 hours': {AGAIN}"),
    (
        '"5 years"',
        '"1 month"',
        9,
        17,
        "keep_receipts is shorter than ask_again_after: write at least '6 months', "
        "so that every choice in force can be proved",
    ),
]

BANNER = [
    ('form = "full"', 16, 8, 'form cannot be \'full\': write one of "box", "bar", "centre"'),
    ('position = "top"', 16, 12, 'position cannot be \'top\': write one of "bottom-end", "bottom-start"'),
    (
        'text = { en = "{colour}", lt = "b" }',
        16,
        15,
        'nothing fills in "{colour}": what is filled in is "{purposes}", "{third_parties}", "{duration}"',
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "column", "message"), [*STRUCTURE, *VALUES, *LANGUAGES, *LAW])
def test_flaw(flaws_of: FlawsOf, old: str, new: str, line: int, column: int, message: str) -> None:
    """One thing wrong is one flaw: it names the place, says what is wrong and what to write."""
    found = [
        flaw
        for flaw in flaws_of((old, new))
        if not flaw.message.startswith("there is no category 'analytics'")
        and not flaw.message.startswith("there is no service 'counter'")
    ]
    assert [(flaw.line, flaw.column, flaw.message) for flaw in found] == [(line, column, message)]


@pytest.mark.parametrize(("keys", "line", "column", "message"), BANNER)
def test_banner_flaw(flaws_of: FlawsOf, keys: str, line: int, column: int, message: str) -> None:
    """A banner that cannot be shown is refused with what can be."""
    found = flaws_of(("[category.necessary]", f"[banner]\n{keys}\n[category.necessary]"))
    assert [(flaw.line, flaw.column, flaw.message) for flaw in found] == [(line, column, message)]


def test_no_necessary(flaws_of: FlawsOf) -> None:
    """A catalog without the category `necessary` is refused."""
    messages = {flaw.message for flaw in flaws_of(("[category.necessary]", "[category.needed]"))}
    assert "[category.necessary] is missing: add it with title, text and justification" in messages


def test_reserved_category(flaws_of: FlawsOf) -> None:
    """No category can be called `site`."""
    messages = {flaw.message for flaw in flaws_of(("[category.analytics]", "[category.site]"))}
    assert '"site" is reserved for the website itself: choose another id' in messages


def test_text_in_a_removed_language(flaws_of: FlawsOf) -> None:
    """A site that drops a language is told of every text that is left over."""
    messages = [flaw.message for flaw in flaws_of(('["en", "lt"]', '["en"]'))]
    text = 'this site has no language "lt": remove this text, or add the language to languages in [site]'
    assert messages == [text] * 6


def test_statement_twice(flaws_of: FlawsOf) -> None:
    """Two statements cannot have one id."""
    row = '[[statement]]\nid = "a"\ntitle = { en = "a", lt = "b" }\ntext = { en = "a", lt = "b" }\n'
    found = flaws_of(("[[cookie]]\n", f"{row}{row}[[cookie]]\n"))
    assert [(flaw.line, flaw.message) for flaw in found] == [(34, "'a' is used twice: choose another id")]


def test_all_flaws_at_once(flaws_of: FlawsOf) -> None:
    """A file with several flaws is told all of them, in the order of the file, with the lines they stand in."""
    found = flaws_of(
        ('"US"', '"UK"'), ('lifespan = "2 years"', 'lifespan = "long"'), ('id = "shop"', 'id = "SHOP"')
    )
    assert [flaw.line for flaw in found] == [2, 26, 33]
    assert [flaw.source for flaw in found] == ['id = "SHOP"', 'country = "UK"', 'lifespan = "long"']
    assert str(found[0]).startswith("catalog.toml:2:6: 'SHOP' is no id")


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        (
            b"a = 1\nb = ",
            2,
            5,
            "this is no valid TOML: Invalid value. Check quotes, brackets and equals signs",
        ),
        (
            b"a = 1\na = 2",
            2,
            6,
            "this is no valid TOML: Cannot overwrite a value. Check quotes, brackets and equals signs",
        ),
        (
            b"a = " + b"9" * 5000,
            0,
            0,
            "this is no valid TOML: a number, date or time cannot be read. Check quotes, brackets and equals signs",
        ),
        (b'a = "\xc4\x85"\nb = "\xff"', 2, 6, "the file is not UTF-8 from here on: save it as UTF-8"),
        (
            b"\xef\xbb\xbf[site]",
            1,
            1,
            "the file begins with a byte order mark: save it as plain UTF-8, without BOM",
        ),
        (b"#" * 1_000_001, 0, 0, "the file is larger than 1 MB: split it into one file for each site"),
        (
            b"a = " + b"[" * 100_000,
            1,
            5,
            "tables or lists are nested too deep: write them as in the shipped catalog",
        ),
        (
            b"a = " + b"{a=" * 100_000,
            0,
            0,
            "tables or lists are nested too deep: write them as in the shipped catalog",
        ),
        (
            b"a." * 400_000 + b"a = 1",
            1,
            1,
            "tables or lists are nested too deep: write them as in the shipped catalog",
        ),
    ],
    ids=["value", "twice", "number", "bytes", "mark", "large", "lists", "tables", "keys"],
)
def test_unreadable(flaws_of: FlawsOf, source: bytes, line: int, column: int, message: str) -> None:
    """A file that is no TOML is one clear flaw, never a traceback."""
    found = flaws_of(source=source)
    assert [(flaw.line, flaw.column, flaw.message) for flaw in found] == [(line, column, message)]
