"""Types of parameters that several commands take."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import click

from consent_server.consent.uuid7 import is_uuid7


class Days(click.ParamType[int]):
    """A number of days, such as 30d."""

    name = "days"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of days."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,3})d", value)
        if not found:
            self.fail(f"{value!r} is not a number of days such as 30d.", param, ctx)
        return int(found[1])


class LeafId(click.ParamType[UUID]):
    """The id of a receipt."""

    name = "receipt id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Return the id."""
        try:
            leaf_id = UUID(str(value))
        except ValueError:
            leaf_id = UUID(int=0)
        if not is_uuid7(leaf_id):
            self.fail(f"{value!r} is not the id of a receipt.", param, ctx)
        return leaf_id


class Day(click.ParamType[int]):
    """A date, such as 2027-06-30, which begins at midnight UTC: Unix milliseconds."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the beginning of the day."""
        if isinstance(value, int):
            return value
        try:
            moment = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2027-06-30.", param, ctx)
        return int(moment.timestamp() * 1000)


DAYS, LEAF_ID, DAY = Days(), LeafId(), Day()
