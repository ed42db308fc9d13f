"""Telemetry: structured logs, numbers for Prometheus, traces for OpenTelemetry."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import structlog
from sqlalchemy import func, select

from app.database import Database, now
from app.settings import Settings
from app.tables import Operation, State, WorkerRow

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)


def configure_logs(settings: Settings) -> None:
    """Lines on stderr: for people on a terminal, JSON for programs. Prompts, keys and signatures never get here."""
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    shape: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=24)]
        if as_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if as_text else "iso", utc=not as_text),
            _without_nothing,
            *shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s", force=True)


def _without_nothing(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


class Metrics:
    """Requests are counted as they pass; queues and workers are asked of the database when somebody looks."""

    def __init__(self, listeners: Callable[[], int]) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._registry = CollectorRegistry()
        self._listeners = listeners
        self._requests = Counter("worldloom_http_requests", "Requests", ("method", "route", "status"), registry=self._registry)
        self._seconds = Histogram(
            "worldloom_http_request_seconds", "Time to answer", ("route",), buckets=BUCKETS_S, registry=self._registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, database: Database) -> bytes:
        """Everything in Prometheus' own format."""
        from prometheus_client import CollectorRegistry, Gauge, generate_latest

        registry = CollectorRegistry()
        moment = now()
        gauges = {
            "jobs": Gauge("worldloom_jobs", "Operations by queue and state", ("queue", "state"), registry=registry),
            "wait": Gauge("worldloom_queue_oldest_wait_seconds", "How long the oldest job has waited", ("queue",), registry=registry),
            "failed": Gauge("worldloom_jobs_failed", "Failed operations by code, as long as they are kept", ("code",), registry=registry),
            "workers": Gauge("worldloom_workers", "Workers that serve a queue", ("queue",), registry=registry),
            "busy": Gauge("worldloom_worker_busy", "Jobs that a worker has now", ("worker",), registry=registry),
        }
        Gauge("worldloom_event_listeners", "Clients that wait for events", registry=registry).set(self._listeners())
        for name, labels, value in _figures(database, moment):
            gauges[name].labels(*labels).set(value)
        return generate_latest(self._registry) + generate_latest(registry)


def _figures(database: Database, moment: Any) -> Iterator[tuple[str, tuple[str, ...], float]]:
    with database.reading() as session:
        for queue, state, count in session.execute(
            select(Operation.queue, Operation.state, func.count()).group_by(Operation.queue, Operation.state)
        ):
            yield "jobs", (queue, state.value), count
        waiting = select(Operation.queue, func.min(Operation.created_at)).where(Operation.state == State.QUEUED).group_by(Operation.queue)
        for queue, oldest in session.execute(waiting):
            yield "wait", (queue,), (moment - oldest).total_seconds()
        failures: dict[str, int] = {}
        for error in session.scalars(select(Operation.error).where(Operation.state == State.FAILED)):
            code = str((error or {}).get("code", "unknown"))
            failures[code] = failures.get(code, 0) + 1
        yield from (("failed", (code,), count) for code, count in failures.items())
        queues: dict[str, int] = {}
        for worker in session.scalars(select(WorkerRow)):
            yield "busy", (worker.id,), len(worker.status.get("operations", ()))
            for queue in worker.queues:
                queues[queue] = queues.get(queue, 0) + 1
        yield from (("workers", (queue,), count) for queue, count in queues.items())
