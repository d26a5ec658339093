"""The tables. Models are bound to no database: each query names its own, so that two apps share nothing.

Every key begins with the site, so that the tables can be distributed by it; ids are UUIDv7 in 16 bytes
and keys of decisions begin with their time, so that each index grows at its end. Times are Unix milliseconds.
"""

from __future__ import annotations

from peewee import SQL, BigIntegerField, BlobField, CompositeKey, IntegerField, Model, TextField


class LeafRow(Model):
    """A leaf. What an erasure leaves is the id, the key, the body's digest and the leaf hash."""

    site = TextField()
    id = BlobField()
    type = TextField()
    key = BlobField()
    time = BigIntegerField()
    jws = TextField(null=True)
    leaf_hash = BlobField()
    body = BlobField()
    subject = BlobField()
    state = TextField()
    method = TextField()
    language = TextField()
    notice = TextField()
    granted = TextField()
    gpc = IntegerField()

    class Meta:
        """Found by id, by key (repeats) and by subject (erasure)."""

        table_name = "leaf"
        primary_key = CompositeKey("site", "id")
        indexes = ((("site", "key"), True), (("site", "subject", "id"), False))


class UnsealedRow(Model):
    """A leaf that waits for its index. A row of its own, so that sealing never rewrites a leaf."""

    site = TextField()
    id = BlobField()

    class Meta:
        """Found by id."""

        table_name = "unsealed"
        primary_key = CompositeKey("site", "id")


class PositionRow(Model):
    """Where a sealed leaf stands in the log."""

    site = TextField()
    leaf_index = BigIntegerField()
    id = BlobField()

    class Meta:
        """Found by index and by id."""

        table_name = "position"
        primary_key = CompositeKey("site", "leaf_index")
        indexes = ((("site", "id"), True),)


class LogRow(Model):
    """How far a site's log is sealed."""

    site = TextField(primary_key=True)
    origin = TextField()
    size = BigIntegerField()
    root = BlobField()
    checkpoint = TextField()
    sealed_at = BigIntegerField()

    class Meta:
        """One row a site."""

        table_name = "log"


class TileRow(Model):
    """The hashes of one tile of a site's Merkle tree, as many as there are."""

    site = TextField()
    level = IntegerField()
    tile_index = BigIntegerField()
    hashes = BlobField()

    class Meta:
        """Found by level and index."""

        table_name = "tile"
        primary_key = CompositeKey("site", "level", "tile_index")


class ErasureRow(Model):
    """An erasure that the log does not state yet."""

    site = TextField()
    id = BlobField()
    reason = TextField()
    time = BigIntegerField()

    class Meta:
        """Found by the id of the leaf."""

        table_name = "erasure"
        primary_key = CompositeKey("site", "id")


class TallyRow(Model):
    """How many sealed receipts of a day (days since 1970, UTC) share a value in one respect."""

    site = TextField()
    day = IntegerField()
    respect = TextField()
    value = TextField()
    receipts = BigIntegerField()

    class Meta:
        """Found by day."""

        table_name = "tally"
        primary_key = CompositeKey("site", "day", "respect", "value")


class HoldRow(Model):
    """A receipt that must not be erased until a date, why, and who said so."""

    site = TextField()
    id = BlobField()
    reason = TextField()
    person = TextField()
    until = BigIntegerField()

    class Meta:
        """Found by the id of the leaf."""

        table_name = "hold"
        primary_key = CompositeKey("site", "id")


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
    """A widget build or lazy chunk that was ever served. Builds belong to no site.

    `main` is 1 for a build, 0 for a chunk and for what a release before version 2 of the tables kept.
    """

    sha256 = TextField(primary_key=True)
    content = BlobField()
    first_served = BigIntegerField()
    main = IntegerField(default=0, constraints=[SQL("DEFAULT 0")])

    class Meta:
        """Found by hash."""

        table_name = "build"


class StampRow(Model):
    """A time stamp (RFC 3161) on a checkpoint."""

    site = TextField()
    size = BigIntegerField()
    checkpoint = TextField()
    response = BlobField()
    time = BigIntegerField()

    class Meta:
        """Found by the size of the log."""

        table_name = "stamp"
        primary_key = CompositeKey("site", "size")


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


class AccessRow(Model):
    """One use of an auditor's token."""

    site = TextField()
    id = BlobField()
    auditor = TextField()
    action = TextField()
    time = BigIntegerField()

    class Meta:
        """Found by time, which the id begins with."""

        table_name = "access"
        primary_key = CompositeKey("site", "id")


class KeyRow(Model):
    """A key that signs or signed receipts: its public side, and when it came and went."""

    kid = TextField(primary_key=True)
    jwk = TextField()
    came = BigIntegerField()
    went = BigIntegerField(null=True)

    class Meta:
        """A few rows."""

        table_name = "signing_key"


class SchemaRow(Model):
    """The version of these tables: one row."""

    version = IntegerField(primary_key=True)

    class Meta:
        """One row."""

        table_name = "schema_version"


TABLES: tuple[type[Model], ...] = (
    LeafRow,
    UnsealedRow,
    PositionRow,
    LogRow,
    TileRow,
    ErasureRow,
    TallyRow,
    HoldRow,
    NoticeRow,
    BuildRow,
    StampRow,
    AuditorRow,
    AccessRow,
    KeyRow,
)
VERSION = 2
