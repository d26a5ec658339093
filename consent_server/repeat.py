"""Doing something again and again beside the requests."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)


class Repeat:
    """A thread that calls `act` every `seconds`, whatever it raises, until it is stopped."""

    def __init__(self, act: Callable[[], object], seconds: float, name: str) -> None:
        self._act = act
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the call at hand end, and make no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                self._act()
            except Exception:
                log.exception("%s failed and will try again.", self._thread.name)
