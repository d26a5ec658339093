"""Packs: one file with all that an auditor needs, which can be verified without this project."""

from __future__ import annotations

from consent_server.evidence.pack.archive import is_pack
from consent_server.evidence.pack.verifying import Report, Stamp, verify_pack
from consent_server.evidence.pack.writing import PackWriter

__all__ = ["PackWriter", "Report", "Stamp", "is_pack", "verify_pack"]
