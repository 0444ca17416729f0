"""What the processes of a service share: numbers, locks, events, WebSocket pushes (spec/01 section 7)."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ..app import Atila
from ..context import current_was
from ..errors import AtilaError
from ..hooks.events import broadcast_bus
from ..locks import locks
from ..protocols.deliveries import IDS_OF_A_PROCESS, deliveries
from ..serving.bus import Bus, LocalBus, RedisBus
from ..serving.lifespan import make_was
from ..serving.runtime import Runtime
from ..state import state
from ..state_redis import RedisStore
from .place import service_name

if TYPE_CHECKING:
    from .loading import LoadedApp

log = logging.getLogger("atila_compat.bus")

PROCESS_NUMBERS = 1 << 22
EVENT, PUSH = "event", "push"


def _space() -> str:
    return f"atila:{service_name()}"


def share_over_machines(url: str) -> None:
    """Keep numbers and locks in a Redis. MissingExtra where its client is not installed."""
    store = RedisStore(url, _space())
    state.use_store(store)
    locks.store = store


async def join(
    runtime: Runtime, folder: str, url: str | None, loaded: Callable[[], Sequence[LoadedApp]]
) -> Bus:
    """Let this process take part.

    Args:
        folder: what the workers of this machine share.
        url: of the Redis that several machines share; None for one machine.
        loaded: gives the apps.
    """
    locks.folder = folder

    def received(message: dict[str, Any]) -> None:
        if message.get("kind") == PUSH:
            deliveries.send_here(message["to"], _unpacked(message["message"]))
        elif message.get("kind") == EVENT:
            _emit(runtime, loaded(), message)

    bus: Bus
    if url is None:
        bus = LocalBus(folder, received)
    else:
        bus = RedisBus(url, f"{_space()}:bus", received)
        deliveries.use_process_number(await _process_number(runtime))
    await bus.open()

    def broadcast(event: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            bus.post({"kind": EVENT, "event": event, "args": args, "kwargs": kwargs})
        except (TypeError, ValueError) as error:
            log.warning("event %s stays in this process: %s", event, error)

    def push(client_id: int, message: Any) -> None:
        try:
            posted = {"kind": PUSH, "to": client_id, "message": _packed(message)}
            bus.post(posted, None if url is not None else client_id // IDS_OF_A_PROCESS)
        except (TypeError, ValueError) as error:
            log.warning("a message for client %d of another process is lost: %s", client_id, error)

    broadcast_bus.elsewhere = broadcast
    deliveries.elsewhere = push
    return bus


async def _process_number(runtime: Runtime) -> int:
    """A number that no process of any machine has; by chance where Redis cannot be asked."""
    store = locks.store
    assert isinstance(store, RedisStore)
    try:
        import asyncio

        number = await asyncio.wrap_future(runtime.submit(store.next_process))
    except AtilaError as error:
        log.error("%s", error)
        return secrets.randbelow(PROCESS_NUMBERS - 1) + 1
    return number % (PROCESS_NUMBERS - 1) + 1


def _emit(runtime: Runtime, loaded: Sequence[LoadedApp], message: dict[str, Any]) -> None:
    """Call the handlers of an event that another process has broadcast, in a worker thread."""
    event = message["event"]
    if not broadcast_bus.listens((event,)):
        return
    app = next((each.app for each in loaded if isinstance(each.app, Atila)), None)
    if app is None:
        return

    def run() -> None:
        runtime.activate()
        was = make_was(app, runtime)
        current_was.set(was)
        broadcast_bus.emit(event, was, *message.get("args", ()), **message.get("kwargs", {}))

    done = runtime.workers.run(copy_context(), f"event {event}", run)
    done.add_done_callback(lambda future: None if future.cancelled() else _report(event, future.exception()))


def _report(event: str, error: BaseException | None) -> None:
    if error is not None:
        log.error("handlers of event %s failed", event, exc_info=error)


def _packed(message: Any) -> dict[str, Any]:
    if isinstance(message, (bytes, bytearray, memoryview)):
        return {"bytes": base64.b64encode(bytes(message)).decode()}
    return {"value": message}


def _unpacked(packed: dict[str, Any]) -> Any:
    return base64.b64decode(packed["bytes"]) if "bytes" in packed else packed["value"]
