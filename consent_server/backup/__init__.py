"""Backups of a server on SQLite: one file with the database, the keys and what is kept beside them."""
