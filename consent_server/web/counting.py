"""Counting for a minute: in this process, or in a store that nodes share."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from consent_server.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from limits import RateLimitItem

    Said = TypeVar("Said")

log = logging.getLogger(__name__)

_MOST = 50_000
"""Clients that are counted at a time: some 20 MB. Beyond them the oldest are forgotten early."""
_STORE_SECONDS = 0.5
_ALONE_SECONDS = 30


class Recent(Storage):
    """Counters in memory, forgotten a generation at a time.

    The library's own memory store walks over every counter in a thread, again and again.
    """

    STORAGE_SCHEME = None
    base_exceptions = ()

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._young: dict[str, tuple[int, float]] = {}
        self._old: dict[str, tuple[int, float]] = {}
        self._turn = 0.0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add `amount` to a counter that ends `expiry` seconds after its first; return what it has."""
        now = time.time()
        with self._lock:
            if now < self._turn - expiry:
                # The clock went back: windows that begin in the future would last until then.
                self._old, self._young, self._turn = {}, {}, 0.0
            if now >= self._turn or len(self._young) >= _MOST:
                self._old, self._young = self._young, {}
                self._turn = now + expiry
            count, ends = self._find(key, now)
            self._young[key] = (count + amount, ends or now + expiry)
            return count + amount

    def get(self, key: str) -> int:
        """Return what a counter has."""
        return self._find(key, time.time())[0]

    def get_expiry(self, key: str) -> float:
        """Return when a counter ends, Unix seconds."""
        now = time.time()
        return self._find(key, now)[1] or now

    def check(self) -> bool:
        """Memory always answers."""
        return True

    def reset(self) -> int:
        """Forget every counter; return how many there were."""
        with self._lock:
            forgotten = len(self._young) + len(self._old)
            self._young, self._old = {}, {}
            return forgotten

    def clear(self, key: str) -> None:
        """Forget a counter."""
        with self._lock:
            self._young.pop(key, None)
            self._old.pop(key, None)

    def _find(self, key: str, now: float) -> tuple[int, float]:
        found = self._young.get(key) or self._old.get(key)
        return found if found and found[1] > now else (0, 0.0)


class Counters:
    """Counts in the `shared` store where there is one, and here while that does not answer."""

    def __init__(self, shared: Storage | None = None) -> None:
        self._here = FixedWindowRateLimiter(Recent())
        self._shared = FixedWindowRateLimiter(shared) if shared else None
        self._alone_until = 0.0

    def hit(self, item: RateLimitItem, *names: str) -> bool:
        """Count one, and say whether the limit allows it."""
        return self._ask(lambda limiter: limiter.hit(item, *names))

    def allows(self, item: RateLimitItem, *names: str) -> bool:
        """Say whether the limit would allow one."""
        return self._ask(lambda limiter: limiter.test(item, *names))

    def seconds_left(self, item: RateLimitItem, *names: str) -> int:
        """Return the seconds, one or more, until the limit allows one again."""
        ends = self._ask(lambda limiter: limiter.get_window_stats(item, *names).reset_time)
        return max(1, int(ends - time.time()) + 1)

    def _ask(self, question: Callable[[FixedWindowRateLimiter], Said]) -> Said:
        if self._shared and time.monotonic() >= self._alone_until:
            try:
                return question(self._shared)
            except StorageError:
                self._alone_until = time.monotonic() + _ALONE_SECONDS
                log.warning("CONSENT_RATE_LIMIT_STORE does not answer: each process counts for itself.")
        return question(self._here)


def open_counters(store: str) -> Counters:
    """Open the store that a setting names: `memory`, or the address of a Redis server."""
    if store == "memory":
        return Counters()
    waits = {"socket_timeout": _STORE_SECONDS, "socket_connect_timeout": _STORE_SECONDS}
    try:
        opened = storage_from_string(store, wrap_exceptions=True, **waits)
    except ConfigurationError:
        raise SettingsError(
            "CONSENT_RATE_LIMIT_STORE: the library for it is missing. Install consent-server[redis]."
        ) from None
    except ValueError:
        raise SettingsError(
            "CONSENT_RATE_LIMIT_STORE: it is no address like “redis://host:6379/0”."
        ) from None
    assert isinstance(opened, Storage)
    return Counters(opened)
