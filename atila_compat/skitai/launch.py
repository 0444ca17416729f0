"""`skitai.run`: from the command line to a running server (spec/01 section 10).

skitai.run  ->  command line and keywords  ->  one listening socket  ->  uvicorn, in this process or in
forked workers  ->  Service (the Starlette application built from the mounts)
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from typing import TYPE_CHECKING, Any, NoReturn

from .. import affinity
from ..errors import AtilaError
from ..settings import settings
from ..state import state
from . import command_line, place
from .mounts import Mounts, current_mounts
from .run_config import RunConfig, fail, name_ignored, read_config, read_state_url, threads_of

if TYPE_CHECKING:
    from uvicorn import Config

    from .privileges import Identity
    from .server import Service
    from .watching import Watch

DEVEL_SHUTDOWN_SECONDS = 1.0


class Collected(BaseException):
    """Ends a launch script that is executed for its mounts only."""

    def __init__(self, config: RunConfig) -> None:
        super().__init__("skitai.run")
        self.config = config


collecting = False
"""Whether `skitai.run` is to raise Collected in place of serving."""


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

    from .ws_protocol import WebSocketProtocol

    return Config(
        service,
        http=_http_protocol(),
        ws=WebSocketProtocol,
        host=config.address,
        port=config.port,
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        headers=[("Server", "atila_compat")],
        # without trusted proxies the peer of the socket is who asks
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        root_path=settings.root_path,
        backlog=settings.backlog,
        timeout_keep_alive=max(1, round(settings.keep_alive)),
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
        ssl_keyfile_password=settings.passphrase,
    )


def _http_protocol() -> type[asyncio.Protocol]:
    """What connections speak: HTTP/1.1, and HTTP/2 where the extra is installed."""
    try:
        from .http2_protocol import SwitchingProtocol
    except ImportError:
        from .http_protocol import HTTPProtocol

        return HTTPProtocol
    return SwitchingProtocol


def _enter_script_directory() -> None:
    # the original's workers run in the directory of the launch script; what was imported relative to the
    # directory that the user is in has to stay importable
    place.place.started_in = os.getcwd()
    sys.path[:] = [os.path.abspath(entry) if entry else os.getcwd() for entry in sys.path]
    os.chdir(place.getswd())


def run(**conf: Any) -> NoReturn:
    """Serve what has been mounted, until a signal ends it; the process ends then (spec/01 section 10).

    The command line wins over the keywords; `--help` lists what it takes. A command word in it (`start`,
    `stop`, `status`, `restart`, `install`, `update`, `uninstall`) is obeyed instead.

    Args:
        conf: `address` (0.0.0.0), `port` (5000), `workers` (1), `threads` (4), `name`, `user`, `group`;
            `backlog`, `keep_alive` and `network_timeout` (seconds), `certfile`, `keyfile`, `passphrase`,
            `logpath` (directory); and what the original does not have:
            `shutdown_timeout` (8 seconds), how long running requests may take to end;
            `max_queue` (1000), requests that may wait for a thread, more are answered with 503;
            `max_requests`, after which a worker is replaced; `stuck_after` (60 seconds), after which a
            handler that runs is named in the log; `access_log` ("columns", "json" or empty);
            `cpu_affinity` (False), whether each worker keeps to a processor of its own;
            `trusted_proxies` ("10.0.0.0/8,127.0.0.1"), whose X-Forwarded-For and -Proto are believed;
            `root_path` ("/shop"), which a proxy takes off; `status_path` ("/__status__");
            `grpc_port`, where gRPC is served besides;
            `state` ("redis://host/0"), where several machines share `skitai.g`, events and pushes.
            Others are accepted. ATILA_THREADS, ATILA_STATE, ATILA_TRUSTED_PROXIES and ATILA_ACCESS_LOG of the
            environment win over their keywords.

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
    place.place.name = config.name
    mounts = current_mounts()
    _obey(config, mounts)
    name_ignored(conf)
    if not mounts:
        fail("nothing is mounted: call skitai.mount ('/', app) before skitai.run ()")
    raise SystemExit(_serve(config, mounts))


def _obey(config: RunConfig, mounts: Mounts) -> None:
    """Do what a command word asks for; comes back where the service is to run in this process."""
    command = command_line.get_command()
    domain = command_line.option_values().get("--nginx-conf")
    try:
        if domain is not None:
            from . import nginx

            print(nginx.configuration(domain, config, mounts))
            raise SystemExit(0)
        if command in ("install", "update", "uninstall", "remove"):
            from . import systemd

            raise SystemExit(systemd.obey(command, config))
        from . import daemon

        if command is None:
            daemon.refuse_beside_daemon()
            return
        code = daemon.obey(command)
        if code is not None:
            raise SystemExit(code)
    except AtilaError as error:
        fail(str(error))


def _serve(config: RunConfig, mounts: Mounts) -> int:
    """Serve until a signal; returns the exit code."""
    from . import daemon, logs, watching
    from .privileges import find_identity

    try:
        identity = find_identity(config.user, config.group)
    except AtilaError as error:
        daemon.tell_starter(str(error))
        fail(str(error))
    place.place.status = "CREATING"
    try:
        listeners = [bind(config.address, config.port)]
        forward = settings.forward
        forwarding = [bind(forward[3] or config.address, forward[0])] if forward is not None else []
    except SystemExit:
        daemon.tell_starter("cannot listen, see the log")
        raise
    state.freeze()
    if settings.state_url is not None:
        from .sharing import share_over_machines

        try:
            share_over_machines(settings.state_url)
        except AtilaError as error:
            fail(str(error))
    logs.configure(settings, debug=False, identity=identity)
    _enter_script_directory()
    service = build_service(config, mounts)
    address = f"[{config.address}]" if ":" in config.address else config.address
    service.listens_on = f"{address}:{config.port}"
    place.place.status = "CREATED"
    try:
        served = uvicorn_config(service, config)
        served.load()
    except OSError as error:
        fail(f"TLS: {error.strerror or error}: {error.filename or settings.certfile}")
    place.place.status = "STARTING"
    watch = watching.Watch() if place.isdevel() else None
    if watch is not None:
        settings.shutdown_timeout = min(settings.shutdown_timeout, DEVEL_SHUTDOWN_SECONDS)
    if config.has_supervisor(identity is not None):
        code = _supervise(config, served, service, listeners, forwarding, identity, watch)
    else:
        code = _serve_alone(served, service, listeners, forwarding, watch)
    if watch is not None and watch.changed_file:
        watching.start_again()
    if code == 2:  # an app cannot be loaded
        for listener in (*listeners, *forwarding):
            listener.close()
        watching.start_again_when_mended()
    daemon.tell_starter("" if code == 0 else "the service could not start, see the log")
    return code


def _serve_alone(
    served: Config,
    service: Service,
    listeners: list[socket.socket],
    forwarding: list[socket.socket],
    watch: Watch | None,
) -> int:
    """Serve in this process."""
    from . import daemon, http_server

    server = http_server.GracefulServer(served, service, settings.shutdown_timeout, forwarding)
    server.on_started = daemon.tell_starter
    if os.name == "posix":
        # where a terminal goes away its services end
        hangup = () if sys.stdin is not None and sys.stdin.isatty() else (signal.SIGHUP,)
        server.refused = (*hangup, signal.SIGTTIN, signal.SIGTTOU)
    if watch is not None:
        server.on_second = watch.ask(server)
    if settings.cpu_affinity:
        affinity.settle(0)
    code = http_server.serve(server, listeners)
    affinity.release()  # with --devel the process starts itself again
    return 2 if service.failure is not None else code


def _supervise(
    config: RunConfig,
    served: Config,
    service: Service,
    listeners: list[socket.socket],
    forwarding: list[socket.socket],
    identity: Identity | None,
    watch: Watch | None,
) -> int:
    """Serve with worker processes."""
    from . import daemon, http_server
    from .workers import ALIVE, ENOUGH, SERVES, Link, Supervisor

    service.bus_folder = _bus_folder(identity)

    def work(link: Link) -> int:
        if identity is not None:
            identity.take()
        server = http_server.GracefulServer(served, service, settings.shutdown_timeout, forwarding)
        server.signals, server.forcing = (signal.SIGTERM,), (signal.SIGQUIT,)
        server.on_started = lambda: link.tell(SERVES)
        server.on_second = lambda: link.tell(ALIVE)
        server.on_enough = lambda: link.tell(ENOUGH)
        service.worker = link.index
        if settings.cpu_affinity:
            affinity.settle(link.index)
        code = http_server.serve(server, listeners)
        return 2 if service.failure is not None else code

    supervisor = Supervisor(work, config.workers, [*listeners, *forwarding])
    supervisor.on_served = daemon.tell_starter
    if watch is not None:
        supervisor.restart_wanted = watch.look
    try:
        return supervisor.run()
    finally:
        shutil.rmtree(service.bus_folder, ignore_errors=True)


def _bus_folder(identity: Identity | None) -> str:
    """A directory for the sockets and locks that the workers share; nobody else may enter it."""
    try:
        folder = tempfile.mkdtemp(prefix="atila-")
    except OSError as error:
        from . import daemon

        daemon.tell_starter("there is no directory for temporary files")
        fail(
            f"workers share a directory for their sockets, and none can be made ({error}): let TMPDIR name "
            "one that can be written; a container with a read-only file system needs a tmpfs at /tmp"
        )
    if identity is not None:
        identity.give(folder)
    return folder


def asgi() -> Service:
    """The Starlette application of what has been mounted so far, for any ASGI server.

    Routes that are added to it go before the mounts, middleware around them. ATILA_THREADS of the
    environment says how many worker threads a process has, 4 by default; ATILA_STATE names the Redis.
    Raises AtilaError where nothing is mounted.
    """
    if not current_mounts():
        raise AtilaError("nothing is mounted: call skitai.mount ('/', app) before skitai.asgi ()")
    threads = threads_of(command_line.option_values().get("--threads"))
    read_state_url()
    return build_service(RunConfig(threads=max(1, threads)), current_mounts())
