"""What every part of a store has: a database, a short-lived connection to it, and write transactions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from peewee import InterfaceError, InternalError, OperationalError

from consent_server.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from peewee import Database


class Connected(ABC):
    """A part of a store in one SQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Any]:
        """Open a write transaction."""

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Hold a connection for a short while; whatever the database says becomes our own refusal."""
        try:
            with self._database.connection_context():
                yield
        except (OperationalError, InterfaceError, InternalError) as error:
            raise StorageUnavailable(f"The database cannot be used now: {error}") from error
