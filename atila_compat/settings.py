"""Settings of the whole service, which `skitai.run` and the tuning functions write and every area reads."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from .errors import AtilaError

MOST_THREADS = 10_000
"""Worker threads that a process may have."""


@dataclass
class Settings:
    """Settings of the service; times in seconds, sizes in bytes.

    Attributes:
        backlog: connections that wait to be accepted.
        keep_alive: how long an idle connection is kept.
        network_timeout: how long a connection may be silent within a request.
        max_head_size: request line and headers together.
        max_upload_size: body limit for apps that do not set `config.MAX_UPLOAD_SIZE`.
        backend_timeout: default timeout of tasks that call other servers.
        backend_object_timeout: how long an idle connection to another server is kept.
        backend_keep_alive: the same for HTTP connections.
        max_rcache: results that the cache keeps.
        max_ages: (path prefix, seconds) pairs for `Cache-Control: max-age` of static files.
        certfile, keyfile, passphrase: TLS.
        log_off: patterns of paths without access log.
        log_path: directory of the log files; None: the log goes to standard output.
        log_kinds: which files are written there: `"server"`, `"app"`, `"request"`.
        log_size, log_files: bytes after which a log file is put aside, and how many are kept.
        access_log: `"columns"`, `"json"`, or empty for none.
        max_queue: requests that wait for a worker thread; more are answered with 503.
        cpu_affinity: whether each worker keeps its event loop and handlers on a processor of its own.
        estimated_timeout: a request that would wait longer for a thread is answered with 503.
        stuck_after: a handler that runs for longer is named in the log.
        shutdown_timeout: how long running requests may take to end when the service stops.
        max_requests: after so many requests a worker process is replaced.
        trusted_proxies: addresses and networks whose `X-Forwarded-For` and `-Proto` are believed, by commas.
        root_path: the path below which a proxy serves this service, if it takes it off.
        status_path: where the status page is; None for nowhere.
        forward: (port, forward_port, domain, address) of the redirection to HTTPS.
        grpc_port: where gRPC is served besides; None for nowhere.
        state_url: the Redis that keeps shared numbers, for several machines.
        was_options: attributes that apps want on every `was`.
        extra: settings without effect on this engine, by the name of the function that made them.
    """

    backlog: int = 4096
    keep_alive: float = 2
    network_timeout: float = 30
    max_upload_size: int | None = None
    max_head_size: int = 65536
    backend_timeout: float = 10
    backend_object_timeout: float = 600
    backend_keep_alive: float = 300
    max_rcache: int = 100
    max_ages: list[tuple[str, int]] = field(default_factory=list)
    certfile: str | None = None
    keyfile: str | None = None
    passphrase: str | None = None
    log_off: list[str] = field(default_factory=list)
    log_path: str | None = None
    log_kinds: tuple[str, ...] = ("server", "app", "request")
    log_size: int = 100 * 1024 * 1024
    log_files: int = 10
    access_log: str = "columns"
    max_queue: int = 1000
    cpu_affinity: bool = False
    estimated_timeout: float | None = None
    stuck_after: float = 60
    shutdown_timeout: float = 8
    max_requests: int | None = None
    trusted_proxies: str = ""
    root_path: str = ""
    status_path: str | None = None
    forward: tuple[int, int, str | None, str] | None = None
    grpc_port: int | None = None
    state_url: str | None = None
    was_options: dict[str, Any] = field(default_factory=dict)
    http_rpc_protocols: dict[str, type] = field(default_factory=dict)
    schedules: list[tuple[float, Callable[[], Any]]] = field(default_factory=list)
    smtp: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


settings = Settings()
"""The ones of this process."""


def reset() -> None:
    """All settings as they are without any call; for tests."""
    fresh = Settings()
    for each in fields(Settings):
        setattr(settings, each.name, getattr(fresh, each.name))


def usual_threads() -> int:
    """Worker threads where nothing else is said: ATILA_THREADS of the environment, or 4.

    Raises AtilaError for a value that is no number of threads.
    """
    value = os.environ.get("ATILA_THREADS") or "4"
    if not value.isdecimal() or not 1 <= int(value) <= MOST_THREADS:
        raise AtilaError(f"ATILA_THREADS is a number from 1 to {MOST_THREADS}, not {value!r}")
    return int(value)
