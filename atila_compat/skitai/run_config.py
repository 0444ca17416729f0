"""What `skitai.run` is told: its keywords, under the options of the command line (spec/01 section 10)."""

from __future__ import annotations

import getopt
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, NoReturn

from .. import affinity
from ..errors import AtilaError
from ..settings import MOST_THREADS, settings, usual_threads
from . import command_line

IGNORED = {
    "--quic": "browsers speak HTTP/3 to a proxy in front; this port speaks HTTP/1.1",
    "--smtpda": "mails are sent at once, by the server that skitai.set_smtp names",
    "---profile": "use py-spy or cProfile",
    "---memtrack": "use memray or tracemalloc",
    "---gc": "Python collects garbage as usual",
}
"""Options without which the service is the same: they are named in the log and the service starts."""


@dataclass
class RunConfig:
    """How a service is run; `skitai.run` makes it of its keywords and the command line, which wins.

    Attributes:
        workers: processes.
        threads: worker threads of a process.
        serve_static: whether directories are served.
        user, group: whom the workers run as, where root starts the service.
    """

    address: str = "0.0.0.0"  # noqa: S104 - the original's default
    port: int = 5000
    workers: int = 1
    threads: int = 4
    name: str | None = None
    serve_static: bool = True
    user: str | None = None
    group: str | None = None

    def has_supervisor(self, other_user: bool) -> bool:
        """Whether a process watches over the workers: several, one that is replaced, or another user's."""
        return hasattr(os, "fork") and (self.workers > 1 or settings.max_requests is not None or other_user)


def fail(message: str, code: int = 1) -> NoReturn:
    """End the process with one line on standard error."""
    print(f"{os.path.basename(sys.argv[0]) or 'skitai'}: {message}", file=sys.stderr)
    raise SystemExit(code)


def _number(name: str, value: Any, least: int, most: int = 2**31) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        fail(f"{name} takes a number, not {value!r}", 2)
    if not least <= number <= most:
        fail(f"{name} has to be between {least} and {most}, not {number}", 2)
    return number


def read_config(conf: dict[str, Any]) -> RunConfig:
    """The keywords of `skitai.run` under the options of the command line.

    Ends the process with one line for an option that is unknown or has a wrong value.
    """
    try:
        command_line.check_command_line()
    except getopt.GetoptError as error:
        fail(f"{error.msg}; --help lists the options, skitai.add_option declares more", 2)
    given = command_line.option_values()
    config = RunConfig(
        address=conf.get("address") or RunConfig.address,
        port=_number("port", given.get("--port", conf.get("port") or RunConfig.port), 1, 65535),
        workers=_number("workers", given.get("--workers", conf.get("workers") or 1), 1, 1024),
        threads=threads_of(given.get("--threads"), conf.get("threads")),
        name=conf.get("name"),
        serve_static="--disable-static" not in given,
        user=given.get("--user") or conf.get("user"),
        group=given.get("--group") or conf.get("group"),
    )
    config.threads = max(1, config.threads)
    _read_settings(conf)
    settings.cpu_affinity = bool("--cpu-affinity" in given or conf.get("cpu_affinity"))
    if settings.cpu_affinity and not affinity.is_supported():
        fail("cpu_affinity needs a system that binds threads to processors, as Linux does: leave it out", 2)
    return config


def threads_of(option: str | None, keyword: Any = None) -> int:
    """The command line wins over ATILA_THREADS of the environment, that over the keyword."""
    if option is None and (keyword is None or os.environ.get("ATILA_THREADS")):
        try:
            return usual_threads()
        except AtilaError as error:
            fail(str(error), 2)
    return _number("threads", keyword if option is None else option, 0, MOST_THREADS)


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        fail(f"{name} takes a number of seconds, not {value!r}", 2)
    if not 0 <= seconds < 1e9:
        fail(f"{name} has to be a number of seconds that is not negative, not {value!r}", 2)
    return seconds


def _read_settings(conf: dict[str, Any]) -> None:
    """The keywords that are settings of the service; what the environment says wins for some."""
    for keyword in ("backlog", "max_requests", "max_queue"):
        if conf.get(keyword) is not None:
            setattr(settings, keyword, _number(keyword, conf[keyword], 1))
    if conf.get("grpc_port") is not None:
        settings.grpc_port = _number("grpc_port", conf["grpc_port"], 1, 65535)
    for keyword in ("keep_alive", "network_timeout", "shutdown_timeout", "stuck_after"):
        if conf.get(keyword) is not None:
            setattr(settings, keyword, _seconds(keyword, conf[keyword]))
    for keyword in ("certfile", "keyfile", "passphrase"):
        if conf.get(keyword):
            setattr(settings, keyword, conf[keyword])
    if conf.get("status_path"):
        settings.status_path = _path("status_path", conf["status_path"])
    if conf.get("logpath"):
        settings.log_path = conf["logpath"]
    if "access_log" in conf:
        form = conf["access_log"]
        settings.access_log = "columns" if form is True else form or ""
    settings.access_log = os.environ.get("ATILA_ACCESS_LOG", settings.access_log)
    if settings.access_log not in ("", "columns", "json"):
        fail(f"access_log is 'columns', 'json' or empty, not {settings.access_log!r}", 2)
    settings.trusted_proxies = _networks(
        os.environ.get("ATILA_TRUSTED_PROXIES", conf.get("trusted_proxies") or settings.trusted_proxies)
    )
    read_state_url(conf.get("state"))
    settings.root_path = _path("root_path", conf.get("root_path") or "")


def _path(name: str, value: Any) -> str:
    """With a slash at its beginning and none at its end; empty for the top."""
    if not isinstance(value, str):
        fail(f"{name} is a path, such as '/shop', not {value!r}", 2)
    return f"/{value.strip('/')}" if value.strip("/") else ""


def _networks(value: str | Sequence[str]) -> str:
    """Addresses and networks by commas. uvicorn would take what is none for a name, and believe nobody."""
    entries = [entry.strip() for entry in (value.split(",") if isinstance(value, str) else value)]
    if "*" in entries:
        return "*"
    found = []
    for entry in filter(None, entries):
        try:
            found.append(str(ip_network(entry, strict=False)))
        except ValueError:
            fail(f"trusted_proxies: {entry!r} is no address or network, such as 10.0.0.7 or 10.0.0.0/8", 2)
    return ",".join(found)


def read_state_url(given: str | None = None) -> None:
    """The Redis that machines share: ATILA_STATE of the environment wins over what is given.

    Ends the process with one line for what is no URL of one.
    """
    settings.state_url = os.environ.get("ATILA_STATE") or given or settings.state_url
    if settings.state_url and not settings.state_url.startswith(("redis://", "rediss://", "unix://")):
        fail(f"state is the URL of a Redis, redis://host:port/0, not {settings.state_url!r}", 2)


def name_ignored(conf: dict[str, Any]) -> None:
    """Name the options that have no effect, and what to do instead."""
    given = command_line.option_values()
    asked = [name for name in IGNORED if name in given]
    if conf.get("quic") and "--quic" not in asked:
        asked.append("--quic")
    for name in asked:
        print(f"{name} is ignored: {IGNORED[name]}", file=sys.stderr)
