"""What every page of the console has: its template, its words for times and numbers, its headers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent
from flask import Response

from consent_server.web.page_frame import clock, templates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from consent_server.web.console_session import Session

HOME = "/console"
"""Where the console begins."""

LANGUAGE = "en"
"""The console speaks English; dates and numbers follow it."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of every page of the console."""


@dataclass(frozen=True, slots=True)
class ConsoleFrame:
    """What surrounds any page. `stylesheet` and `files` are URL paths; `session` is None before sign-in."""

    stylesheet: str
    files: Mapping[str, str]
    session: Session | None = None


def page(template: str, frame: ConsoleFrame, *, here: str = "", status: int = 200, **values: Any) -> Response:
    """Render a page of the console. `here` names the entry of the menu that it belongs to."""
    text = _templates().get_template(f"console/{template}").render(frame=frame, here=here, **values)
    answer = Response(text, status=status, mimetype="text/html")
    harden(answer)
    return answer


def harden(answer: Response) -> Response:
    """Set the headers of everything that only an auditor may see."""
    answer.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Language": LANGUAGE,
            "Content-Security-Policy": POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
    )
    return answer


def go_to(path: str) -> Response:
    """Send the browser to another page of the console."""
    answer = Response(status=303)
    answer.location = path
    return harden(answer)


def moment(milliseconds: int) -> str:
    """Write Unix milliseconds as a date and time in UTC."""
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return format_datetime(time, "d MMM y, HH:mm:ss", locale=clock(LANGUAGE))


def number(value: int) -> str:
    """Write a number with its thousands kept apart."""
    return format_decimal(value, locale=clock(LANGUAGE))


def percent(share: float | None) -> str:
    """Write a share of 1 in per cent; a dash where there is none."""
    return "—" if share is None else format_percent(share, "0.0%", locale=clock(LANGUAGE))


@cache
def _templates() -> Environment:
    # An overlay shares the loader and keeps the filters out of the public pages.
    environment = templates().overlay()
    environment.filters = {**environment.filters, "moment": moment, "number": number, "percent": percent}
    return environment
