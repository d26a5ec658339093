"""The tables of a database: made where there are none, brought from an older version to ours.

A migration is the SQL that leads from one version to the next, in words that both databases understand.
All that are missing run in one transaction, in which several nodes that start at once take turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from peewee import SchemaManager

from consent_server.errors import SettingsError
from consent_server.storage.tables import TABLES, VERSION, SchemaRow

if TYPE_CHECKING:
    from peewee import Database, Model

MIGRATIONS: dict[int, tuple[str, ...]] = {
    # The stamp table is new, and what is new is made below.
    1: ("ALTER TABLE build ADD COLUMN main INTEGER NOT NULL DEFAULT 0",),
}
"""From each version that a release had, what leads to the next one."""


def prepare(database: Database, table_options: str) -> None:
    """Make or migrate the tables, within a write transaction. Raises SettingsError for a newer version.

    `table_options` end every CREATE TABLE.
    """
    _create(database, table_options, SchemaRow)
    version = SchemaRow.select(SchemaRow.version).scalar(database)
    if version is not None and not 0 < version <= VERSION:
        raise SettingsError(
            f"The database has tables of version {version}; this program knows versions up to {VERSION}. "
            "Run the release that made them, or a newer one."
        )
    for step in range(version or VERSION, VERSION):
        for statement in MIGRATIONS[step]:
            database.execute_sql(statement)
    if version != VERSION:
        _create(database, table_options, *TABLES)
        SchemaRow.delete().execute(database)
        SchemaRow.insert(version=VERSION).execute(database)


def is_prepared(database: Database) -> bool:
    """Whether the tables are there, and of our version."""
    return has_tables(database) and SchemaRow.select(SchemaRow.version).scalar(database) == VERSION


def has_tables(database: Database) -> bool:
    """Whether any release has made its tables."""
    return SchemaRow._meta.table_name in database.get_tables()  # noqa: SLF001 - peewee's own way to ask


def _create(database: Database, table_options: str, *models: type[Model]) -> None:
    for model in models:
        schema = SchemaManager(model, database)
        # The only door to the statement: peewee's own option for STRICT would change the models,
        # which PostgreSQL shares.
        sql, _ = schema._create_table(safe=True).query()  # type: ignore[attr-defined] # noqa: SLF001
        database.execute_sql(sql + table_options)
        schema.create_indexes(safe=True)
