"""Every refusal of this system, each with a stable code. Knows no HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Severity = Literal["error", "warning"]
"""An error keeps a catalog from being served; a warning is told and leaves the decision to people."""

SAID = 20
"""How many flaws the message of a refused catalog spells out."""


class ConsentError(Exception):
    """The root of the tree. `code` is stable and public; the message says what is wrong and what to do."""

    code: ClassVar[str]

    @property
    def detail(self) -> str:
        """The message, in plain words."""
        return str(self.args[0]) if self.args else ""


class SettingsError(ConsentError):
    """A CONSENT_* setting is missing or cannot be used."""

    code = "settings_invalid"


@dataclass(frozen=True, slots=True, order=True)
class Flaw:
    """One thing wrong with a catalog: where (1-based, 0 where there is no place), what, and what to write.

    `rule` is the stable id of what does not hold. `source` is the line itself, or a part of a very long
    one, and `caret` the column in it (1-based, 0 where there is none).
    """

    file: str
    line: int
    column: int
    message: str
    source: str = ""
    rule: str = ""
    severity: Severity = "error"
    caret: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.message}"


class CatalogError(ConsentError):
    """A catalog cannot be used. Carries its flaws in order of place; `more` counts those left out."""

    code = "catalog_invalid"

    def __init__(self, flaws: list[Flaw], more: int = 0) -> None:
        self.flaws = sorted(flaws)
        self.more = more
        said = [str(flaw) for flaw in self.flaws[:SAID]]
        left = len(self.flaws) - len(said) + more
        super().__init__("\n".join([*said, f"… and {left} more."] if left else said))


class SiteUnknown(ConsentError):
    """No catalog defines this site."""

    code = "site_unknown"


class NoticeUnknown(ConsentError):
    """No notice with this SHA-256 was ever served for this site."""

    code = "notice_unknown"


class NoticeOutdated(ConsentError):
    """The notice was replaced too long ago for a decision on it to count."""

    code = "notice_outdated"


class BuildUnknown(ConsentError):
    """No widget build or chunk has this SHA-256."""

    code = "build_unknown"


class BodyTooLarge(ConsentError):
    """The body is over the limit."""

    code = "body_too_large"


class BodyMalformed(ConsentError):
    """The body is not what its media type says: bad UTF-8, bad JSON, duplicate keys, NaN, nested too deep."""

    code = "body_malformed"


class BodyInvalid(ConsentError):
    """The body was read but its fields are wrong. `fields` maps each wrong field to what is wrong with it."""

    code = "body_invalid"

    def __init__(self, detail: str, fields: dict[str, list[str]] | None = None) -> None:
        self.fields = fields or {}
        super().__init__(detail)


class MediaTypeUnsupported(ConsentError):
    """The body's media type or content encoding is not accepted here."""

    code = "media_type_unsupported"


class ChoicesMismatch(ConsentError):
    """The choices do not name exactly the notice's optional categories, or disagree with the method."""

    code = "choices_mismatch"


class DecisionTimeRefused(ConsentError):
    """The decision's own time is too far ahead of the server's clock, or too far behind it."""

    code = "decision_time"


class DecisionReused(ConsentError):
    """The decision id was already used with another body."""

    code = "decision_reused"


class ReceiptErased(ConsentError):
    """The receipt's content was erased."""

    code = "receipt_erased"


class ReceiptUnknown(ConsentError):
    """No such receipt, or not one that this token may see."""

    code = "receipt_unknown"


class NotSealed(ConsentError):
    """The leaf, or the log's first checkpoint, waits to be sealed; it will be there in some seconds."""

    code = "not_sealed"


class TileUnknown(ConsentError):
    """The log has no such tile."""

    code = "tile_unknown"


class LogDamaged(ConsentError):
    """The log was cut or edited since it was last seen."""

    code = "log_damaged"


class LegalHold(ConsentError):
    """A hold keeps the receipt from being erased."""

    code = "legal_hold"


class OriginForbidden(ConsentError):
    """The request does not come from an origin that may write here."""

    code = "origin_forbidden"


class TokenRefused(ConsentError):
    """The token is missing, damaged, or signed for something else."""

    code = "token_refused"


class AuditorRefused(ConsentError):
    """The auditor's token is missing, unknown, expired, revoked, or for another site."""

    code = "auditor_refused"


class QueryInvalid(ConsentError):
    """A query parameter cannot be used."""

    code = "query_invalid"


class StorageUnavailable(ConsentError):
    """The database did not answer in time; nothing was recorded and the same request may be sent again."""

    code = "storage_unavailable"


class ServerBusy(ConsentError):
    """Too many bodies are on their way; nothing was done and the same request may be sent again."""

    code = "server_busy"


class RateLimited(ConsentError):
    """This client sent too much in a short while; the same request may be sent again later."""

    code = "rate_limited"


class EvidenceInvalid(ConsentError):
    """A receipt, an export or a key does not verify. The message names the first thing wrong."""

    code = "evidence_invalid"


class AuthorityUnavailable(ConsentError):
    """The time stamp authority gave no answer that can be used; the log goes on without its stamp."""

    code = "authority_unavailable"


class PageUnreachable(ConsentError):
    """A page that was to be scanned does not answer, or not with a page."""

    code = "page_unreachable"


class BannerMissing(ConsentError):
    """A page that was to be scanned shows no button to accept or to refuse."""

    code = "banner_missing"


class BackupInvalid(ConsentError):
    """A backup is not whole, or not one of ours."""

    code = "backup_invalid"


class AssetsMissing(ConsentError):
    """The built widget is not there, or is not whole. The message says how to get it."""

    code = "assets_missing"
