"""Copies of a database, and putting them back: what an operator does who restores an older one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from consent_server.storage.store import SqlStore


def copy_database(source: Path, target: Path) -> None:
    """Copy a whole SQLite database into a file, over the database there is; others may have both open."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def copy_tables(store: SqlStore, name: str) -> None:
    """Copy every table of a PostgreSQL database beside itself, into the schema `name`."""
    _execute(store, f"CREATE SCHEMA {name}")
    for table in _tables(store):
        _execute(store, f"CREATE TABLE {name}.{table} AS TABLE public.{table}")


def put_tables_back(store: SqlStore, name: str) -> None:
    """Put back what `copy_tables` copied, in one transaction."""
    tables = _tables(store)
    back = "".join(f"INSERT INTO public.{table} TABLE {name}.{table};" for table in tables)
    _execute(store, f"BEGIN; TRUNCATE {', '.join(tables)}; {back} COMMIT")


def _tables(store: SqlStore) -> list[str]:
    with store._connected():  # noqa: SLF001 - an operator's tool, not the program's
        return [str(name) for name in store._database.get_tables("public")]  # noqa: SLF001


def _execute(store: SqlStore, statement: str) -> None:
    with store._connected():  # noqa: SLF001 - an operator's tool, not the program's
        store._database.execute_sql(statement)  # noqa: SLF001
