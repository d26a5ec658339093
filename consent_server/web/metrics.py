"""Metrics for Prometheus: requests, decisions, commits, and how each site's log fares."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING

from flask import request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import (
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from consent_server import __version__
from consent_server.errors import StorageUnavailable
from consent_server.web.tracing import BEGAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask, Response
    from prometheus_client.metrics_core import Metric

    from consent_server.consent.stored import Leaf
    from consent_server.web.health import Health, SiteHealth

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_GROUPS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """What this process counts. Where workers share a directory, an answer adds all of theirs up.

    No label names a person, an address or a path: routes are templates, and other methods are one.
    """

    def __init__(self) -> None:
        self._shared = bool(os.environ.get(_DIRECTORY))
        if self._shared:
            # The library looks for the directory when it is imported, before the workers are started.
            values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "consent_request_seconds",
            "Time until the head of an answer, by route, method and status.",
            ["route", "method", "status"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._decisions = Counter(
            "consent_decisions",
            "Decisions recorded, by site, state and method.",
            ["site", "state", "method"],
            registry=self._registry,
        )
        # The library looks each of them up by its labels anew, under a lock.
        self._watched: dict[tuple[str, str, int], Histogram] = {}
        self._counted: dict[tuple[str, str, str], Counter] = {}
        self._fares: list[Collector] = []

    def watch(self, app: Flask) -> None:
        """Measure every request of `app`."""
        app.after_request(self._observe)

    def decided(self, leaf: Leaf) -> None:
        """Count a decision that was recorded."""
        key = (leaf.site, leaf.state, leaf.method)
        child = self._counted.get(key)
        if child is None:
            child = self._counted[key] = self._decisions.labels(*key)
        child.inc()

    def tell(self, health: Health, commits: Callable[[], Mapping[int, int]], build: str) -> None:
        """Tell of `health` too, of the sizes of group commits, and of the widget's build (SHA-256)."""
        self._fares.append(_Fares(health, commits, build))

    def text(self) -> bytes:
        """Return everything in Prometheus' text format (version 0.0.4)."""
        gathered = CollectorRegistry()
        if self._shared:
            MultiProcessCollector(gathered)  # type: ignore[no-untyped-call]
        else:
            gathered.register(self._registry)
        for fares in self._fares:
            gathered.register(fares)
        return generate_latest(gathered)

    def answered(self, environ: WSGIEnvironment, route: str, status: int) -> None:
        """Count a request that `route`, a template, answered with `status`."""
        asked = environ["REQUEST_METHOD"]
        key = (route, asked if asked in _METHODS else "other", status)
        child = self._watched.get(key)
        if child is None:
            child = self._watched[key] = self._requests.labels(*map(str, key))
        began = environ.get(BEGAN)
        if began is not None:
            child.observe(time.perf_counter() - began)

    def _observe(self, answer: Response) -> Response:
        rule = request.url_rule
        self.answered(request.environ, rule.rule if rule else "none", answer.status_code)
        return answer


class _Fares(Collector):
    """Looks at the server's health when Prometheus asks."""

    def __init__(self, health: Health, commits: Callable[[], Mapping[int, int]], build: str) -> None:
        self._health = health
        self._commits = commits
        self._build = build

    def collect(self) -> Iterator[Metric]:
        """Yield every metric that is not counted but looked up."""
        yield InfoMetricFamily(
            "consent_build",
            "What runs here.",
            {"version": __version__, "python": platform.python_version(), "widget": self._build},
        )
        broken = self._health.trouble() is not None
        yield GaugeMetricFamily(
            "consent_catalog_broken", "1 while the catalog cannot be served.", int(broken)
        )
        warnings = len(self._health.flaws())
        yield GaugeMetricFamily("consent_catalog_flaws", "Errors or warnings of the catalog.", warnings)
        try:
            sites = self._health.look()
            replica, lacking = self._health.replica()
        except StorageUnavailable:
            sites, replica, lacking = None, "none", {}
        yield GaugeMetricFamily(
            "consent_database_up", "1 while the database answers.", int(sites is not None)
        )
        yield from _logs(sites or [])
        if replica != "none":
            yield from _replica(lacking, up=replica != "gone")
        yield from self._groups()

    def _groups(self) -> Iterator[Metric]:
        sizes = self._commits()
        if not sizes:
            return
        buckets = [
            (str(float(most)), float(sum(count for size, count in sizes.items() if size <= most)))
            for most in _GROUPS
        ]
        buckets.append(("+Inf", float(sum(sizes.values()))))
        total = float(sum(size * count for size, count in sizes.items()))
        yield HistogramMetricFamily("consent_commit_receipts", "Leaves in one commit.", buckets, total)


def _replica(lacking: Mapping[str, int], *, up: bool) -> Iterator[Metric]:
    yield GaugeMetricFamily("consent_replica_up", "1 while the read replica answers.", int(up))
    behind = GaugeMetricFamily(
        "consent_replica_behind_leaves", "Sealed leaves that the replica does not know.", labels=["site"]
    )
    for site, leaves in lacking.items():
        behind.add_metric([site], leaves)
    yield behind


def _logs(sites: list[SiteHealth]) -> Iterator[Metric]:
    leaves = GaugeMetricFamily("consent_log_leaves", "Leaves in a site's log.", labels=["site"])
    waiting = GaugeMetricFamily(
        "consent_seal_lag_seconds", "Age of the oldest leaf that waits to be sealed.", labels=["site"]
    )
    stamped = GaugeMetricFamily(
        "consent_stamp_timestamp_seconds", "When a log's newest time stamp was made.", labels=["site"]
    )
    damaged = GaugeMetricFamily(
        "consent_log_damaged",
        "1 while a log is not the growth of what was kept of it, and nothing is added to it.",
        labels=["site"],
    )
    for site in sites:
        leaves.add_metric([site.site], site.leaves)
        waiting.add_metric([site.site], site.waiting_seconds)
        damaged.add_metric([site.site], bool(site.damage))
        if site.stamped is not None:
            stamped.add_metric([site.site], site.stamped)
    yield from (leaves, waiting, stamped, damaged)
