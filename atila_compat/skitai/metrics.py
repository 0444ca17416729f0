"""Figures of all worker processes, for the status page: JSON, or text for Prometheus.

Each worker keeps its own figures in a row of shared memory that was there before it was forked, so whichever
worker is asked answers for all.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

from ..data.pool import Pool
from ..serving.runtime import Runtime

if TYPE_CHECKING:
    from .access_log import Entry

ROWS = 256

FIGURES: dict[str, tuple[str, str]] = {
    "pid": ("gauge", "Process id of the worker."),
    "start_time_seconds": ("gauge", "When the worker began to serve, since the epoch."),
    "heard_time_seconds": ("gauge", "When the worker wrote its figures last, since the epoch."),
    "requests_total": ("counter", "Requests answered."),
    "responses_2xx_total": ("counter", "Answers with a status below 300."),
    "responses_3xx_total": ("counter", "Answers with a status from 300."),
    "responses_4xx_total": ("counter", "Answers with a status from 400."),
    "responses_5xx_total": ("counter", "Answers with a status from 500."),
    "request_seconds_total": (
        "counter",
        "Time from the head to the end of the answer, all together.",
    ),
    "request_bytes_total": ("counter", "Bytes of request bodies."),
    "response_bytes_total": ("counter", "Bytes of answers' bodies."),
    "connections": ("gauge", "Open connections of clients."),
    "threads": ("gauge", "Worker threads for handlers."),
    "threads_busy": ("gauge", "Worker threads that run something."),
    "longest_running_seconds": ("gauge", "How long the longest running handler has been running."),
    "queue_length": ("gauge", "Requests that wait for a thread."),
    "queue_jobs_total": ("counter", "Jobs that threads have taken from the queue."),
    "queue_seconds_total": ("counter", "Time that jobs spent in the queue, all together."),
    "refused_total": ("counter", "Requests answered with 503 because the queue was full."),
    "http_pool_connections": ("gauge", "Connections to other servers that are in use."),
    "data_pool_connections": ("gauge", "Connections to databases that are in use."),
    "data_pool_idle": ("gauge", "Connections to databases that are idle."),
    "resident_bytes": ("gauge", "Memory of the process."),
}
NAMES = list(FIGURES)
_ROW = struct.Struct(f"{len(NAMES)}d")
PREFIX = "atila_"
_BY_STATUS = {kind: f"responses_{kind}xx_total" for kind in (2, 3, 4, 5)}


class Metrics:
    """The figures of one process, and those of its fellows."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, ROWS * _ROW.size)
        self.values: dict[str, float] = dict.fromkeys(NAMES, 0.0)
        self.row = 0

    def begin(self, row: int) -> None:
        """This process has the row of that number."""
        self.row = row % ROWS
        self.values = dict.fromkeys(NAMES, 0.0)
        self.values["pid"] = os.getpid()
        self.values["start_time_seconds"] = time.time()

    def count(self, entry: Entry) -> None:
        """A request has been answered."""
        values = self.values
        values["requests_total"] += 1
        values["request_seconds_total"] += entry.seconds
        values["request_bytes_total"] += entry.received
        values["response_bytes_total"] += entry.sent
        values[_BY_STATUS.get(entry.status // 100, "responses_2xx_total")] += 1

    def look(self, runtime: Runtime, connections: int) -> None:
        """Write down how things are now; done once a second."""
        pool, values = runtime.workers, self.values
        busy = pool.busy()
        values["heard_time_seconds"] = time.time()
        values["connections"] = connections
        values["threads"] = pool.threads
        values["threads_busy"] = len(busy)
        values["longest_running_seconds"] = busy[0][1] if busy else 0.0
        values["queue_length"] = pool.queued()
        values["queue_jobs_total"] = pool.jobs
        values["queue_seconds_total"] = pool.waited
        values["refused_total"] = pool.refused
        values["http_pool_connections"] = _in_use(runtime)
        values["data_pool_connections"], values["data_pool_idle"] = _data_pools(runtime)
        values["resident_bytes"] = _resident()
        _ROW.pack_into(self._memory, self.row * _ROW.size, *(values[name] for name in NAMES))

    def rows(self) -> dict[int, dict[str, float]]:
        """The figures of all workers that have written theirs within the last ten seconds."""
        found: dict[int, dict[str, float]] = {}
        for row in range(ROWS):
            values = dict(zip(NAMES, _ROW.unpack_from(self._memory, row * _ROW.size), strict=True))
            if time.time() - values["heard_time_seconds"] < 10:
                found[row] = values
        return found

    def as_json(self) -> dict[str, Any]:
        """The figures for people and scripts."""
        workers = [
            {"worker": row, **{name: _plain(value) for name, value in values.items()}}
            for row, values in self.rows().items()
        ]
        totals = {
            name: _plain(sum(float(worker[name]) for worker in workers))
            for name in NAMES
            if name not in ("pid", "start_time_seconds", "heard_time_seconds", "longest_running_seconds")
        }
        return {"workers": workers, "total": totals}

    def as_text(self) -> str:
        """The figures in Prometheus' text format, each with the number of its worker."""
        rows = self.rows()
        lines: list[str] = []
        for name, (kind, text) in FIGURES.items():
            lines += [f"# HELP {PREFIX}{name} {text}", f"# TYPE {PREFIX}{name} {kind}"]
            lines += [
                f'{PREFIX}{name}{{worker="{row}"}} {_plain(values[name])}' for row, values in rows.items()
            ]
        return "\n".join(lines) + "\n"


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else round(value, 6)


def _in_use(runtime: Runtime) -> int:
    """Connections of the HTTP pools that are in use."""
    transports = runtime._shared.get("http transports")
    return sum(pool.active for pool in transports.pools) if transports is not None else 0


def _data_pools(runtime: Runtime) -> tuple[int, int]:
    """Connections of the pools of data sources: in use, idle."""
    used = idle = 0
    for key, value in list(runtime._shared.items()):
        if isinstance(key, tuple) and key[:1] == ("data",):
            for pool in (each for each in vars(value).values() if isinstance(each, Pool)):
                used += pool.count - pool.idle
                idle += pool.idle
    return used, idle


def _resident() -> int:
    """Bytes of memory; 0 where the system does not tell."""
    if sys.platform == "linux":
        try:
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


metrics = Metrics()
"""The ones of this process; the memory is there before workers are forked."""
