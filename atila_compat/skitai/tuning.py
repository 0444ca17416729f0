"""The tuning functions: `skitai.set_backlog` and its relatives (spec/01 section 9).

Each stores its values in `settings`, where the server and the areas read them. A function whose setting has
no counterpart on this engine says so in its docstring, and in the log at debug level.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from ..settings import settings
from .place import get_logpath

log = logging.getLogger("atila_compat.settings")


def _without_effect(name: str, value: Any, instead: str) -> None:
    settings.extra[name] = value
    log.debug("skitai.%s is accepted and has no effect here: %s", name, instead)


def _positive(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"skitai.{name} takes a number that is not negative, got {value!r}")
    return value


def set_backlog(backlog: int) -> None:
    """How many connections may wait to be accepted."""
    settings.backlog = int(_positive("set_backlog", backlog))


def set_keep_alive(timeout: float) -> None:
    """Close client connections that are idle for `timeout` seconds."""
    settings.keep_alive = _positive("set_keep_alive", timeout)


def set_network_timeout(timeout: float) -> None:
    """Close client connections that are silent for `timeout` seconds within a request."""
    settings.network_timeout = _positive("set_network_timeout", timeout)


set_request_timeout = set_network_timeout


def set_max_upload_size(size: int) -> None:
    """Body limit in bytes for apps that set none with `config.MAX_UPLOAD_SIZE`."""
    settings.max_upload_size = int(_positive("set_max_upload_size", size))


def set_max_age(path: str, max_age: int) -> None:
    """Add `Cache-Control: max-age` to static files whose path begins with `path`.

    Args:
        path: prefix of the URL path, `"/static"`.
        max_age: seconds.
    """
    settings.max_ages = [entry for entry in settings.max_ages if entry[0] != path]
    settings.max_ages.append((path, int(_positive("set_max_age", max_age))))
    settings.max_ages.sort(key=lambda entry: -len(entry[0]))


def set_backend(
    timeout: float | None = None,
    object_timeout: float | None = None,
    maintain_interval: float | None = None,
) -> None:
    """Timeouts in seconds of connections to other servers.

    Args:
        timeout: for an answer, where the call gives none.
        object_timeout: after which an idle connection is closed.
        maintain_interval: has no effect here, connections are looked after by their clients.
    """
    if timeout is not None:
        settings.backend_timeout = _positive("set_backend", timeout)
    if object_timeout is not None:
        settings.backend_object_timeout = _positive("set_backend", object_timeout)
    if maintain_interval is not None:
        _without_effect("set_backend(maintain_interval)", maintain_interval, "clients close idle connections")


def set_backend_keep_alive(timeout: float) -> None:
    """Close HTTP connections to other servers that are idle for `timeout` seconds."""
    settings.backend_keep_alive = _positive("set_backend_keep_alive", timeout)


set_proxy_keep_alive = set_backend_keep_alive


def set_max_rcache(size: int) -> None:
    """How many results the cache of tasks keeps."""
    settings.max_rcache = int(_positive("set_max_rcache", size))


def add_wasc_option(name: str, value: Any) -> None:
    """Make `value` an attribute of every `was`."""
    settings.was_options[name] = value


def add_http_rpc_proto(name: str, protocol: type) -> None:
    """Register a class for a remote-call protocol of the app's own."""
    settings.http_rpc_protocols[name] = protocol


def enable_ssl(certfile: str, keyfile: str | None = None, passphrase: str | None = None) -> None:
    """Serve HTTPS with the certificate, key and passphrase of these files."""
    settings.certfile, settings.keyfile, settings.passphrase = certfile, keyfile, passphrase


def log_off(*patterns: str) -> None:
    """Paths without access log: `"*.css"` by suffix, `"/static/"` and `"/static*"` by prefix."""
    settings.log_off.extend(patterns)


def set_smtp(
    server: str,
    user: str | None = None,
    password: str | None = None,
    ssl: bool = False,
    start_service: bool = False,
) -> None:
    """The mail server of `was.email`; `start_service` has no effect, mails are sent at once."""
    settings.smtp = {"server": server, "user": user, "password": password, "ssl": ssl}
    if start_service:
        _without_effect("set_smtp(start_service)", True, "mails are sent at once")


def sched(interval: float, func: Callable[[], Any]) -> None:
    """Call `func()` every `interval` seconds, in a thread of its own."""
    settings.schedules.append((_positive("sched", interval), func))


# -- accepted, without effect -----------------------------------------------------------------------------


def use_poll(name: str) -> None:
    """No effect: the event loop chooses the best poller of the system."""
    _without_effect("use_poll", name, "the event loop chooses")


def config_executors(
    workers: int | None = None, zombie_timeout: float | None = None, process_start_method: str | None = None
) -> None:
    """No effect: the size of the pools of tasks follows `threads` and the number of processors."""
    _without_effect(
        "config_executors", (workers, zombie_timeout, process_start_method), "pools size themselves"
    )


def set_503_estimated_timeout(timeout: float) -> None:
    """Answer 503 to requests that would wait longer than `timeout` seconds for a worker thread."""
    settings.estimated_timeout = _positive("set_503_estimated_timeout", timeout) or None


def set_worker_critical_point(cpu_percent: float = 90.0, continuous: int = 3, interval: int = 20) -> None:
    """No effect: workers are not restarted by their load."""
    _without_effect(
        "set_worker_critical_point", (cpu_percent, continuous, interval), "workers are not restarted"
    )


def set_max_was_clones_per_thread(count: int) -> None:
    """No effect: every request has a `was` of its own."""
    _without_effect("set_max_was_clones_per_thread", count, "every request has a `was` of its own")


def set_dns_protocol(protocol: str) -> None:
    """No effect: names are resolved by the system."""
    _without_effect("set_dns_protocol", protocol, "names are resolved by the system")


def manual_gc(interval: float = 60.0) -> None:
    """No effect: Python collects garbage as usual."""
    _without_effect("manual_gc", interval, "Python collects garbage as usual")


def disable_aquests() -> None:
    """No effect: nothing of that client library is loaded."""
    _without_effect("disable_aquests", True, "nothing of it is loaded")


def set_was_class(was_class: type) -> None:
    """No effect: add attributes with `skitai.add_wasc_option`, or in a before_request hook."""
    _without_effect("set_was_class", was_class, "use add_wasc_option")


def enable_cachefs(path: str | None = None, memmax: int = 0, diskmax: int = 0) -> None:
    """No effect: let nginx or a CDN cache what is public."""
    _without_effect("enable_cachefs", (path, memmax, diskmax), "let nginx or a CDN cache")


def enable_proxy(*args: Any, **options: Any) -> None:
    """No effect: a forward proxy is no part of this engine."""
    _without_effect("enable_proxy", (args, options), "a forward proxy is no part of this engine")


def enable_gateway(*args: Any, **options: Any) -> None:
    """No effect: mount an alias, `skitai.mount("/api", "@alias/path")`, in place of the gateway."""
    _without_effect("enable_gateway", (args, options), "mount an alias")


def enable_blacklist(path: str) -> None:
    """No effect: refuse addresses in nginx or in the firewall."""
    _without_effect("enable_blacklist", path, "refuse addresses in nginx or in the firewall")


def enable_file_logging(
    path: str | None = None,
    kinds: Iterable[str] | None = None,
    size: int | None = None,
    files: int | None = None,
) -> None:
    """Write the log to files, `server.log`, `app.log` and `request.log`.

    Args:
        path: their directory; by default `skitai.get_logpath()`.
        kinds: which of `"server"`, `"app"`, `"request"`; by default all. Others are accepted.
        size: bytes after which a file is put aside, 100 MB by default; 0 for never, as for logrotate.
        files: how many files of a kind are kept besides the current one, 10 by default.
    """
    settings.log_path = path or get_logpath()
    if kinds:
        settings.log_kinds = tuple(kind for kind in kinds if kind in ("server", "app", "request"))
    if size is not None:
        settings.log_size = int(_positive("enable_file_logging", size))
    if files is not None:
        settings.log_files = int(_positive("enable_file_logging", files))


def set_access_log_path(path: str) -> None:
    """Write the log to files in the directory `path`, as `enable_file_logging` does."""
    enable_file_logging(path)


def enable_forward(
    port: int = 80, forward_port: int = 443, forward_domain: str | None = None, ip: str = ""
) -> None:
    """Listen on `port` too, and send who comes there to HTTPS.

    Args:
        port: where plain HTTP is spoken.
        forward_port: where HTTPS is spoken, as clients see it.
        forward_domain: the host to go to; by default the one that was asked for.
        ip: address to listen on; by default that of `skitai.run`.
    """
    settings.forward = (int(port), int(forward_port), forward_domain, ip)


def set_service(config: Any) -> None:
    """No effect: write a systemd unit that runs the launch script."""
    _without_effect("set_service", config, "write a systemd unit")


def push(uri: str) -> None:
    """No effect: browsers have dropped HTTP/2 server push."""
    _without_effect("push", uri, "browsers have dropped HTTP/2 server push")
