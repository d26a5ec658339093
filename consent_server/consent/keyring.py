"""The keys that sign and signed: published with their dates, their coming and going stated in each log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consent_server.consent.stored import KnownKey
from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consent_server.consent.ports import KeyStore
    from consent_server.evidence.signing import ReceiptSigner


class Keyring:
    """Compares the keys that were given with those that signed before. `clock` returns Unix milliseconds."""

    def __init__(self, store: KeyStore, signer: ReceiptSigner, clock: Callable[[], int]) -> None:
        self._store = store
        self.signer = signer
        self._clock = clock

    def check(self) -> None:
        """Refuse keys none of which ever signed here: the right one was lost or swapped.

        Raises SettingsError.
        """
        known = {key.kid for key in self._store.signing_keys()}
        given = {jwk["kid"] for jwk in self.signer.jwks()["keys"]}
        if known and not known & given:
            newest = self._store.signing_keys()[-1].kid
            raise SettingsError(
                f"None of the signing keys ever signed here; the last that did is {newest}. Give it, "
                "followed by the new one where you rotate. If it is lost, `consent-server keys accept` "
                "starts anew with the one that is given, and the log will show it."
            )

    def accept(self) -> None:
        """Keep the given keys as those that sign from now on; those that are not given went."""
        now = self._clock()
        given = {jwk["kid"]: jwk for jwk in self.signer.jwks()["keys"]}
        for jwk in reversed(given.values()):
            self._store.key_came(KnownKey(jwk, now))
        for key in self._store.signing_keys():
            if key.kid not in given:
                self._store.key_went(key.kid, now)

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JWK Set of every key that ever signed, the newest first.

        `nbf` is when a key came, `exp` when it went: seconds since 1970 (RFC 7519's NumericDate). A receipt
        of a key that went stays valid; one that says it is younger than that is not.
        """
        return {"keys": [_dated(key) for key in reversed(self._store.signing_keys())]}

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what the logs have to state: `came` or `went`, and the key with its dates."""
        for key in self._store.signing_keys():
            yield "came", _dated(KnownKey(key.jwk, key.came))
            if key.went is not None:
                yield "went", _dated(key)


def _dated(key: KnownKey) -> dict[str, Any]:
    dates = {"nbf": key.came // 1000}
    if key.went is not None:
        dates["exp"] = key.went // 1000
    return {**key.jwk, **dates}
