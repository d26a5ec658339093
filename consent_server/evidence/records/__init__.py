"""A receipt in the words of consent standards, rendered from its payload and the notice that it names.

What is rendered is a translation for other systems; the evidence is the signed receipt itself.
"""

from __future__ import annotations

from consent_server.evidence.records.iso27560 import iso27560
from consent_server.evidence.records.kantara import kantara
from consent_server.evidence.records.source import UNSTATED, Source, Urls, iso_duration, read_source

__all__ = ["UNSTATED", "Source", "Urls", "iso27560", "iso_duration", "kantara", "read_source"]
