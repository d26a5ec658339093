"""UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits."""

from __future__ import annotations

import secrets
from uuid import UUID

_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)


def uuid7(milliseconds: int) -> UUID:
    """Make a UUIDv7 for a moment in Unix milliseconds."""
    random = secrets.randbits(74)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | high << 64 | low | _VERSION_AND_VARIANT)


def milliseconds_of(uuid: UUID) -> int:
    """Return the Unix milliseconds that a UUIDv7 carries."""
    return uuid.int >> 80


def is_uuid7(uuid: UUID) -> bool:
    """Tell whether `uuid` has version 7 and the variant of RFC 9562."""
    return uuid.version == 7  # noqa: PLR2004 - the version in its name
