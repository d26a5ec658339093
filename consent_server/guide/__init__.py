"""How to delete cookies in a given browser: the guides, and the match from what a browser says it is."""

from __future__ import annotations

from consent_server.guide.guides import Guide, Guides, guides_for
from consent_server.guide.match import match

__all__ = ["Guide", "Guides", "guides_for", "match"]
