"""Every rule that a catalog is checked by, under its stable id: those of law, and those of form."""

from __future__ import annotations

from consent_server.catalog.law import LAW, Rule

FORM = (
    Rule("file-unreadable", "error", "the file is there and can be read"),
    Rule("file-changing", "error", "the file is whole while it is read"),
    Rule("file-too-large", "error", "the file has at most 1 MB"),
    Rule("file-encoding", "error", "the file is plain UTF-8 without byte order mark"),
    Rule("file-nested", "error", "tables and lists are not nested deeper than the catalog needs"),
    Rule("toml-syntax", "error", "the file is TOML 1.0"),
    Rule("site-twice", "error", "each file of a directory is another site"),
    Rule("key-unknown", "error", "every key and table is one that the catalog knows"),
    Rule("key-missing", "error", "every required key is there"),
    Rule("key-misplaced", "error", "a key stands only where it means something"),
    Rule("table-misplaced", "error", "every row and every named table has its own header"),
    Rule("value-type", "error", "a value is of the kind that its key asks for"),
    Rule("word-unknown", "error", "a key that takes certain words holds one of them"),
    Rule("number-range", "error", "a number is within its range"),
    Rule("list-empty", "error", "a required list has an entry"),
    Rule("list-twice", "error", "a list holds each entry once"),
    Rule("text-empty", "error", "a text says something"),
    Rule("text-control", "error", "a text holds no control character"),
    Rule("text-placeholder", "error", "a text is no longer a placeholder"),
    Rule("translation-missing", "error", "a text is there in every language of the site"),
    Rule("translation-unknown", "error", "a text is in a language of the site"),
    Rule("language-unknown", "error", "a language is one that the program has texts in"),
    Rule("id-malformed", "error", "an id is lowercase letters, digits and hyphens; a category's has none"),
    Rule("id-taken", "error", "an id names one thing, and none that is reserved"),
    Rule("reference-unknown", "error", "a row names a category and a service of the catalog"),
    Rule("necessary-missing", "error", "the category `necessary` is there"),
    Rule("lifespan-unreadable", "error", "a lifespan can be read, and has a length where one is needed"),
    Rule("link-malformed", "error", "a link is a full URL"),
    Rule("origin-malformed", "error", "an origin is written as browsers send it, over https"),
    Rule("domain-malformed", "error", "a cookie domain is a bare domain"),
    Rule("domain-uncovered", "error", "the cookie domain covers every origin"),
    Rule("host-malformed", "error", "where scripts come from is a host name"),
    Rule("email-malformed", "error", "an email address is one"),
    Rule("country-unknown", "error", "a country is two letters by ISO 3166"),
    Rule("path-malformed", "error", "a cookie's path begins with a slash"),
    Rule("name-malformed", "error", "a name is one that can be stored, with an asterisk at its end only"),
    Rule("consent-mode-unknown", "error", "a consent mode key is one of Google's seven"),
    Rule("consent-mode-twice", "warning", "a consent mode key follows one category"),
    Rule("filling-unknown", "error", "a text in braces is one that the program fills in"),
    Rule("cookie-own", "error", "what the widget stores is written into the table by the program alone"),
    Rule("cookie-twice", "error", "a thing stands in the table once"),
    Rule("cookie-overlap", "error", "a name belongs to one category, patterns included"),
    Rule("storage-lifespan", "warning", "a lifespan is one that its kind of storage can have"),
    Rule("service-unused", "warning", "a service stores something, or visitors are not told of it"),
    Rule("category-empty", "warning", "a category that is asked for holds something"),
)
"""Every rule of form."""

RULES = {rule.id: rule for rule in (*LAW, *FORM)}
"""Every rule by its id."""
