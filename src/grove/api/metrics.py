"""What is measured, for Prometheus. No label holds a repository or a user."""

import threading
from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from grove import __version__, activity, jobs, repositories, snapshots, workspaces
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Transaction
from grove.placement import ProcessPlaces
from grove.wiring import Grove

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_WORKSPACE_ACTS: Final = {f"workspace.{act}": act for act in ("create", "end", "restore", "prune")}
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The measures of one app: what its process counts, and what can be told whenever somebody asks."""

    def __init__(self, grove: Grove) -> None:
        self._counted = CollectorRegistry()
        self._told = CollectorRegistry()
        self._shared = ProcessPlaces(grove.locator).measures if grove.settings.http_processes > 1 else None
        Info("grove_build", "Which version runs.", registry=self._told).info({"version": __version__})
        self._requests = Histogram(
            "grove_http_request_duration_seconds",
            "How long requests took, until the last byte.",
            ("route", "method", "code"),
            registry=self._counted,
            buckets=_SECONDS,
        )
        self.searches = Histogram(
            "grove_search_duration_seconds",
            "How long searches took.",
            ("mode", "source"),
            registry=self._counted,
            buckets=_SECONDS,
        )
        self.auth_failures = Counter(
            "grove_auth_failures_total", "Requests without a good token.", ("kind",), registry=self._counted
        )
        self._told.register(_State(grove))

    def count_request(self, *, route: str, method: str, code: int, seconds: float) -> None:
        """Count one request; methods that nobody should use are counted together."""
        self._requests.labels(route, method if method in _METHODS else "other", str(code)).observe(seconds)

    def exposition(self) -> bytes:
        """All measures, in Prometheus' text format; where several processes answer, what all of them counted.

        :raises StorageBusy: if the database did not answer.
        """
        counted = self._counted
        if self._shared is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted, path=str(self._shared))  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self._told)


class _State(Collector):
    """What the database and the disk know, read whenever somebody asks."""

    def __init__(self, grove: Grove) -> None:
        self._grove = grove
        self._lock = threading.Lock()
        self._known: dict[str, int] = {}
        self._acts: Tally[str] = Tally(dict.fromkeys(_WORKSPACE_ACTS, 0))

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: the database is not asked before somebody wants to know."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The present state."""
        with serving_all(), self._grove.database.reading() as tx:
            repositories_by_status = repositories.count_by_status(tx)
            jobs_by_state = jobs.count_by_state(tx)
            oldest_seconds = jobs.oldest_waiting_seconds(tx, now=datetime.now(UTC))
            bytes_by_kind = snapshots.storage_of(tx)
            held = workspaces.holding_by_state(tx)
            acts = self._counted_acts(tx)
        yield _gauge("grove_repos", "Repositories.", ["status"], {(k,): v for k, v in repositories_by_status.items()})
        kinds: dict[tuple[str, ...], float] = {(state, kind): count for (kind, state), count in jobs_by_state.items()}
        yield _gauge("grove_jobs", "Jobs.", ["state", "kind"], kinds)
        yield _gauge("grove_job_queue_oldest_seconds", "Age of the job due longest.", [], {(): oldest_seconds})
        yield _gauge("grove_index_bytes", "Size of the indexes.", ["kind"], {(k,): v for k, v in bytes_by_kind.items()})
        yield _gauge("grove_workspaces", "Workspaces.", ["state"], {(state,): has.count for state, has in held.items()})
        sizes: dict[tuple[str, ...], float] = {(state, "git"): has.own_bytes for state, has in held.items()}
        sizes |= {(state, "folder"): has.folder_bytes for state, has in held.items()}
        yield _gauge("grove_workspace_bytes", "Room that workspaces take.", ["state", "kind"], sizes)
        yield acts
        yield _gauge("grove_disk_free_bytes", "Room in the data folder.", [], {(): self._grove.locator.bytes_free()})

    def _counted_acts(self, tx: Transaction) -> CounterMetricFamily:
        """What the trail says was done with workspaces, by whichever process; only its new entries are read."""
        with self._lock:
            found, self._known = activity.count_acts(tx, actions=_WORKSPACE_ACTS, known=self._known)
            self._acts.update(found)
            family = CounterMetricFamily("grove_workspace_acts", "What was done with workspaces.", labels=["act"])
            for action, act in _WORKSPACE_ACTS.items():
                family.add_metric([act], self._acts[action])
        return family


def _gauge(name: str, help_: str, labels: list[str], values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
