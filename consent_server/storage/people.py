"""Auditors, their accesses, holds and keys as rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from consent_server.consent.stored import Access, Auditor, Hold, KnownKey
from consent_server.consent.uuid7 import uuid7
from consent_server.storage.tables import AccessRow, AuditorRow, HoldRow, KeyRow, LeafRow

if TYPE_CHECKING:
    from peewee import Database


def add_auditor(database: Database, auditor: Auditor) -> None:
    """Insert an auditor."""
    AuditorRow.insert(
        token_hash=auditor.token_hash,
        id=auditor.id,
        site=auditor.site,
        name=auditor.name,
        created=auditor.created,
        expires=auditor.expires,
        revoked=auditor.revoked,
    ).execute(database)


def find_auditor(database: Database, token_hash: bytes) -> Auditor | None:
    """Return the auditor whose token has this hash."""
    row = AuditorRow.select().where(AuditorRow.token_hash == token_hash).first(database)
    return None if row is None else _auditor(row)


def list_auditors(database: Database, site: str | None) -> list[Auditor]:
    """Return the auditors of a site or of all, oldest first."""
    query = AuditorRow.select().order_by(AuditorRow.created, AuditorRow.id)
    if site is not None:
        query = query.where(AuditorRow.site == site)
    return [_auditor(row) for row in query.execute(database)]


def revoke_auditor(database: Database, auditor_id: str, now: int) -> bool:
    """Revoke a token that is not revoked yet."""
    open_ones = (AuditorRow.id == auditor_id) & AuditorRow.revoked.is_null()
    return bool(AuditorRow.update(revoked=now).where(open_ones).execute(database))


def add_access(database: Database, access: Access) -> None:
    """Insert the use of a token."""
    AccessRow.insert(
        site=access.site,
        id=uuid7(access.time).bytes,
        auditor=access.auditor,
        action=access.action,
        time=access.time,
    ).execute(database)


def list_accesses(database: Database, site: str, limit: int) -> list[Access]:
    """Return the last uses of tokens, the newest first."""
    query = AccessRow.select().where(AccessRow.site == site).order_by(AccessRow.id.desc()).limit(limit)
    return [Access(row.auditor, row.site, row.action, row.time) for row in query.execute(database)]


def add_hold(database: Database, site: str, hold: Hold) -> bool:
    """Insert or change a hold on a leaf that has content."""
    leaf = (LeafRow.site == site) & (LeafRow.id == hold.id.bytes) & LeafRow.jws.is_null(False)
    if not LeafRow.select().where(leaf).exists(database):
        return False
    HoldRow.insert(
        site=site, id=hold.id.bytes, reason=hold.reason, person=hold.person, until=hold.until
    ).on_conflict(
        conflict_target=[HoldRow.site, HoldRow.id],
        preserve=[HoldRow.reason, HoldRow.person, HoldRow.until],
    ).execute(database)
    return True


def end_hold(database: Database, site: str, leaf_id: UUID) -> bool:
    """Delete a hold."""
    held = (HoldRow.site == site) & (HoldRow.id == leaf_id.bytes)
    return bool(HoldRow.delete().where(held).execute(database))


def list_holds(database: Database, site: str) -> list[Hold]:
    """Return the holds of a site, the first to end first."""
    query = HoldRow.select().where(HoldRow.site == site).order_by(HoldRow.until, HoldRow.id)
    return [
        Hold(UUID(bytes=bytes(row.id)), row.reason, row.person, row.until) for row in query.execute(database)
    ]


def list_keys(database: Database) -> list[KnownKey]:
    """Return every key that ever signed."""
    query = KeyRow.select().order_by(KeyRow.came, KeyRow.kid)
    return [KnownKey(json.loads(row.jwk), row.came, row.went) for row in query.execute(database)]


def add_key(database: Database, key: KnownKey) -> None:
    """Insert a key, or let one that went be there again."""
    jwk = json.dumps(dict(key.jwk))
    KeyRow.insert(kid=key.kid, jwk=jwk, came=key.came).on_conflict_ignore().execute(database)
    KeyRow.update(went=None).where(KeyRow.kid == key.kid).execute(database)


def end_key(database: Database, kid: str, now: int) -> None:
    """Note that a key signs no more."""
    KeyRow.update(went=now).where((KeyRow.kid == kid) & KeyRow.went.is_null()).execute(database)


def _auditor(row: Any) -> Auditor:
    return Auditor(
        site=row.site,
        id=row.id,
        name=row.name,
        token_hash=bytes(row.token_hash),
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
    )
