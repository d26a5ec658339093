"""An auditor's session in the console: a signed cookie, and a form token that only its pages know."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from consent_server.consent.stored import Access
from consent_server.errors import AuditorRefused, TokenRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Request, Response

    from consent_server.consent.ports import AuditorStore
    from consent_server.consent.stored import Auditor

LIFETIME = 8 * 60 * 60 * 1000
"""Milliseconds after which an auditor has to sign in again."""

_REFUSED = "This token is not valid: it may be mistyped, expired, revoked, or for another server."


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, until when (Unix milliseconds), and what each form of theirs must carry."""

    auditor: Auditor
    expires: int
    form_token: str


class Sessions:
    """Opens and reads sessions. `key_list` are the secrets, oldest first; `clock`: Unix milliseconds.

    The server keeps nothing of a session. The cookie holds the SHA-256 of the auditor's token, by which the
    auditor is looked up each time, so that a revocation ends every session at once.
    """

    def __init__(self, auditors: AuditorStore, key_list: Sequence[bytes], clock: Callable[[], int]) -> None:
        self._auditors = auditors
        self._clock = clock
        options = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._cookies = URLSafeSerializer(list(key_list), salt="consent.console", signer_kwargs=options)
        self._forms = URLSafeSerializer(list(key_list), salt="consent.console.form", signer_kwargs=options)

    def open(self, token: str) -> tuple[Session, str]:
        """Sign in with an auditor's token: return the session and its cookie. Raises AuditorRefused.

        The refusal is the same whatever the reason.
        """
        auditor = self._valid(hashlib.sha256(token.encode("utf-8", "replace")).digest())
        expires = min(self._clock() + LIFETIME, auditor.expires)
        stated = [auditor.token_hash.hex(), expires, secrets.token_urlsafe(16)]
        return self._session(auditor, stated), str(self._cookies.dumps(stated))

    def read(self, cookie: str | None) -> Session:
        """Return the session that a cookie stands for. Raises AuditorRefused."""
        try:
            token_hash, expires, name = stated = self._cookies.loads(cookie or "")
        except (BadData, ValueError, TypeError):
            raise AuditorRefused("Please sign in.") from None
        if expires <= self._clock() or not name:
            raise AuditorRefused("Please sign in again: a session lasts eight hours at most.")
        return self._session(self._valid(bytes.fromhex(token_hash)), stated)

    def note(self, session: Session, action: str) -> None:
        """Keep that the auditor did `action`."""
        auditor = session.auditor
        self._auditors.note_access(Access(auditor.id, auditor.site, action, self._clock()))

    def check_form(self, session: Session, given: str | None) -> None:
        """Refuse a form that does not carry the token of this very session. Raises TokenRefused."""
        if not hmac.compare_digest(session.form_token.encode(), (given or "").encode("utf-8", "replace")):
            raise TokenRefused("This form is not from a page of your session. Open the page again.")

    def _session(self, auditor: Auditor, stated: list[Any]) -> Session:
        return Session(auditor, stated[1], str(self._forms.dumps(stated[2])))

    def _valid(self, token_hash: bytes) -> Auditor:
        auditor = self._auditors.auditor(token_hash)
        if auditor is None or auditor.revoked is not None or auditor.expires <= self._clock():
            raise AuditorRefused(_REFUSED)
        return auditor


def cookie_of(incoming: Request, public_url: str | None) -> str | None:
    """Return the session's cookie as the browser sent it."""
    return incoming.cookies.get(_name(_secure(incoming, public_url)))


def give_cookie(
    answer: Response, incoming: Request, public_url: str | None, value: str, seconds: int
) -> None:
    """Set the session's cookie for `seconds`; with 0 the browser forgets it."""
    secure = _secure(incoming, public_url)
    answer.set_cookie(
        _name(secure), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="Strict"
    )


def _secure(incoming: Request, public_url: str | None) -> bool:
    return urlsplit(public_url or incoming.host_url).scheme == "https"


def _name(secure: bool) -> str:  # noqa: FBT001 - the one thing it depends on
    # The prefix is the browser's promise that no other host set it; it takes it on https alone.
    return "__Host-console" if secure else "console"
