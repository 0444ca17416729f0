"""Rooms of WS_GROUPCHAT: the clients of one path that have named the same room (spec/07 section 1.9)."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from .ws_connection import Connection
from .ws_encoding import Message, messages_of

_lock = threading.Lock()
_rooms: weakref.WeakKeyDictionary[Any, dict[tuple[str, str], Room]] = weakref.WeakKeyDictionary()


class Room:
    """What `was.websocket` is for all clients of a room.

    Attributes:
        client_id: None, a room is nobody in particular; `was.wsclient()` tells who has sent the message.
    """

    client_id = None
    session = None

    def __init__(self, app: Any, key: tuple[str, str]) -> None:
        self._app = app
        self._key = key
        self._members: dict[int, Connection] = {}

    @classmethod
    def enter(cls, app: Any, path: str, room_id: str, connection: Connection) -> Room:
        """Let somebody into the room of that id at that path; it is made where nobody is in it."""
        key = (path, room_id)
        with _lock:
            rooms = _rooms.setdefault(app, {})
            room = rooms.get(key)
            if room is None:
                room = rooms[key] = cls(app, key)
            room._members[connection.client_id] = connection
            return room

    def leave(self, connection: Connection) -> None:
        """Somebody has left; an empty room is forgotten."""
        with _lock:
            self._members.pop(connection.client_id, None)
            if not self._members:
                _rooms.get(self._app, {}).pop(self._key, None)

    # -- for apps -------------------------------------------------------------------------------------------

    def send(self, data: Any, client_id: int | None = None, op_code: int = -1) -> None:
        """Send a message to everybody in the room, or to one of them.

        Args:
            data: as for `was.websocket.send` of other kinds.
            client_id: whom to; nothing happens where nobody of this id is in the room.
            op_code: `skitai.WS_OPCODE_TEXT` or `WS_OPCODE_BINARY` to choose.
        """
        members = list(self._members.values())
        if client_id is not None:
            members = [member for member in members if member.client_id == client_id]
        if not members:
            return
        for message in messages_of(members[0].encoding, data, op_code):
            for member in members:
                member.push_message(message)

    def close(self) -> None:
        """Close the connections of everybody in the room."""
        for member in list(self._members.values()):
            member.close()

    def closed(self) -> bool:
        """Whether nobody is in the room any more."""
        return not self._members

    @property
    def clients(self) -> list[int]:
        """Ids of those who are in the room."""
        return list(self._members)

    def broadcast(self, message: Message, sender: Connection) -> None:
        """Send a message to everybody; the sender's own copy goes with the flush of its handler."""
        for member in list(self._members.values()):
            if member is sender:
                member.put(message)
            else:
                member.push_message(message)
