"""WebSocket clients: one that is polite, and one that writes what it likes."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
from types import TracebackType
from typing import Self

import websocket

from ..launch import Launched
from ..servers import HOST

SECONDS = 10.0
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
MASK = b"\x01\x02\x03\x04"


class Client:
    """A connection by the package websocket-client.

    Attributes:
        ws: the connection itself.
    """

    def __init__(self, app: Launched, path: str, **headers: str) -> None:
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.ws = websocket.create_connection(
            f"ws://{HOST}:{app.port}{path}",
            timeout=SECONDS,
            header=lines,
            redirect_limit=0,
            suppress_origin=True,
            skip_utf8_validation=True,  # it is done byte by byte, in Python
        )

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the handshake's answer, by lower-case name."""
        return dict(self.ws.getheaders() or {})

    def say(self, *messages: str | bytes) -> None:
        """Send messages: text, or binary ones for bytes."""
        for message in messages:
            if isinstance(message, bytes):
                self.ws.send_binary(message)
            else:
                self.ws.send(message)

    def hear(self, count: int = 1) -> list[str | bytes]:
        """The next messages."""
        heard: list[str | bytes] = []
        for _ in range(count):
            opcode, data = self.ws.recv_data()
            assert opcode in (TEXT, BINARY), f"opcode {opcode}: {data!r}"
            heard.append(data.decode() if opcode == TEXT else data)
        return heard

    def ask(self, message: str | bytes) -> str | bytes:
        """Send a message, and give its answer."""
        self.say(message)
        return self.hear()[0]

    def end(self) -> int | None:
        """How the server ends the connection: the code of its close frame, None where it just hangs up."""
        try:
            opcode, data = self.ws.recv_data()
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            return None
        assert opcode == CLOSE, f"opcode {opcode}: {data!r}"
        return int(struct.unpack("!H", data[:2])[0]) if data else 1005

    def close(self) -> None:
        """Close the connection properly, if it is open still."""
        self.ws.close()
        if self.ws.sock is not None:
            self.ws.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def refusal(app: Launched, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers by lower-case name and body of the answer to a handshake that is refused."""
    with Raw(app, path, receive_buffer=0, **headers) as raw:
        head, _, body = raw.head.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:])
        length = int(fields.get("content-length", "0"))
        while len(body) < length:
            received = raw.socket.recv(65536)
            if not received:
                break
            body += received
        return int(lines[0].split(" ")[1]), fields, body.decode()


def frame(data: bytes, opcode: int = TEXT, *, fin: bool = True, masked: bool = True, rsv: int = 0) -> bytes:
    """A frame as it stands on the wire."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    flag = 0x80 if masked else 0
    if len(data) < 126:
        head = struct.pack("!BB", first, flag | len(data))
    elif len(data) < 65536:
        head = struct.pack("!BBH", first, flag | 126, len(data))
    else:
        head = struct.pack("!BBQ", first, flag | 127, len(data))
    if not masked:
        return head + data
    return head + MASK + bytes(byte ^ MASK[place % 4] for place, byte in enumerate(data))


class Raw:
    """A connection whose bytes are the test's own; `head` is what the server has answered at first."""

    def __init__(self, app: Launched, path: str, *, receive_buffer: int = 0, **headers: str) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(SECONDS)
        self.socket.connect((HOST, app.port))
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {HOST}:{app.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            received = self.socket.recv(1)
            if not received:
                break
            self.head += received

    def send(self, data: bytes) -> None:
        """Write bytes; a server that has hung up already is no failure."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def end(self) -> int | None:
        """The code of the close frame that the server sends, None where it hangs up without; skips others."""
        buffer = b""
        try:
            while received := self.socket.recv(65536):
                buffer += received
        except ConnectionError:
            pass
        while len(buffer) >= 2:
            length = buffer[1] & 0x7F
            start = 2
            if length == 126:
                length, start = struct.unpack("!H", buffer[2:4])[0], 4
            elif length == 127:
                length, start = struct.unpack("!Q", buffer[2:10])[0], 10
            data, opcode = buffer[start : start + length], buffer[0] & 0x0F
            if opcode == CLOSE:
                return int(struct.unpack("!H", data[:2])[0]) if len(data) >= 2 else 1005
            buffer = buffer[start + length :]
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()
