"""Auditors, their accesses, holds and keys in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consent_server.storage import people
from consent_server.storage.connection import Connected

if TYPE_CHECKING:
    from uuid import UUID

    from consent_server.consent.stored import Access, Auditor, Hold, KnownKey


class PeopleStore(Connected):
    """See AuditorStore, HoldStore and KeyStore."""

    def add(self, auditor: Auditor) -> None:
        """See AuditorStore.add."""
        with self._connected(), self._writing():
            people.add_auditor(self._database, auditor)

    def auditor(self, token_hash: bytes) -> Auditor | None:
        """See AuditorStore.auditor."""
        with self._connected():
            return people.find_auditor(self._database, token_hash)

    def auditors(self, site: str | None) -> list[Auditor]:
        """See AuditorStore.auditors."""
        with self._connected():
            return people.list_auditors(self._database, site)

    def revoke(self, auditor_id: str, now: int) -> bool:
        """See AuditorStore.revoke."""
        with self._connected(), self._writing():
            return people.revoke_auditor(self._database, auditor_id, now)

    def note_access(self, access: Access) -> None:
        """See AuditorStore.note_access."""
        with self._connected(), self._writing():
            people.add_access(self._database, access)

    def accesses(self, site: str, limit: int) -> list[Access]:
        """See AuditorStore.accesses."""
        with self._connected():
            return people.list_accesses(self._database, site, limit)

    def hold(self, site: str, hold: Hold) -> bool:
        """See HoldStore.hold."""
        with self._connected(), self._writing():
            return people.add_hold(self._database, site, hold)

    def release(self, site: str, leaf_id: UUID) -> bool:
        """See HoldStore.release."""
        with self._connected(), self._writing():
            return people.end_hold(self._database, site, leaf_id)

    def holds(self, site: str) -> list[Hold]:
        """See HoldStore.holds."""
        with self._connected():
            return people.list_holds(self._database, site)

    def signing_keys(self) -> list[KnownKey]:
        """See KeyStore.signing_keys."""
        with self._connected():
            return people.list_keys(self._database)

    def key_came(self, key: KnownKey) -> None:
        """See KeyStore.key_came."""
        with self._connected(), self._writing():
            people.add_key(self._database, key)

    def key_went(self, kid: str, now: int) -> None:
        """See KeyStore.key_went."""
        with self._connected(), self._writing():
            people.end_key(self._database, kid, now)
