"""Messages to WebSocket clients by their id, wherever the connection is (spec/07 section 1.6)."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ws_connection import Connection

IDS_OF_A_PROCESS = 1 << 28
"""Ids of one process; with process numbers below 2**22 all ids are exact in JavaScript and JSON."""


def process_number() -> int:
    """0 for a server that is one process; for one of several worker processes, its process id."""
    return 0 if multiprocessing.parent_process() is None else os.getpid()


class Deliveries:
    """The open connections of this process by client id, and the way to those of other processes.

    Attributes:
        elsewhere: called with client id and message for a client that this process does not have; a bus
            between the processes puts itself here.
    """

    def __init__(self) -> None:
        self.elsewhere: Callable[[int, Any], None] | None = None
        self._connections: dict[int, Connection] = {}
        self._counter = itertools.count()
        self._process: int | None = None
        self._base = 0

    def new_id(self) -> int:
        """An id that no other connection has, in this process or in another one of the same server."""
        if self._process != os.getpid():  # asked for at the first connection: workers are forked before it
            self._process = os.getpid()
            self._base = process_number() * IDS_OF_A_PROCESS
        return self._base + next(self._counter) % IDS_OF_A_PROCESS

    def use_process_number(self, number: int) -> None:
        """Give ids of that process number, below 2**22, from now on: where process ids say too little."""
        self._process = os.getpid()
        self._base = number * IDS_OF_A_PROCESS

    def add(self, connection: Connection) -> None:
        """Deliver to this connection from now on."""
        self._connections[connection.client_id] = connection

    def discard(self, connection: Connection) -> None:
        """Deliver to this connection no more."""
        self._connections.pop(connection.client_id, None)

    def send(self, client_id: Any, message: Any) -> None:
        """Send a message to a client; nothing happens where it is nowhere."""
        if not isinstance(client_id, int):
            return
        if not self.send_here(client_id, message) and self.elsewhere is not None:
            self.elsewhere(client_id, message)

    def send_here(self, client_id: int, message: Any) -> bool:
        """Send a message to a client of this process; whether there is one."""
        connection = self._connections.get(client_id)
        if connection is None:
            return False
        connection.push(message)
        return True


deliveries = Deliveries()
"""The ones of this process."""
