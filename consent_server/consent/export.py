"""The export of a site: every leaf as a line of JSON, in the order of the log (DESIGN 6)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from consent_server.evidence.note import verifier_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from consent_server.consent.keyring import Keyring
    from consent_server.consent.ports import AuditStore
    from consent_server.consent.stored import Leaf

_PAGE = 500


class Exporter:
    """Writes exports in constant memory."""

    def __init__(
        self, leaves: AuditStore, logs: AuditStore, keyring: Keyring, key: Ed25519PrivateKey
    ) -> None:
        self._leaves = leaves
        self._logs = logs
        self._keyring = keyring
        self._key = key

    def lines(self, site: str) -> Iterator[str]:
        """Return the lines: site, keys and checkpoint; the sealed leaves; those that wait, without index."""
        state = self._logs.log(site)
        size = state.size if state else 0
        yield _json(
            {
                "site": site,
                "keys": self._keyring.jwks(),
                "log_key": verifier_of(state.origin, self._key).encode() if state else None,
                "checkpoint": state.checkpoint if state and size else None,
            }
        )
        for start in range(0, size, _PAGE):
            yield from map(line_of, self._leaves.sealed(site, start, min(_PAGE, size - start)))
        yield from self._after(site, size)

    def _after(self, site: str, size: int) -> Iterator[str]:
        """Return what the checkpoint does not cover: what waits, and what was sealed since it was read."""
        seen: set[UUID] = set()
        for leaf in _walk(lambda after: self._leaves.unsealed(site, after, _PAGE)):
            seen.add(leaf.id)
            yield line_of(leaf)
        for start in count(size, _PAGE):
            leaves = self._leaves.sealed(site, start, _PAGE)
            yield from (line_of(replace(leaf, index=None)) for leaf in leaves if leaf.id not in seen)
            if len(leaves) < _PAGE:
                return


def _walk(page: Callable[[UUID | None], list[Leaf]]) -> Iterator[Leaf]:
    after: UUID | None = None
    while leaves := page(after):
        yield from leaves
        after = leaves[-1].id


def line_of(leaf: Leaf) -> str:
    """Return the line of a leaf, an erased one too (DESIGN 6)."""
    line: dict[str, Any] = {} if leaf.index is None else {"index": leaf.index}
    if leaf.jws is None:
        return _json({**line, "erased": True, "leaf_hash": base64.b64encode(leaf.leaf_hash).decode()})
    return _json({**line, "type": leaf.type, "jws": leaf.jws})


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
