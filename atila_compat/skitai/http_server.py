"""One serving process: uvicorn's server, and how it ends (README "Architecture").

first signal    listening stops, running requests end within settings.shutdown_timeout, WebSockets are
                closed with 1012, then the apps' last events and hooks run and pools close
second signal   all of that is cut short
at the limit    what still runs is named by file and line, cancelled, and left behind: the process ends
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE

from ..serving.workers import places_of_threads
from ..settings import settings
from .access_log import access_log
from .forwarding import forward_to
from .http_cycle import State
from .http_protocol import HTTPProtocol

if TYPE_CHECKING:
    from .server import Service

log = logging.getLogger("atila_compat.server")

LAST_HOOKS_SECONDS = 2.0
"""What umount hooks and pools have in any case, also where requests have used up the time."""
TICKS_PER_SECOND = 10
SETTLE_SECONDS = 0.02
FORCED = 1


class GracefulServer(Server):
    """Serves until a signal.

    Args:
        service: what is served.
        limit: seconds that running requests have to end, when the server stops.
        forwarding: sockets where plain HTTP is answered with a redirection to HTTPS.

    Attributes:
        on_started: called when requests are taken.
        on_second: called once a second, on the event loop.
        on_enough: called once, when `settings.max_requests` have been answered.
        signals: that ask to stop.
        forcing: that do not wait for what runs; empty: the second of `signals`.
        refused: that would end or stop the process: they are for several workers, and the log says so.
    """

    def __init__(
        self, config: Config, service: Service, limit: float, forwarding: Sequence[socket.socket] = ()
    ) -> None:
        super().__init__(config)
        self._forwarding = forwarding
        self.service = service
        self.limit = limit
        self.server_state: State = State()
        service.connections = lambda: len(self.server_state.connections)
        self.on_started: Callable[[], None] = _nothing
        self.on_second: Callable[[], None] = _nothing
        self.on_enough: Callable[[], None] | None = None
        self.signals: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)
        self.forcing: tuple[int, ...] = ()
        self.refused: tuple[int, ...] = ()
        self._refused: int | None = None
        self._watchdog = _Watchdog(limit + LAST_HOOKS_SECONDS + 1)

    # -- running --------------------------------------------------------------------------------------------

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Load the apps, then listen."""
        await super().startup(sockets)
        # what is there now stays: the garbage collector need not look through it again and again
        gc.collect()
        gc.freeze()
        await self._start_forwarding()
        self._watchdog.start()
        self.on_started()

    async def _start_forwarding(self) -> None:
        if not self._forwarding or settings.forward is None:
            return
        _, port, domain, _ = settings.forward
        config = Config(
            forward_to(port, domain),
            http=HTTPProtocol,
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_keep_alive=self.config.timeout_keep_alive,
        )
        config.load()
        loop = asyncio.get_running_loop()
        for listener in self._forwarding:
            self.servers.append(
                await loop.create_server(
                    lambda: HTTPProtocol(config=config, server_state=self.server_state, app_state={}),
                    sock=listener,
                    backlog=self.config.backlog,
                )
            )

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether to stop."""
        if self._refused is not None:
            name, self._refused = signal.Signals(self._refused).name, None
            log.warning("%s has no effect on a single worker: start with --workers=2, or restart", name)
        if counter % TICKS_PER_SECOND == 0:
            self._send_slow_clients_away()
            self.on_second()
        if (
            self.on_enough is not None
            and settings.max_requests
            and self.server_state.total_requests >= settings.max_requests
        ):
            enough, self.on_enough = self.on_enough, None
            enough()
        return await super().on_tick(counter)

    def _send_slow_clients_away(self) -> None:
        now, limit = asyncio.get_running_loop().time(), settings.network_timeout
        for connection in list(self.server_state.connections):
            look = getattr(connection, "look", None)
            if look is not None:
                look(now, limit)

    # -- signals --------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Take the signals for the time of the run; they are not raised again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, self.handle_exit) for number in (*self.signals, *self.forcing)
        }
        before |= {number: signal.signal(number, self._refuse) for number in self.refused}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks to stop, the second one forces, unless other signals do that."""
        if sig in self.forcing or (self.should_exit and not self.forcing):
            self.force_exit = True
        if not self.should_exit:
            self._watchdog.wake()
        self.should_exit = True

    def _refuse(self, sig: int, frame: FrameType | None) -> None:
        self._refused = sig  # the log is written to by the event loop, which may be writing to it right now

    # -- the end --------------------------------------------------------------------------------------------

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what runs, as far as it ends in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.limit
        state = self.server_state
        state.leaving = True
        await self._stop_listening(sockets or [])
        for connection in list(state.connections):
            connection.shutdown()
        while state.busy and not self.force_exit and loop.time() < deadline:
            await asyncio.sleep(0.02)
        if state.busy:
            await self._cut_short()
        if self.force_exit:
            leave(FORCED)
        else:
            remaining = max(deadline - loop.time(), LAST_HOOKS_SECONDS)
            try:
                await asyncio.wait_for(self.lifespan.shutdown(), remaining)
            except TimeoutError:
                log.error(
                    "umount hooks have not ended within %.0f s: %s", remaining, "; ".join(still_running())
                )
        access_log.flush()

    async def _stop_listening(self, sockets: list[socket.socket]) -> None:
        """Listen no more; who has been let in by the system already is served."""
        loop = asyncio.get_running_loop()
        twins = [listener.dup() for listener in sockets]
        for server in self.servers:
            server.close()
        for listener in sockets:
            listener.close()
        # the loop closes its own hold of the socket a little later: until then connections are still let in
        for moment in (0.0, SETTLE_SECONDS, SETTLE_SECONDS, None):
            accepted: list[socket.socket] = []
            for twin in twins:
                accepted += _accept_all(twin)
                if moment is None:
                    twin.close()
            for connection in accepted:
                with contextlib.suppress(OSError):
                    await loop.connect_accepted_socket(self._protocol, connection, ssl=self.config.ssl)
            if moment is not None:
                await asyncio.sleep(moment)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    async def _cut_short(self) -> None:
        """Name what still runs, and cancel it."""
        state = self.server_state
        if not self.force_exit:
            running = still_running() + [_place_of_task(task) for task in state.tasks]
            log.error(
                "%d requests have not ended within %.0f s and are cut short: %s",
                len(state.tasks) + len(state.hops),
                self.limit,
                "; ".join(dict.fromkeys(running)) or "they wait for their clients",
            )
        for connection in list(state.connections):
            if isinstance(connection, HTTPProtocol):
                connection.cut_short()
        logging.getLogger("uvicorn.error").addFilter(_not_cancelled)
        for task in list(state.tasks):
            task.cancel("the server stops")
        if state.tasks:
            await asyncio.wait(list(state.tasks), timeout=0.5)
        for connection in list(state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)


def _not_cancelled(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about something else than what the server has cancelled itself."""
    return not (record.exc_info and record.exc_info[0] is asyncio.CancelledError)


def _accept_all(listener: socket.socket) -> list[socket.socket]:
    """The connections that wait."""
    accepted = []
    listener.setblocking(False)
    with contextlib.suppress(OSError):
        while True:
            accepted.append(listener.accept()[0])
    return accepted


def _nothing() -> None:
    return


def still_running() -> list[str]:
    """Where the threads of handlers and tasks are now, by file and line."""
    return [f"{name} at {place}" for name, place in places_of_threads()]


def _place_of_task(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack()
    if not frames:
        return repr(task.get_name())
    coroutine: Any = task.get_coro()
    # the innermost coroutine is what waits; a task's own stack shows the outermost one only
    while getattr(coroutine, "cr_await", None) is not None and hasattr(coroutine.cr_await, "cr_frame"):
        coroutine = coroutine.cr_await
    frame = getattr(coroutine, "cr_frame", None) or frames[-1]
    return f"a coroutine at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


class _Watchdog:
    """Ends the process where even the event loop does not come to its end. Woken by a signal handler."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: tuple[int, int] | None = None

    def start(self) -> None:
        self._ends = os.pipe()
        threading.Thread(target=self._wait, name="atila-watchdog", daemon=True).start()

    def wake(self) -> None:
        if self._ends is not None:
            os.write(self._ends[1], b"!")

    def _wait(self) -> None:
        assert self._ends is not None
        os.read(self._ends[0], 1)
        time.sleep(self._seconds)
        log.error("the process does not end by itself and is ended: %s", "; ".join(still_running()))
        leave(FORCED)


def leave(code: int) -> None:
    """End the process at once, whatever its threads do."""
    access_log.flush()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def end_in_time(code: int, seconds: float = 0.3) -> int:
    """Wait for threads that would keep the interpreter alive; end the process where they do not end.

    Returns the code where all have ended.
    """
    deadline = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread is threading.main_thread() or thread.daemon:
            continue
        if thread is not threading.current_thread():
            thread.join(max(deadline - time.monotonic(), 0))
    running = [t for t in threading.enumerate() if t is not threading.main_thread() and not t.daemon]
    if running:
        named = still_running()
        if named:
            log.error("left behind at the end: %s", "; ".join(named))
        leave(code)
    return code


def serve(server: GracefulServer, listeners: list[socket.socket]) -> int:
    """Serve until a signal; returns the exit code."""
    try:
        server.run(sockets=listeners)
    except SystemExit as ended:
        return 2 if ended.code == STARTUP_FAILURE else int(ended.code or 0)
    except KeyboardInterrupt:
        return FORCED
    finally:
        access_log.flush()
    return end_in_time(FORCED if server.force_exit else 0)
