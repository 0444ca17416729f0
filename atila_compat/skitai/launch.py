"""`skitai.run`: from the command line to a running server (spec/01 section 10).

skitai.run  ->  command line and keywords  ->  one listening socket  ->  uvicorn, in this process or in
forked workers  ->  Service (the Starlette application built from the mounts)
"""

from __future__ import annotations

import getopt
import os
import signal
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import AtilaError
from ..settings import settings
from ..state import state
from . import command_line, place
from .mounts import Mounts, current_mounts

if TYPE_CHECKING:
    from uvicorn import Config

    from .server import Service

GRACEFUL_SECONDS = 5
NOT_SERVED = {
    "start": "run the script in the foreground, under systemd or in a container",
    "stop": "stop the foreground process with Ctrl+C or SIGTERM",
    "restart": "restart the foreground process",
    "status": "ask systemd, or look for the process",
    "install": "write a systemd unit that runs this script",
    "update": "write a systemd unit that runs this script",
    "uninstall": "remove the systemd unit by hand",
    "remove": "remove the systemd unit by hand",
    "--quic": "let a proxy in front speak HTTP/3",
    "--nginx-conf": "write the nginx configuration by hand, with proxy_pass to this port",
    "--smtpda": "name a mail server with skitai.set_smtp",
    "--user": "start the process as that user",
    "--group": "start the process with that group",
    "---profile": "use py-spy or cProfile",
    "---memtrack": "use memray or tracemalloc",
    "---gc": "leave the garbage collection to Python",
}
IGNORED = ("---profile", "---memtrack", "---gc", "--user", "--group", "--smtpda")
"""Options without which the service is the same: they are named in the log and the service starts."""


@dataclass
class RunConfig:
    """How a service is run; `skitai.run` makes it of its keywords and the command line, which wins.

    Attributes:
        workers: processes.
        threads: worker threads of a process.
        serve_static: whether directories are served.
    """

    address: str = "0.0.0.0"  # noqa: S104 - the original's default
    port: int = 5000
    workers: int = 1
    threads: int = 4
    name: str | None = None
    serve_static: bool = True


class Collected(BaseException):
    """Ends a launch script that is executed for its mounts only."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("skitai.run")
        self.config = config


collecting = False
"""Whether `skitai.run` is to raise Collected in place of serving."""


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
        threads=_number("threads", given.get("--threads", conf.get("threads", RunConfig.threads)), 0, 10000),
        name=conf.get("name"),
        serve_static="--disable-static" not in given,
    )
    config.threads = max(1, config.threads)
    if "backlog" in conf:
        settings.backlog = _number("backlog", conf["backlog"], 1)
    for keyword in ("keep_alive", "network_timeout"):
        if conf.get(keyword) is not None:
            setattr(settings, keyword, float(conf[keyword]))
    for keyword in ("certfile", "keyfile", "passphrase"):
        if conf.get(keyword):
            setattr(settings, keyword, conf[keyword])
    return config


def _check_served(conf: dict[str, Any]) -> None:
    """Name what this version does not serve, and what to do instead."""
    given = command_line.option_values()
    asked = [name for name in NOT_SERVED if name in given]
    command = command_line.get_command()
    if command:
        asked.append(command)
    if conf.get("quic"):
        asked.append("--quic")
    for name in asked:
        if name in IGNORED:
            print(f"{name} is not served yet and ignored: {NOT_SERVED[name]}", file=sys.stderr)
        else:
            fail(f"{name} is not served yet: {NOT_SERVED[name]}")


def bind(address: str, port: int) -> socket.socket:
    """The socket to listen on; nobody can connect before the apps are loaded.

    Ends the process with one line where the address cannot be had.
    """
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        fail(f"cannot listen on {address!r}: {error.strerror}")
    family, _, _, _, where = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(where)
    except OSError as error:
        listener.close()
        fail(
            f"cannot listen on {address} port {port}: {error.strerror}; "
            "stop what is running there, or choose another with --port=N"
        )
    listener.set_inheritable(True)
    return listener


def build_service(config: RunConfig, mounts: Mounts) -> Service:
    """The application of all that has been mounted."""
    from .server import Service

    return Service(mounts, threads=config.threads, serve_static=config.serve_static)


def uvicorn_config(service: Service, config: RunConfig) -> Config:
    """uvicorn's settings for a service."""
    from uvicorn import Config

    from .http_protocol import HTTPProtocol

    return Config(
        service,
        http=HTTPProtocol,
        host=config.address,
        port=config.port,
        workers=config.workers,
        interface="asgi3",
        lifespan="on",
        log_config=None,
        server_header=False,
        headers=[("Server", "atila_compat")],
        # the peer of the socket is who asks; apps look at X-Forwarded-For themselves (get_real_ip)
        proxy_headers=False,
        backlog=settings.backlog,
        timeout_keep_alive=max(1, round(settings.keep_alive)),
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
        ssl_keyfile_password=settings.passphrase,
    )


def _leave(number: int, frame: Any) -> NoReturn:
    # uvicorn drains first, then raises the signal again for whoever handled it before: that is here
    raise SystemExit(0)


def _enter_script_directory() -> None:
    # the original's workers run in the directory of the launch script; what was imported relative to the
    # directory that the user is in has to stay importable
    sys.path[:] = [os.path.abspath(entry) if entry else os.getcwd() for entry in sys.path]
    os.chdir(place.getswd())


def run(**conf: Any) -> NoReturn:
    """Serve what has been mounted, until a signal ends it; the process ends then (spec/01 section 10).

    The command line wins over the keywords: `--port --workers --threads --devel --deploy --disable-static
    --help`, and what `skitai.add_option` declared.

    Args:
        conf: `address` (0.0.0.0), `port` (5000), `workers` (1), `threads` (4), `name`, `backlog`,
            `keep_alive` and `network_timeout` (seconds), `certfile`, `keyfile`, `passphrase`; others are
            accepted.

    Exit codes: 0 at the end, 1 where the port is taken or nothing is mounted, 2 where an app cannot be loaded
    or the command line is wrong.
    """
    if collecting:
        place.apply_mode()
        raise Collected(read_config(conf))
    if "--help" in command_line.options:
        print(command_line.usage(os.path.basename(sys.argv[0])))
        raise SystemExit(0)
    place.apply_mode()
    config = read_config(conf)
    _check_served(conf)
    mounts = current_mounts()
    if not mounts:
        fail("nothing is mounted: call skitai.mount ('/', app) before skitai.run ()")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    place.place.name = config.name
    place.place.status = "CREATING"
    listener = bind(config.address, config.port)
    state.freeze()
    _enter_script_directory()

    from . import logs

    logs.configure(settings.log_off, debug=False)
    service = build_service(config, mounts)
    service.listens_on = f"{config.address}:{config.port}"
    place.place.status = "CREATED"
    try:
        served = uvicorn_config(service, config)
        served.load()
    except OSError as error:
        fail(f"TLS: {error.strerror or error}: {error.filename or settings.certfile}")
    place.place.status = "STARTING"
    if config.workers > 1 and hasattr(os, "fork"):
        from .workers import supervise

        raise SystemExit(supervise(served, listener))

    from uvicorn import Server

    try:
        Server(served).run(sockets=[listener])
    except SystemExit as ended:
        raise SystemExit(2 if service.failure is not None else ended.code) from None
    raise SystemExit(0)


def asgi() -> Service:
    """The Starlette application of what has been mounted so far, for any ASGI server.

    Routes that are added to it go before the mounts, middleware around them.
    Raises AtilaError where nothing is mounted.
    """
    if not current_mounts():
        raise AtilaError("nothing is mounted: call skitai.mount ('/', app) before skitai.asgi ()")
    threads = _number("threads", command_line.option_values().get("--threads", RunConfig.threads), 1)
    return build_service(RunConfig(threads=threads), current_mounts())
