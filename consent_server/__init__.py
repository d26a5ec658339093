"""A self-hosted cookie-consent system: one script tag, one TOML catalog, receipts that anyone can verify."""

__version__ = "0.1.0"
