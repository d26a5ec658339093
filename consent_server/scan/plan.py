"""What a scan is to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from consent_server.scan.seen import PHASES

if TYPE_CHECKING:
    from consent_server.scan.seen import Phase

ACCEPT = "#consent-accept-all"
REFUSE = "#consent-reject-all"
"""The buttons of our own banner."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The pages to begin with, and how to visit them.

    `named` is how many of `urls`, from the first, were named and must answer. `follow` visits what pages link
    to as well, up to `most` pages. `accept` and `refuse` are selectors of the banner's buttons. `wait` is how
    many seconds a page is watched once it is quiet.
    """

    urls: tuple[str, ...]
    named: int
    follow: bool
    most: int
    phases: tuple[Phase, ...] = tuple(PHASES)
    accept: str = ACCEPT
    refuse: str = REFUSE
    wait: float = 1.0
