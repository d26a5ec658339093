"""The program's log: one JSON object a line, without anything by which a visitor could be known."""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread answers."""

_SECRETS = (
    # The ids of receipts and decisions are UUIDs; a decision's is its browser's secret.
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "[id]"),
    (re.compile(r"\bauditor-[\w-]{16,}"), "[token]"),
    # Receipts (JWS), holders' tokens and session cookies: long parts of base64url with dots between them.
    (re.compile(r"(?<![\w-])[\w-]{24,}(?:\.[\w-]{10,}){1,2}(?![\w-])"), "[token]"),
    (re.compile(r"(?<=[\w/])\?[\w%.~-]+=[^\s\"']*"), "?[query]"),
)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, logger, message, request id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _hide(record.getMessage()),
        }
        request_id = REQUEST_ID.get()
        if request_id:
            line["request_id"] = request_id
        if record.exc_info:
            line["exception"] = _hide(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configuration(level: str) -> dict[str, Any]:
    """Return what `logging.config.dictConfig` takes: all records as JSON lines on standard output."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": f"{__name__}.JsonLines"}},
        "handlers": {
            "lines": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
        },
        "root": {"handlers": ["lines"], "level": level.upper()},
        "loggers": {
            # At the level of debugging it would write every statement with its values.
            "peewee": {"level": "INFO"},
            "granian.access": {"level": "CRITICAL"},
        },
    }


def _hide(text: str) -> str:
    """Hide what no message of ours names; what a library says may."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text
