"""The Open Cookie Database (github.com/jkwakman/Open-Cookie-Database, Apache-2.0), from a user's own copy.

Its rows are offered with its words in English, each with a note to review it. What it does not say, or says
in a way that a catalog cannot hold, becomes `TODO`.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.catalog.additions import TODO, NewCookie, NewService, Offer, new_service
from consent_server.catalog.flaws import did_you_mean, listing
from consent_server.catalog.formats import id_flaw, link_flaw
from consent_server.catalog.known import find_known, known_services
from consent_server.catalog.lifespan import Lifespan, parse_lifespan
from consent_server.catalog.model import SITE

if TYPE_CHECKING:
    from consent_server.catalog.model import Storage

LARGEST = 20_000_000
"""The most bytes that a database file may have; the one of 2026 has 570,000."""

PLATFORM, CATEGORY, NAME = "Platform", "Category", "Cookie / Data Key name"
DESCRIPTION, RETENTION, CONTROLLER = "Description", "Retention period", "Data Controller"
PORTAL, WILDCARD = "User Privacy & GDPR Rights Portals", "Wildcard match"
COLUMNS = (PLATFORM, CATEGORY, NAME, DESCRIPTION, RETENTION, CONTROLLER, PORTAL, WILDCARD)
"""The columns that are read; there may be others."""

_CATEGORIES = {
    "necessary": "necessary",
    "security": "necessary",
    "functional": "functional",
    "personalization": "functional",
    "analytics": "analytics",
    "marketing": "marketing",
}
_FOR_GOOD = {"persistent", "permanent", "forever", "unlimited", "no expiration", "local storage"}
_LENGTH = re.compile(r"(\d{1,6}) ?(sec|second|min|minute|hour|day|week|month|year)s?")
_UNITS = {"sec": "second", "min": "minute"}
_ID_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Database:
    """The rows of a database, in file order: each maps the columns to texts without line breaks."""

    rows: tuple[dict[str, str], ...]

    def find(self, name: str, platform: str | None = None) -> tuple[dict[str, str], ...]:
        """Return what is said of a name, one row a platform; else what the longest fitting beginning says."""
        rows = [
            row for row in self.rows if platform is None or row[PLATFORM].casefold() == platform.casefold()
        ]
        found = [row for row in rows if row[NAME] == name.removesuffix("*")]
        if not found:
            begins = [row for row in rows if row[WILDCARD] == "1" and name.startswith(row[NAME])]
            longest = max((len(row[NAME]) for row in begins), default=0)
            found = [row for row in begins if len(row[NAME]) == longest]
        return tuple({row[PLATFORM].casefold(): row for row in reversed(found)}.values())[::-1]

    def hint(self, name: str) -> str:
        """Return "did you mean" and the nearest name, or nothing."""
        return did_you_mean(name, {row[NAME] for row in self.rows})


def read_database(source: bytes) -> Database:
    """Read a database file (CSV, RFC 4180). Raises ValueError with one plain sentence."""
    if len(source) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 from byte {error.start} on") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"it has no column {listing(missing)}")
        rows = [{column: _plain(row[column] or "") for column in COLUMNS} for row in reader]
    except csv.Error as error:
        raise ValueError(f"it is no CSV after line {reader.line_num}: {error}") from error
    return Database(tuple(row for row in rows if row[NAME]))


def offer_from(row: dict[str, str], storage: Storage = "cookie", *, http_only: bool = False) -> Offer:
    """Offer a row of the database; storage and HttpOnly are what was seen, since it does not say."""
    lifespan = _lifespan(row[RETENTION])
    service = _service(row)
    said = "" if lifespan else f'; it says "{row[RETENTION]}" of the lifespan'
    return Offer(
        service,
        NewCookie(
            name=row[NAME] + ("*" if row[WILDCARD] == "1" and not row[NAME].endswith("*") else ""),
            storage=storage,
            service=service.id if service else SITE,
            category=_CATEGORIES.get(row[CATEGORY].casefold(), row[CATEGORY].casefold() or TODO),
            lifespan=_stored(lifespan, storage),
            purpose={"en": row[DESCRIPTION] or TODO},
            http_only=http_only and storage == "cookie",
            note=f"assumed, please review: from the Open Cookie Database, {row[PLATFORM]}{said}",
        ),
    )


def _plain(text: str) -> str:
    """Put a text on one line, without characters that no file or terminal should get."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _lifespan(text: str) -> Lifespan | None:
    words = text.lower().strip()
    if words.startswith(("session", "end of session")):
        return Lifespan("session")
    if words in _FOR_GOOD:
        return Lifespan("persistent")
    found = _LENGTH.fullmatch(words)
    try:
        return parse_lifespan(f"{found[1]} {_UNITS.get(found[2], found[2])}") if found else None
    except ValueError:
        return None


def _stored(lifespan: Lifespan | None, storage: Storage) -> str:
    """Say how long it stays where it was seen: the database mostly speaks of cookies."""
    if storage == "session_storage":
        return "session"
    if storage != "cookie" and (lifespan is None or lifespan.kind == "session"):
        return "persistent"
    return TODO if lifespan is None else str(lifespan)


def _service(row: dict[str, str]) -> NewService | None:
    """Take the service from the knowledge base where that has one; None: on the website itself."""
    name = row[PLATFORM].casefold()
    named = [known for known in known_services().values() if name in {known.name.casefold(), known.id}]
    found = named or [known.service for known in find_known(row[NAME])]
    if len(found) == 1:
        return new_service(found[0])
    return NewService(
        id=_id(row[PLATFORM]),
        name=row[PLATFORM] or TODO,
        provider=row[CONTROLLER] or TODO,
        country=TODO,
        privacy_policy=TODO if link_flaw(row[PORTAL]) else row[PORTAL],
    )


def _id(name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:_ID_LENGTH].strip("-")
    return "todo" if id_flaw(made) or made == SITE else made
