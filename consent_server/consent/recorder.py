"""Recording decisions: the one path from what a visitor chose to a durable, signed receipt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from consent_server.catalog.revision import revision_of
from consent_server.consent.decision import BEHIND_LIMIT, Decision, Method, check_choices, check_time
from consent_server.consent.receipt import (
    Ruling,
    Shown,
    receipt_payload,
    subject_text,
    timestamp,
    valid_until,
)
from consent_server.consent.stored import Leaf
from consent_server.consent.uuid7 import uuid7
from consent_server.errors import (
    BuildUnknown,
    ChoicesMismatch,
    DecisionReused,
    DecisionTimeRefused,
    NoticeOutdated,
    NoticeUnknown,
    ReceiptErased,
    ReceiptUnknown,
)
from consent_server.evidence.signing import RECEIPT_TYPE, leaf_hash, sha256_of
from consent_server.evidence.tokens import Holding

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from consent_server.consent.ports import BuildStore, LeafStore, NoticeStore
    from consent_server.consent.sites import LiveSite
    from consent_server.evidence.signing import ReceiptSigner
    from consent_server.evidence.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer to a decision. `fresh` is False where it had been recorded before."""

    id: UUID
    receipt: str
    token: str
    subject: str
    valid_until: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Stores:
    """The ports that recording needs. One object may be all of them."""

    leaves: LeafStore
    notices: NoticeStore
    builds: BuildStore


class Recorder:
    """Checks, signs and stores decisions. `clock` returns Unix milliseconds; `tell` hears of each new one."""

    def __init__(
        self,
        stores: Stores,
        signer: ReceiptSigner,
        tokens: Tokens,
        clock: Callable[[], int],
        tell: Callable[[Leaf], None] = lambda _leaf: None,
    ) -> None:
        self._stores = stores
        self._signer = signer
        self._tokens = tokens
        self._clock = clock
        self._tell = tell
        self._known_builds: set[str] = set()

    def record(self, site: LiveSite, decision: Decision, body: bytes) -> Recorded:
        """Record a decision, durably. `body` is the SHA-256 of what was posted: a repeat must match it.

        Raises the refusals of DESIGN 5; after any of them nothing is stored.
        """
        previous = self._previous(site.id, decision.token)
        shown, replaced_at = self._shown(site, decision.notice)
        state = check_choices(decision, shown.body)
        self._check_build(decision.widget)
        now = self._clock()
        try:
            check_time(decision, now)
            check_served(replaced_at, now)
        except (DecisionTimeRefused, NoticeOutdated):
            # A repeat is answered however late it comes.
            stored = self._stores.leaves.stored(site.id, self._tokens.decision_key(site.id, decision.id))
            if stored is None:
                raise
            return self._answer(stored, None, decision, shown, body)
        subject = previous.subject if previous else self._tokens.subject(site.id, decision.id)
        ruling = Ruling(uuid7(now), now, state, subject, previous)
        make = partial(self._leaf, site.id, decision, shown, ruling, body)
        stored = self._stores.leaves.record_made(make)
        if stored.id == ruling.id:
            self._tell(stored)
        return self._answer(stored, ruling.id, decision, shown, body)

    def withdraw(self, site: LiveSite, decision: Decision, body: bytes, receipt_id: UUID) -> Recorded:
        """Record a decision that refuses everything, chained to the receipt `receipt_id`."""
        if decision.method is not Method.WITHDRAW:
            raise ChoicesMismatch("A withdrawal has the method “withdraw”.")
        if self._held(site.id, decision.token).receipt_id != receipt_id:
            raise ReceiptUnknown("There is no such receipt, or the token is not for it.")
        return self.record(site, decision, body)

    def withdraw_by_form(
        self, site: LiveSite, language: str | None, token: str | None, *, gpc: bool
    ) -> Recorded:
        """Withdraw for a visitor without JavaScript, who has nothing but the token of a receipt."""
        self._held(site.id, token)
        notice = site.notice(language)
        decision = Decision(
            id=uuid7(self._clock()),
            notice=notice.sha256,
            method=Method.FORM,
            choices={entry["id"]: False for entry in notice.body["categories"] if not entry["required"]},
            gpc=gpc,
            token=token,
        )
        return self.record(site, decision, sha256(decision.id.bytes).digest())

    def _held(self, site_id: str, token: str | None) -> Holding:
        holding = self._tokens.read(token, site_id)
        if self._is_erased(holding):
            raise ReceiptErased("The content of this receipt was erased.")
        return holding

    def _previous(self, site_id: str, token: str | None) -> Holding | None:
        """Read the token of the receipt before; whoever had that erased begins anew, as somebody new."""
        holding = self._tokens.read(token, site_id) if token is not None else None
        return None if holding is None or self._is_erased(holding) else holding

    def _is_erased(self, holding: Holding) -> bool:
        leaf = self._stores.leaves.leaf(holding.site, holding.receipt_id)
        return leaf is not None and leaf.jws is None

    def _shown(self, site: LiveSite, wanted: str) -> tuple[Shown, int | None]:
        """Return the notice that was shown, and when it was replaced, if it was."""
        for notice in site.notices.values():
            if notice.sha256 == wanted:
                return Shown(wanted, notice.revision, notice.body), None
        kept = self._stores.notices.notice(site.id, wanted)
        if kept is None:
            raise NoticeUnknown("No notice with this SHA-256 was ever served for this site.")
        notice_body = json.loads(kept.canonical)
        return Shown(wanted, revision_of(notice_body), notice_body), kept.replaced_at

    def _check_build(self, build: str | None) -> None:
        if build is None or build in self._known_builds:
            return
        if self._stores.builds.build(build) is None:
            raise BuildUnknown("No widget build with this SHA-256 was ever served here.")
        self._known_builds.add(build)

    def _leaf(self, site_id: str, decision: Decision, shown: Shown, ruling: Ruling, body: bytes) -> Leaf:
        jws = self._signer.sign(receipt_payload(decision, shown, ruling))
        return Leaf(
            site=site_id,
            id=ruling.id,
            type=RECEIPT_TYPE,
            key=self._tokens.decision_key(site_id, decision.id),
            body=body,
            subject=ruling.subject,
            time=ruling.time,
            state=ruling.state.value,
            method=decision.method.value,
            language=shown.body["language"],
            notice=shown.sha256,
            granted=granted_text(decision),
            gpc=decision.gpc,
            jws=jws,
            leaf_hash=leaf_hash(jws),
        )

    def _answer(
        self, stored: Leaf, made: UUID | None, decision: Decision, shown: Shown, body: bytes
    ) -> Recorded:
        if stored.body != body:
            raise DecisionReused("This decision was already recorded with another body.")
        if stored.jws is None:
            raise ReceiptErased("This decision was recorded, and its receipt erased since.")
        token = self._tokens.issue(Holding(stored.site, stored.subject, stored.id, sha256_of(stored.jws)))
        return Recorded(
            id=stored.id,
            receipt=stored.jws,
            token=token,
            subject=subject_text(stored.subject),
            valid_until=timestamp(valid_until(decision, shown)),
            fresh=stored.id == made,
        )


def granted_text(decision: Decision) -> str:
    """Return what was granted, each id between spaces, so that one can be looked for."""
    granted = [name for name, says in {**decision.choices, **decision.services}.items() if says]
    return f" {' '.join(sorted(granted))} " if granted else ""


def check_served(replaced_at: int | None, now: int) -> None:
    """Refuse a notice that was replaced too long ago (Unix milliseconds)."""
    if replaced_at is not None and replaced_at < now - BEHIND_LIMIT:
        raise NoticeOutdated("This notice was replaced more than 180 days ago. Load the page again.")
