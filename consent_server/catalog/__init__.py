"""The catalog: from `cookie_catalog.toml` to what a visitor is shown. Only `files` reads the disk."""
