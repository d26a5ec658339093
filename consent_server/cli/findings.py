"""What the doctor finds: fine, doubtful or wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` is what to do, empty where nothing is to be done."""

    level: Level
    said: str
    advice: str = ""

    def __str__(self) -> str:
        line = f"{self.level:<6}{self.said}"
        return f"{line}\n      {self.advice}" if self.advice else line


def ok(said: str) -> Finding:
    """Say that something is fine."""
    return Finding("ok", said)


def warn(said: str, advice: str) -> Finding:
    """Say that something may be meant, or may not."""
    return Finding("warn", said, advice)


def wrong(said: str, advice: str) -> Finding:
    """Say that something is wrong."""
    return Finding("wrong", said, advice)
