"""The list of receipts, and one receipt with its chain, its notice and what proves it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from consent_server.consent.searched import said_by
from consent_server.errors import EvidenceInvalid, NotSealed, ReceiptUnknown
from consent_server.evidence.signing import RECEIPT_TYPE, sha256_of
from consent_server.evidence.verify import parse_jws
from consent_server.web.console_frame import LANGUAGE, moment
from consent_server.web.page_console_dashboard import language_words, method_words, names_of, state_words
from consent_server.web.page_receipt import Held, receipt_page
from consent_server.web.receipts import receipt_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from consent_server.consent.auditing import Auditing
    from consent_server.consent.logs import Logs
    from consent_server.consent.ports import LeafStore, NoticeStore
    from consent_server.consent.sites import LiveSite
    from consent_server.consent.stored import Leaf
    from consent_server.evidence.proof import Proof
    from consent_server.web.page_receipt import ReceiptPage
    from consent_server.web.queries import Page

CHAIN = 20
"""Receipts of one subject that a page follows back."""

_WINDOWS = 25


@dataclass(frozen=True, slots=True)
class Row:
    """One receipt of the list, in words. Of an erased one only index, id and time are left.

    `damage` says why one cannot be read; then index and id are all there is.
    """

    index: str
    id: str
    time: str
    erased: bool
    state: str
    state_words: str
    method: str
    language: str
    granted: str
    gpc: bool
    damage: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One receipt back in a chain. `fits`: its SHA-256 is the one that the receipt after it names."""

    id: str
    time: str
    state: str
    fits: bool
    erased: bool
    jws: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything that the page of one receipt shows.

    `damage` says why the stored content cannot be shown in words; then `page` is None. `proof` is None
    while the receipt waits to be sealed. `time` is there for an erased one. `notice` is the notice's body,
    `widget` the build it was drawn by.
    """

    id: str
    time: str
    index: int | None
    jws: str | None
    leaf_hash: str
    subject: str
    payload: str
    damage: str
    page: ReceiptPage | None
    notice: Mapping[str, Any] | None
    widget: str
    chain: tuple[Link, ...]
    proof: Proof | None


def gather(auditing: Auditing, site: str, asked: Page) -> tuple[list[Leaf], int | None]:
    """Return a page of receipts and where the next one starts.

    One call of the store looks at a window of the log; this looks at some more of them, so that a filter
    which little agrees with does not show one empty page after another.
    """
    found: list[Leaf] = []
    start: int | None = asked.start
    for _ in range(_WINDOWS):
        leaves, start = auditing.page(site, start or 0, asked.limit - len(found), asked.wanted)
        found += leaves
        if start is None or len(found) == asked.limit:
            break
    return found, start


def rows(site: LiveSite, leaves: list[Leaf]) -> tuple[Row, ...]:
    """Put receipts into words."""
    names = names_of(site)
    return tuple(_row(leaf, names) for leaf in leaves)


def _row(leaf: Leaf, names: Mapping[str, str]) -> Row:
    empty = Row(str(leaf.index), str(leaf.id), "", leaf.jws is None, "", "", "", "", "", gpc=False)
    if empty.erased:
        return replace(empty, time=moment(leaf.time))
    try:
        said = said_by(leaf)
    except EvidenceInvalid as error:
        return replace(empty, damage=error.detail)
    return replace(
        empty,
        time=moment(said.time),
        state=said.state,
        state_words=state_words(said.state),
        method=method_words(said.method),
        language=language_words(said.language),
        granted=", ".join(names.get(name, name) for name in said.granted),
        gpc=said.gpc,
    )


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens one receipt of a site."""

    leaves: LeafStore
    notices: NoticeStore
    logs: Logs

    def open(self, site: LiveSite, receipt_id: str) -> Opened:
        """Return the receipt with all that belongs to it. Raises ReceiptUnknown."""
        leaf = self._receipt(site.id, receipt_id_of(receipt_id))
        if leaf is None:
            raise ReceiptUnknown(f"There is no receipt {receipt_id} on this site.")
        payload, page, notice, damage = self._read(site, leaf)
        widget, subject = payload.get("widget"), payload.get("subject")
        return Opened(
            id=str(leaf.id),
            time=moment(leaf.time) if leaf.jws is None else "",
            index=leaf.index,
            jws=leaf.jws,
            leaf_hash=base64.b64encode(leaf.leaf_hash).decode(),
            subject=subject if isinstance(subject, str) else "",
            payload=json.dumps(payload, ensure_ascii=False, indent=2) if payload else "",
            damage=damage,
            page=page,
            notice=notice,
            widget=str(widget.get("sha256", "")) if isinstance(widget, dict) else "",
            chain=self._chain(site.id, payload),
            proof=self._proof(site.id, leaf),
        )

    def _receipt(self, site: str, leaf_id: UUID) -> Leaf | None:
        leaf = self.leaves.leaf(site, leaf_id)
        return leaf if leaf is not None and leaf.type == RECEIPT_TYPE else None

    def _read(
        self, site: LiveSite, leaf: Leaf
    ) -> tuple[Mapping[str, Any], ReceiptPage | None, Mapping[str, Any] | None, str]:
        """Put the stored content into words. Whoever changed the database may have left anything there."""
        payload: Mapping[str, Any] = {}
        if leaf.jws is None:
            return payload, None, None, ""
        try:
            payload = parse_jws(leaf.jws).payload
            said_by(leaf)
            notice = self._notice(site.id, payload["notice"]["sha256"])
            page = receipt_page(site, Held(leaf.jws, notice), LANGUAGE)
            return payload, page, json.loads(notice), ""
        except EvidenceInvalid as error:
            return payload, None, None, error.detail
        except (KeyError, TypeError, ValueError, AttributeError):
            return payload, None, None, "Its members are not those of a receipt."

    def _notice(self, site: str, sha256: str) -> bytes:
        kept = self.notices.notice(site, sha256)
        if kept is None:
            raise EvidenceInvalid("The notice that the receipt names was never served here.")
        return kept.canonical

    def _chain(self, site: str, payload: Mapping[str, Any]) -> tuple[Link, ...]:
        links: list[Link] = []
        named = payload.get("previous")
        while isinstance(named, dict) and len(links) < CHAIN:
            leaf = self._named(site, named)
            if leaf is None:
                links.append(Link(str(named.get("id")), "", "", fits=False, erased=False, jws=""))
                break
            links.append(_link(leaf, named.get("sha256")))
            named = _payload(leaf).get("previous")
        return tuple(links)

    def _named(self, site: str, named: Mapping[str, Any]) -> Leaf | None:
        try:
            return self._receipt(site, receipt_id_of(str(named.get("id"))))
        except ReceiptUnknown:
            return None

    def _proof(self, site: str, leaf: Leaf) -> Proof | None:
        try:
            return self.logs.proof(site, leaf.id)
        except (NotSealed, EvidenceInvalid):  # where its tiles are damaged, the check in the browser says so
            return None


def _link(leaf: Leaf, sha256: object) -> Link:
    erased = leaf.jws is None
    jws = leaf.jws or ""
    fits = erased or (jws.isascii() and sha256_of(jws) == sha256)
    try:
        said = None if erased else said_by(leaf)
    except EvidenceInvalid:
        return Link(str(leaf.id), "Damaged", "", fits, erased, jws)
    time, words = (moment(said.time), state_words(said.state)) if said else (moment(leaf.time), "")
    return Link(str(leaf.id), time, words, fits, erased, jws)


def _payload(leaf: Leaf) -> Mapping[str, Any]:
    try:
        return parse_jws(leaf.jws or "").payload
    except EvidenceInvalid:
        return {}
