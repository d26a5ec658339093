"""The program's own texts."""

from __future__ import annotations

import re

import pytest

from consent_server.catalog.texts import languages, texts_in

WIDGET = {
    "banner_label",
    "banner_title",
    "banner_text",
    "accept_all",
    "refuse_all",
    "choose",
    "policy_link",
    "cookies_link",
    "preferences_title",
    "preferences_text",
    "save",
    "close",
    "always_on",
    "cookies_shown",
    "column_name",
    "column_purpose",
    "column_lifespan",
    "column_service",
    "first_party",
    "third_party",
    "storage_cookie",
    "storage_local",
    "storage_session",
    "storage_indexed",
    "http_only",
    "on_device",
    "opt_out",
    "new_tab",
    "settings",
    "frame_text",
    "frame_once",
    "frame_load",
    "frame_link",
    "receipt_title",
    "receipt_none",
    "receipt_pending",
    "receipt_id",
    "receipt_time",
    "receipt_choices",
    "allowed",
    "refused",
    "receipt_verified",
    "receipt_invalid",
    "receipt_unchecked",
    "receipt_code",
    "receipt_code_text",
    "receipt_download",
    "receipt_json",
    "withdraw",
    "withdrawn",
    "saved",
    "deleted",
    "deleted_by_server",
    "nothing_deleted",
    "leftovers",
    "leftovers_http_only",
    "leftovers_in_use",
    "providers",
    "still_running",
    "reload",
    "guide_link",
    "gpc",
}
PLACEHOLDER = re.compile(r"\{\w+\}")


def test_languages() -> None:
    """The program speaks the 24 official languages of the EU and six others of Europe and beyond."""
    official = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv"
    assert " ".join(languages()) == " ".join(sorted(f"{official} ar he is nb tr uk".split(" ")))


@pytest.mark.parametrize("language", languages())
def test_same_keys(language: str) -> None:
    """Every language has the same tables and keys, none of them empty."""
    english, texts = texts_in("en"), texts_in(language)
    assert {name: set(table) for name, table in texts.items()} == {
        name: set(table) for name, table in english.items()
    }
    assert all(text.strip() for table in texts.values() for text in table.values())


@pytest.mark.parametrize("language", languages())
def test_same_placeholders(language: str) -> None:
    """A text has the same placeholders in every language."""
    for name, table in texts_in("en").items():
        for key, text in table.items():
            found = PLACEHOLDER.findall(texts_in(language)[name][key])
            assert sorted(found) == sorted(PLACEHOLDER.findall(text)), key


def test_widget_keys() -> None:
    """The widget has exactly the texts that it was promised."""
    assert set(texts_in("en")["widget"]) - {"banner_text_only_necessary"} == WIDGET


def test_labels() -> None:
    """The English buttons say "Accept all" and "Reject all"."""
    texts = texts_in("en")["widget"]
    assert (texts["accept_all"], texts["refuse_all"]) == ("Accept all", "Reject all")


def test_unknown_language() -> None:
    """A language without texts is a LookupError that names those there are."""
    with pytest.raises(LookupError, match="only in ar, bg, "):
        texts_in("../en")
