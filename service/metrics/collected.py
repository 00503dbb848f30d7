"""Collectors that look when they are asked, each failing for itself: a database that is away hides no disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Final, TypeVar

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from service.metrics.instruments import UNSEEN

KEPT_S: Final = 5.0
"""What was looked at stays so long: however often somebody asks, the store is asked no oftener."""

Labels = TypeVar("Labels", bound=tuple[str, ...])
Look = Callable[[], Iterable[Metric]]

log = logging.getLogger(__name__)


class Looking(Collector):
    """Asks its parts, at most every `KEPT_S`; a part that fails is counted and left out."""

    def __init__(self, parts: Mapping[str, Look], kept_s: float = KEPT_S) -> None:
        self._parts, self._kept_s = parts, kept_s
        self._lock = threading.Lock()
        self._found: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        """What was found, or is found now."""
        with self._lock:
            if monotonic() >= self._until:
                self._found = [metric for name, look in self._parts.items() for metric in self._asked(name, look)]
                self._until = monotonic() + self._kept_s
            return list(self._found)

    @staticmethod
    def _asked(name: str, look: Look) -> list[Metric]:
        found: list[Metric] = []
        try:
            found.extend(look())
        except Exception as error:  # noqa: BLE001 - whatever fails, the other figures are told
            UNSEEN.labels(name).inc()
            log.warning("The figures of %s could not be had: %s.", name, type(error).__name__)
        return found


def gauge(name: str, text: str, values: Mapping[Labels, float], labels: tuple[str, ...] = ()) -> Metric:
    """A gauge of some values by their labels."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for given, value in values.items():
        family.add_metric(given, value)
    return family
