"""Receipts, notices, builds and auditors in SQLite or PostgreSQL. The only place with peewee."""
