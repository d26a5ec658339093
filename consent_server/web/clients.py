"""Whose request it is: a keyed hash of the client's address. The address itself is kept nowhere."""

from __future__ import annotations

import hashlib
import logging
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from consent_server.settings import Network

log = logging.getLogger(__name__)

_FORWARDED = "HTTP_X_FORWARDED_FOR"
_PROXIED = (_FORWARDED, "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_UNKNOWN = (
    "Requests come through a proxy that CONSENT_TRUSTED_PROXIES does not name, or that does not say whose "
    "they are: their writes are not limited by client."
)
_UNNAMED = (
    "Requests that name another client come from an address that CONSENT_TRUSTED_PROXIES does not name: "
    "all from there count as one client. Name it where it is a proxy."
)
_HASH_BYTES = 12
_NETWORK_BYTES = 8
"""Of an IPv6 address: a /64 is what one customer is given at least."""

Address: TypeAlias = IPv4Address | IPv6Address


class Clients:
    """Tells clients apart. `key` returns the hash's key.

    `trusted` are the proxies whose `X-Forwarded-For` is believed: empty where there are none and the header
    means nothing, None where nobody said.
    """

    def __init__(self, trusted: tuple[Network, ...] | None, key: Callable[[], bytes]) -> None:
        self._trusted = trusted
        self._key = key
        self._warned: set[str] = set()

    def hash_of(self, environ: WSGIEnvironment) -> str | None:
        """Return the keyed hash of the client's IPv4 address or IPv6 /64, or None where it is not known."""
        return self._hash(self._client(environ, _peer(environ)))

    def hash_of_guesser(self, environ: WSGIEnvironment) -> str | None:
        """Return the same of whoever tries a token: where the client is not known, of whoever sent this here.

        A header that anybody can add must not make guessing free.
        """
        peer = _peer(environ)
        return self._hash(self._client(environ, peer) or peer)

    def _hash(self, address: Address | None) -> str | None:
        if address is None:
            return None
        packed = address.packed if isinstance(address, IPv4Address) else address.packed[:_NETWORK_BYTES]
        return hashlib.blake2b(packed, key=self._key(), digest_size=_HASH_BYTES).hexdigest()

    def _client(self, environ: WSGIEnvironment, peer: Address | None) -> Address | None:
        if self._trusted == () or peer is None or not any(name in environ for name in _PROXIED):
            return peer
        if self._trusted is not None and not self._trusts(peer):
            self._warn(_UNNAMED)
            return peer
        client = self._behind(environ.get(_FORWARDED, "")) if self._trusted else None
        if client is None:
            self._warn(_UNKNOWN)
        return client

    def _behind(self, forwarded: str) -> Address | None:
        """Return the right-most address that is no trusted proxy's: each adds on the right whom it saw."""
        address = None
        for part in reversed(forwarded.split(",")):
            address = parse(part)
            if address is None or not self._trusts(address):
                break
        return address

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted or ())

    def _warn(self, said: str) -> None:
        """Say once why clients cannot be told apart: all visitors behind one proxy would share its limit."""
        if said not in self._warned:
            self._warned.add(said)
            log.warning(said)


def _peer(environ: WSGIEnvironment) -> Address | None:
    return parse(environ.get("REMOTE_ADDR", ""))


def parse(text: str) -> Address | None:
    """Return the address in a part of `X-Forwarded-For`, with or without a port, or None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
