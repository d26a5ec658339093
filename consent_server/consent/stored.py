"""What is stored, as values: leaves and all that belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Leaf:
    """One stored leaf of a site's log: a receipt, or a statement of ours (DESIGN 6).

    Times are Unix milliseconds; `jws` is None once the content is erased. `key` says what may stand in the
    log only once: for a receipt the keyed digest of its decision id, time first, so that an index on it
    stays in order; `body` is the SHA-256 of the posted body. `leaf_hash` is RFC 6962's, SHA-256(0x00 ‖ JWS).
    From `subject` on the members describe receipts and are empty for others; `granted` names the granted
    categories and services, each between spaces. `index` is None until sealed.
    """

    site: str
    id: UUID
    type: str
    key: bytes = field(repr=False)
    time: int
    jws: str | None
    leaf_hash: bytes
    body: bytes = b""
    subject: bytes = b""
    state: str = ""
    method: str = ""
    language: str = ""
    notice: str = ""
    granted: str = ""
    gpc: bool = False
    index: int | None = None

    def erased(self) -> Leaf:
        """Return what is left of this leaf once its content is gone: its place, its hash and its keys."""
        return Leaf(
            self.site,
            self.id,
            self.type,
            self.key,
            self.time,
            None,
            self.leaf_hash,
            self.body,
            index=self.index,
        )


@dataclass(frozen=True, slots=True)
class LogState:
    """How far a site's log is sealed. `checkpoint` is the signed note over size and root (C2SP).

    `origin` was fixed when the log was created; `root` is 32 bytes, `sealed_at` Unix milliseconds.
    """

    origin: str
    size: int
    root: bytes
    checkpoint: str
    sealed_at: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """A leaf whose content was erased and whose erasure the log does not state yet."""

    id: UUID
    reason: str
    time: int


@dataclass(frozen=True, slots=True)
class KeptNotice:
    """A notice that was served once. Times in Unix milliseconds; `replaced_at` is None while it is served."""

    canonical: bytes
    first_served: int
    replaced_at: int | None


@dataclass(frozen=True, slots=True)
class Build:
    """A file of the widget. `main` tells the build that pages load from the chunks that it loads."""

    sha256: str
    content: bytes = field(repr=False)
    main: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp (RFC 3161) on a checkpoint over `size` leaves: the authority's response, DER, as it came.

    `time` is when it was asked for, Unix milliseconds; what the authority states is in the response.
    """

    size: int
    checkpoint: str
    response: bytes = field(repr=False)
    time: int


@dataclass(frozen=True, slots=True)
class Auditor:
    """Somebody who may read one site's receipts until `expires` (Unix milliseconds)."""

    site: str
    id: str
    name: str
    token_hash: bytes = field(repr=False)
    created: int
    expires: int
    revoked: int | None = None


@dataclass(frozen=True, slots=True)
class EraseOrder:
    """Which receipts to erase and why: those of `subject`, or those of `ids`, or of `ids` those of `subject`.

    `reason` is `subject`, `retention` or `operator`; `time` in Unix milliseconds.
    """

    reason: str
    time: int
    subject: bytes | None = None
    ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which receipts an auditor wants: all that agree in every member that is not None.

    Times in Unix milliseconds: from `since` on and before `until`. `granted` is a category or a service.
    """

    since: int | None = None
    until: int | None = None
    state: str | None = None
    granted: str | None = None
    subject: bytes | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What sealing needs to know of a leaf that waits."""

    id: UUID
    leaf_hash: bytes
    time: int
    type: str
    state: str
    method: str
    language: str
    granted: str
    gpc: bool


class Tally(NamedTuple):
    """A count that is kept: in one `respect` (`state`, `method`, …), for one day (days since 1970, UTC)."""

    day: int
    respect: str
    value: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A receipt that must not be erased before `until` (Unix milliseconds), and who said so."""

    id: UUID
    reason: str
    person: str
    until: int


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key as a JWK, when it came and, where it signs no more, when it went (Unix milliseconds)."""

    jwk: Mapping[str, str]
    came: int
    went: int | None = None

    @property
    def kid(self) -> str:
        """The key's RFC 7638 thumbprint."""
        return self.jwk["kid"]


@dataclass(frozen=True, slots=True)
class Access:
    """One use of an auditor's token. `time` in Unix milliseconds."""

    auditor: str
    site: str
    action: str
    time: int
