"""The forms that single values may have. Each check returns what is wrong and what to write, or None."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

from babel import Locale

UNIONS = frozenset({"EU", "EEA"})
CONSENT_MODE = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
    "security_storage",
)
"""The keys of Google Consent Mode v2."""

ID = "[a-z0-9]+(-[a-z0-9]+)*"
ID_LENGTH = 40
NAME_LENGTH = 200
_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ADDRESS = re.compile(r"[0-9.]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
LOCAL_HOSTS = ("localhost", "127.0.0.1")
_PORTS = {"https": 443, "http": 80}
_COOKIE_NAME = re.compile(r"[!#$%&'+\-.^_`|~0-9A-Za-z]+\*?")


@cache
def countries() -> frozenset[str]:
    """Return the ISO 3166-1 alpha-2 codes, as CLDR knows them."""
    codes: frozenset[str] = frozenset(Locale("en").territories)
    return frozenset(code for code in codes if re.fullmatch("[A-Z]{2}", code)) - _NO_COUNTRIES


def id_flaw(text: str) -> str | None:
    """Check an id: lowercase letters, digits and single hyphens, at most 40 characters."""
    if re.fullmatch(ID, text) and len(text) <= ID_LENGTH:
        return None
    return f'{text!r} is no id: write lowercase letters, digits and hyphens, such as "google-analytics"'


def category_id_flaw(text: str) -> str | None:
    """Check the id of a category: the consent cookie joins them with hyphens, so that none may hold one."""
    if "-" in text and id_flaw(text) is None:
        return f"{text!r}: the id of a category has no hyphen: write {text.replace('-', '')!r}"
    return id_flaw(text)


def country_flaw(text: str) -> str | None:
    """Check a country: ISO 3166-1 alpha-2."""
    if text in countries():
        return None
    hint = ' (the United Kingdom is "GB")' if text == "UK" else ""
    return f'{text!r} is no country: write its two letters by ISO 3166, such as "LT" or "IE"{hint}'


def jurisdiction_flaw(text: str) -> str | None:
    """Check whose law applies: the EU, the EEA, or a country."""
    if text in UNIONS or text in countries():
        return None
    return f'{text!r} is no jurisdiction: write "EU", "EEA", or a country\'s two letters by ISO 3166'


def link_flaw(text: str) -> str | None:
    """Check a link: an absolute http(s) URL."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in _PORTS and bool(parts.hostname) and not re.search(r"[\s\"<>\\]", text)
    except ValueError:
        good = False
    return None if good else f'{text!r} is no link: write a full URL that begins with "https://" or "http://"'


def origin_flaw(text: str) -> str | None:
    """Check an origin (RFC 6454): exactly what a browser sends, https or a website on this machine."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if host and port == _PORTS.get(parts.scheme):
        return f"{text!r} names its scheme's own port, which browsers leave out: write it without :{port}"
    shown = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "") if host else ""
    if text != shown or not _HOST.fullmatch(host):
        return f'{text!r} is no origin: write scheme and host only, such as "https://www.example.com"'
    if parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL_HOSTS):
        return None
    return f'{text!r} is not encrypted: write "https://"; "http://" is for localhost and 127.0.0.1 alone'


def domain_flaw(text: str) -> str | None:
    """Check a cookie's Domain attribute (RFC 6265, section 4.1.2.3): a host name with a dot inside."""
    if _HOST.fullmatch(text) and "." in text and not _ADDRESS.fullmatch(text):
        return None
    return f'{text!r} is no cookie domain: write a bare domain, such as "example.com"'


def script_flaw(text: str) -> str | None:
    """Check where a service's scripts come from: a host name, "*." in front for every host below it."""
    if _HOST.fullmatch(text.removeprefix("*.")):
        return None
    return f'{text!r} is no host: write a host name, such as "www.example.com" or "*.example.com"'


def email_flaw(text: str) -> str | None:
    """Check, loosely, an email address."""
    return (
        None if _EMAIL.fullmatch(text) else f'{text!r} is no email address: write one such as "a@b.example"'
    )


def path_flaw(text: str) -> str | None:
    """Check a cookie's Path attribute (RFC 6265, section 4.1.2.4)."""
    if re.fullmatch(r"/[^;\s]*", text):
        return None
    return f'{text!r} is no path: write one that begins with "/", which alone means the whole website'


def stored_name_flaw(text: str) -> str | None:
    """Check the name of something stored: not too long, and no asterisk but at its end."""
    if len(text) > NAME_LENGTH:
        return f"{text[:20]!r}…: a name has at most {NAME_LENGTH} characters, or an asterisk for what varies"
    if "*" in text[:-1] or text == "*":
        return f'{text!r}: an asterisk may stand only at the end of a name, such as "visid_incap_*"'
    return None


def cookie_name_flaw(text: str) -> str | None:
    """Check a cookie's name: a token (RFC 6265, section 4.1.1), an asterisk at its end aside."""
    if _COOKIE_NAME.fullmatch(text):
        return None
    return f"{text!r} is no cookie name: write the name alone, without spaces or any of ( ) , ; = @"


def prefix_flaw(name: str, path: str) -> str | None:
    """Check that a cookie named __Host-… has the path "/", without which browsers refuse it (RFC 6265bis)."""
    if name.startswith("__Host-") and path != "/":
        return f'{name!r} has the path {path!r}: browsers accept "__Host-" with "/" alone, so leave path out'
    return None


def covers(domain: str, origin: str) -> bool:
    """Whether cookies of this domain reach this origin's host (RFC 6265, section 5.1.3)."""
    host = urlsplit(origin).hostname or ""
    return host == domain or host.endswith(f".{domain}")
