"""What browsers make of a declared lifespan: they delete some cookies earlier than the website asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.catalog.lifespan import Lifespan

if TYPE_CHECKING:
    from consent_server.catalog.model import Cookie


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a browser keeps a cookie at most; `by_script`: only those that a script has set."""

    browser: str
    lifespan: Lifespan
    by_script: bool


LIMITS = (
    Limit("Chrome", Lifespan("duration", 400, "day"), by_script=False),
    Limit("Safari", Lifespan("duration", 7, "day"), by_script=True),
)
"""Chrome's is RFC 6265bis, section 5.5; Safari's is its tracking prevention."""


def limits_of(cookie: Cookie) -> tuple[Limit, ...]:
    """Return the limits that cut this cookie's declared lifespan short, none where it is kept as declared.

    An HttpOnly cookie is never set by a script. Other kinds of storage have no lifespan that a browser cuts.
    """
    if cookie.storage != "cookie" or cookie.lifespan.kind == "session":
        return ()
    declared = cookie.lifespan.seconds
    return tuple(
        limit
        for limit in LIMITS
        if not (limit.by_script and cookie.http_only)
        and (declared is None or declared > (limit.lifespan.seconds or 0))
    )
