"""What Prometheus may know of a desk: counts and times, and no word of any text or name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["MEDIA_TYPE", "Metrics"]

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_DOCUMENTS: Final = (1, 2, 4, 8, 16, 32)


class Metrics:
    """The figures of one app, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter(
            "ka2nlp_requests", "Requests answered.", labels, registry=self._registry
        )
        self._seconds = Histogram(
            "ka2nlp_request_seconds",
            "Time until a request was answered.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "ka2nlp_batch_documents",
            "Documents tagged together.",
            buckets=_DOCUMENTS,
            registry=self._registry,
        )
        self._waiting = Gauge(
            "ka2nlp_waiting_documents", "Documents that wait.", registry=self._registry
        )
        self._model = Gauge("ka2nlp_model", "The model.", ("name",), registry=self._registry)

    def watch(self, model: str, n_waiting: Callable[[], int]) -> None:
        """Name the model, and ask for the length of its queue whenever figures are asked for."""
        self._model.labels(model).set(1)
        self._waiting.set_function(n_waiting)

    def count_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request by its route (``/calls/{id}``), never by its address."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def count_batch(self, n_documents: int) -> None:
        """Count a batch."""
        self._batches.observe(n_documents)

    def text(self) -> bytes:
        """Give all figures in the format that Prometheus reads."""
        return generate_latest(self._registry)
