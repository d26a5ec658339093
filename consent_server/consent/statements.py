"""Our own statements in a site's log: what was shown, which keys signed, what was erased (DESIGN 6)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rfc8785

from consent_server.consent.receipt import timestamp
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.evidence.signing import BUILD_TYPE, ERASURE_TYPE, KEY_TYPE, NOTICE_TYPE, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from consent_server.catalog.notice import Notice
    from consent_server.consent.stored import Erasure
    from consent_server.evidence.signing import ReceiptSigner

SCHEMA = "consent-statement/1"


class Statements:
    """Makes signed statements for one site. `now` is in Unix milliseconds throughout."""

    def __init__(self, signer: ReceiptSigner, site: str) -> None:
        self._signer = signer
        self._site = site

    def notice(self, notice: Notice, now: int) -> Leaf:
        """State that a notice was first served."""
        shown = {"sha256": notice.sha256, "revision": notice.revision, "lang": notice.language}
        return self._leaf(NOTICE_TYPE, {"notice": shown}, now)

    def build(self, sha256: str, now: int) -> Leaf:
        """State that a widget build or chunk was first served."""
        return self._leaf(BUILD_TYPE, {"widget": {"sha256": sha256}}, now)

    def key(self, event: str, key: Mapping[str, Any], now: int) -> Leaf:
        """State that a key `came` or `went`; `key` is its public JWK with its dates."""
        return self._leaf(KEY_TYPE, {"event": event, "key": dict(key)}, now)

    def erasures(self, erased: Sequence[tuple[Erasure, int]], now: int) -> list[Leaf]:
        """State which indices were erased, one statement a reason."""
        reasons = sorted({erasure.reason for erasure, _ in erased})
        return [
            self._leaf(
                ERASURE_TYPE,
                {
                    "reason": reason,
                    "ranges": ranges(index for erasure, index in erased if erasure.reason == reason),
                },
                now,
            )
            for reason in reasons
        ]

    def _leaf(self, typ: str, content: dict[str, Any], now: int) -> Leaf:
        leaf_id = uuid7(now)
        payload = {
            "schema": SCHEMA,
            "id": str(leaf_id),
            "site": self._site,
            "time": timestamp(now),
            **content,
        }
        jws = self._signer.sign(payload, typ)
        key = hashlib.sha256(typ.encode() + b"\0" + rfc8785.dumps(content)).digest()
        return Leaf(self._site, leaf_id, typ, key, now, jws, leaf_hash(jws))


def ranges(indices: Iterable[int]) -> list[list[int]]:
    """Join indices into ranges, first and last index of each: [3, 4, 7] gives [[3, 4], [7, 7]]."""
    joined: list[list[int]] = []
    for index in sorted(indices):
        if joined and joined[-1][1] == index - 1:
            joined[-1][1] = index
        else:
            joined.append([index, index])
    return joined
