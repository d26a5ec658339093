"""The demo website: a small hosting company that pasted the consent script into its pages."""

from __future__ import annotations

from consent_server.demo.website import create_website

__all__ = ["create_website"]
