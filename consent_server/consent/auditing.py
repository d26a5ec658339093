"""What an auditor may do: be admitted, and page through receipts."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from consent_server.consent.statistics import statistics
from consent_server.consent.stored import Access, Auditor
from consent_server.errors import AuditorRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from consent_server.consent.ports import AuditorStore, AuditStore
    from consent_server.consent.stored import Filter, Leaf

_DAY = 24 * 60 * 60 * 1000
_PREFIX = "auditor-"


def new_auditor(site: str, name: str, days: int, now: int) -> tuple[Auditor, str]:
    """Make an auditor and the token that is shown once; only its hash is kept. `now` in Unix milliseconds."""
    token = _PREFIX + secrets.token_urlsafe(32)
    auditor = Auditor(site, uuid4().hex[:12], name, _hash(token), now, now + days * _DAY)
    return auditor, token


class Auditing:
    """Admits auditors and reads receipts on their behalf. `clock` returns Unix milliseconds."""

    def __init__(self, auditors: AuditorStore, store: AuditStore, clock: Callable[[], int]) -> None:
        self._auditors = auditors
        self._store = store
        self._clock = clock

    def admit(self, site: str, token: str | None, action: str) -> Auditor:
        """Return the auditor whose token this is, and keep that they did `action`.

        Raises AuditorRefused, with one answer for every reason.
        """
        auditor = self._auditors.auditor(_hash(token)) if token else None
        refused = (
            auditor is None
            or auditor.site != site
            or auditor.revoked is not None
            or auditor.expires <= self._clock()
        )
        if auditor is None or refused:
            raise AuditorRefused("A valid auditor's token for this site is needed.")
        self._auditors.note_access(Access(auditor.id, site, action, self._clock()))
        return auditor

    def page(self, site: str, start: int, limit: int, wanted: Filter) -> tuple[list[Leaf], int | None]:
        """Return up to `limit` sealed receipts from the index `start` on, and where the next page starts.

        The order is that of the log: what is recorded later comes later, so that no page misses any.
        A page of a filter may be short, even empty, and there is more all the same: the cursor says so.
        """
        return self._store.receipts(site, start, limit, wanted)

    def statistics(self, site: str, first: int, last: int) -> dict[str, Any]:
        """Return statistics of a range of days (days since 1970, UTC)."""
        return statistics(self._store.tallies(site, first, last), first, last)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
