"""Metrics in Prometheus' words: requests by endpoint and status, how long they took, and mails.

Each process adds up in memory that it shares through two files in the runtime folder: the names
of its sums, one a line, and the sums, one double for each name. Whichever process is asked reads
the files of all.
"""

import json
import mmap
import os
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from struct import Struct, iter_unpack
from threading import Lock
from time import perf_counter

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from supervision import clock
from supervision.config import Settings
from supervision.db import db
from supervision.services import mail
from supervision.web import logs, runtime

BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "+Inf")
NUMBERS = tuple(map(float, BOUNDS))
MOST = 8192
DOUBLE = Struct("=d")

Key = tuple[str, ...]


class Sums:
    """Named sums of one process. A name once given keeps its place."""

    def __init__(self, folder: Path) -> None:
        self._names = folder / f"{os.getpid()}-{os.urandom(4).hex()}.names"
        values = self._names.with_suffix(".values")
        values.write_bytes(bytes(MOST * DOUBLE.size))
        with values.open("r+b") as file:
            self._values = mmap.mmap(file.fileno(), 0)
        self._places: dict[Key, int] = {}
        self._lock = Lock()

    def add(self, key: Key, amount: float) -> None:
        """Add to a sum; beyond MOST names new ones are not measured."""
        with self._lock:
            place = self._places.get(key)
            if place is None:
                if len(self._places) == MOST:
                    return
                place = self._places[key] = len(self._places)
                with self._names.open("a") as names:
                    names.write(json.dumps(key) + "\n")
            at = place * DOUBLE.size
            (value,) = DOUBLE.unpack_from(self._values, at)
            DOUBLE.pack_into(self._values, at, value + amount)


def totals(folder: Path) -> Counter[Key]:
    """The sums of all processes, those that ended as well, added up by name."""
    found: Counter[Key] = Counter()
    for path in folder.glob("*.names"):
        values = iter_unpack("=d", path.with_suffix(".values").read_bytes())
        for line, (value,) in zip(path.read_text().splitlines(), values, strict=False):
            found[tuple(json.loads(line))] += value
    return found


class Meter(Collector):
    """What this installation measures on this machine."""

    def __init__(self, where: Callable[[], Path]) -> None:
        self._where = where
        self._process = 0
        self._sums: Sums

    def request(self, endpoint: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request. No page fails for it: without its files it begins anew."""
        try:
            if self._process != os.getpid():
                self._sums = Sums(self._where())
                self._process = os.getpid()
            self._sums.add(("requests", endpoint, method, str(status)), 1)
            self._sums.add(("bucket", endpoint, BOUNDS[bisect_left(NUMBERS, seconds)]), 1)
            self._sums.add(("seconds", endpoint), seconds)
        except OSError:
            self._process = 0

    def collect(self) -> Iterator[Metric]:
        """The totals as Prometheus' families."""
        labels = ["endpoint", "method", "status"]
        requests = CounterMetricFamily("supervision_requests", "Requests answered", labels=labels)
        seconds = HistogramMetricFamily(
            "supervision_request_seconds", "Seconds that requests took", labels=["endpoint"]
        )
        buckets: defaultdict[str, Counter[str]] = defaultdict(Counter)
        sums: dict[str, float] = {}
        for (kind, endpoint, *rest), value in totals(self._where()).items():
            if kind == "requests":
                requests.add_metric([endpoint, *rest], value)
            elif kind == "bucket":
                buckets[endpoint][rest[0]] = int(value)
            else:
                sums[endpoint] = value
        for endpoint, counts in buckets.items():
            seconds.add_metric([endpoint], _running(counts), sums.get(endpoint, 0.0))
        yield requests
        yield seconds

    def text(self) -> bytes:
        """What all processes measured, in the text format that Prometheus reads."""
        registry = CollectorRegistry()
        registry.register(self)
        return generate_latest(registry)


def _running(counts: Counter[str]) -> list[tuple[str, float]]:
    """Prometheus counts in each bucket what is in the smaller ones as well."""
    total = 0
    buckets: list[tuple[str, float]] = []
    for bound in BOUNDS:
        total += counts[bound]
        buckets.append((bound, total))
    return buckets


def init(app: Flask, settings: Settings) -> None:
    app.extensions["meter"] = Meter(partial(runtime.folder, settings, "metrics"))
    app.after_request(_measure)


def text() -> bytes:
    """The metrics of this installation on this machine, and how its mails stand."""
    meter: Meter = current_app.extensions["meter"]
    try:
        found = mail.standing()
    except SQLAlchemyError:  # what was counted in memory is told all the same
        db.session.rollback()
        return meter.text()
    registry = CollectorRegistry()
    registry.register(Mails(found, clock.now()))
    return meter.text() + generate_latest(registry)


class Mails(Collector):
    """What has not left, and for how long the oldest of it has waited."""

    def __init__(self, found: mail.Standing, at: datetime) -> None:
        self._found = found
        self._at = at

    def collect(self) -> Iterator[Metric]:
        count = GaugeMetricFamily("supervision_mails", "Mails that have not left", labels=["state"])
        for state in ("waiting", "retried", "failed"):
            count.add_metric([state], getattr(self._found, state))
        oldest = self._found.oldest_at
        waited = (self._at - oldest).total_seconds() if oldest else 0
        yield count
        yield GaugeMetricFamily(
            "supervision_mail_waited_seconds", "How long the oldest of them waits", value=waited
        )


def _measure(response: Response) -> Response:
    """Name a request by its endpoint: a path may hold a token, and paths have no end."""
    meter: Meter = current_app.extensions["meter"]
    seconds = perf_counter() - g.started
    meter.request(request.endpoint or "none", logs.method(), response.status_code, seconds)
    return response
