"""What an auditor may do: be admitted, page through receipts, take an export."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from consent_server.consent.ports import Auditor
from consent_server.errors import AuditorRefused
from consent_server.evidence.signing import RECEIPT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from consent_server.consent.ports import AuditorStore, Entry, ReceiptStore
    from consent_server.evidence.signing import ReceiptSigner

_DAY = 24 * 60 * 60 * 1000
_PAGE = 500
_PREFIX = "auditor-"


def new_auditor(site: str, name: str, days: int, now: int) -> tuple[Auditor, str]:
    """Make an auditor and the token that is shown once; only its hash is kept. `now` in Unix milliseconds."""
    token = _PREFIX + secrets.token_urlsafe(32)
    auditor = Auditor(site, uuid4().hex[:12], name, _hash(token), now, now + days * _DAY)
    return auditor, token


class Auditing:
    """Reads receipts on behalf of auditors. `clock` returns Unix milliseconds."""

    def __init__(
        self,
        auditors: AuditorStore,
        receipts: ReceiptStore,
        signer: ReceiptSigner,
        clock: Callable[[], int],
    ) -> None:
        self._auditors = auditors
        self._receipts = receipts
        self._signer = signer
        self._clock = clock

    def admit(self, site: str, token: str | None) -> Auditor:
        """Return the auditor whose token this is, or raise AuditorRefused: one answer for every reason."""
        auditor = self._auditors.auditor(_hash(token)) if token else None
        refused = (
            auditor is None
            or auditor.site != site
            or auditor.revoked is not None
            or auditor.expires <= self._clock()
        )
        if auditor is None or refused:
            raise AuditorRefused("A valid auditor's token for this site is needed.")
        return auditor

    def page(self, site: str, after: UUID | None, limit: int) -> tuple[list[Entry], UUID | None]:
        """Return up to `limit` entries after `after`, and the cursor of the next page where there is one."""
        entries = self._receipts.page(site, after, limit + 1)
        return entries[:limit], entries[limit - 1].id if len(entries) > limit else None

    def export(self, site: str) -> Iterator[str]:
        """Return the export of a site (DESIGN 6): lines of JSON, first the site and the keys."""
        yield _json({"site": site, "keys": self._signer.jwks(), "checkpoint": None})
        after: UUID | None = None
        while entries := self._receipts.page(site, after, _PAGE):
            yield from (_line(entry) for entry in entries)
            after = entries[-1].id


def _line(entry: Entry) -> str:
    if entry.jws is None:
        return _json({"erased": True, "leaf_hash": base64.b64encode(entry.leaf_hash).decode()})
    return _json({"type": RECEIPT_TYPE, "jws": entry.jws})


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
