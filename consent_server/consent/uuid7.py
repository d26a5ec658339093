"""UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits."""

from __future__ import annotations

import secrets
from uuid import UUID

_FIXED = (0xF << 76) | (3 << 62)
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)


def uuid7(milliseconds: int) -> UUID:
    """Make a UUIDv7 for a moment in Unix milliseconds."""
    random = int.from_bytes(secrets.token_bytes(10)) & ~_FIXED
    return UUID(int=milliseconds << 80 | random | _VERSION_AND_VARIANT)


def milliseconds_of(uuid: UUID) -> int:
    """Return the Unix milliseconds that a UUIDv7 carries."""
    return uuid.int >> 80


def is_uuid7(uuid: UUID) -> bool:
    """Tell whether `uuid` has version 7 and the variant of RFC 9562."""
    return uuid.version == 7  # noqa: PLR2004 - the version in its name
