"""The tables. Models are bound to no database: each query names its own, so that two apps share nothing.

Every key begins with the site, so that the tables can be distributed by it; ids are UUIDv7 in 16 bytes
and decisions begin with their time, so that each index grows at its end. Times are Unix milliseconds.
"""

from __future__ import annotations

from peewee import BigIntegerField, BlobField, CompositeKey, IntegerField, Model, TextField


class ReceiptRow(Model):
    """A receipt. What an erasure leaves is the id, the digests and the leaf hash."""

    site = TextField()
    id = BlobField()
    decision = BlobField()
    body = BlobField()
    subject = BlobField()
    time = BigIntegerField()
    state = TextField()
    method = TextField()
    language = TextField()
    notice = TextField()
    jws = TextField(null=True)
    leaf_hash = BlobField()
    erased_at = BigIntegerField(null=True)

    class Meta:
        """Found by id, by decision (repeats) and by subject (erasure)."""

        table_name = "receipt"
        primary_key = CompositeKey("site", "id")
        indexes = ((("site", "decision"), True), (("site", "subject", "id"), False))


class NoticeRow(Model):
    """A notice that was ever served, by the SHA-256 of its canonical bytes."""

    site = TextField()
    sha256 = TextField()
    language = TextField()
    canonical = BlobField()
    first_served = BigIntegerField()
    replaced_at = BigIntegerField(null=True)

    class Meta:
        """Found by hash."""

        table_name = "notice"
        primary_key = CompositeKey("site", "sha256")


class BuildRow(Model):
    """A widget build or lazy chunk that was ever served. Builds belong to no site."""

    sha256 = TextField(primary_key=True)
    content = BlobField()
    first_served = BigIntegerField()

    class Meta:
        """Found by hash."""

        table_name = "build"


class AuditorRow(Model):
    """An auditor's right to read; the token itself is not stored."""

    token_hash = BlobField(primary_key=True)
    id = TextField(unique=True)
    site = TextField()
    name = TextField()
    created = BigIntegerField()
    expires = BigIntegerField()
    revoked = BigIntegerField(null=True)

    class Meta:
        """Found by the hash of the token."""

        table_name = "auditor"


class SchemaRow(Model):
    """The version of these tables: one row."""

    version = IntegerField(primary_key=True)

    class Meta:
        """One row."""

        table_name = "schema_version"


TABLES: tuple[type[Model], ...] = (ReceiptRow, NoticeRow, BuildRow, AuditorRow)
VERSION = 1
