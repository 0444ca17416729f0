"""What an app says and hears over a WebSocket, as messages (spec/07 sections 1.1 and 1.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ..http.api import API, encode_json

Message = str | bytes | bytearray
"""What goes over the wire: str in a text message, bytes in a binary one."""

OPCODE_TEXT, OPCODE_BINARY, OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG = 1, 2, 8, 9, 10
OPCODES = (OPCODE_TEXT, OPCODE_BINARY, OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG)


class BadMessage(ValueError):
    """A client's message is not in the encoding that the resource has declared."""


class Unsendable(TypeError):
    """A value is no message in the encoding that the resource has declared."""


class Encoding:
    """Text and bytes as they are: `encoding="text"`."""

    name = "text"

    def decode(self, message: Message) -> Any:
        """What the app hears.

        Raises BadMessage.
        """
        return message

    def encode(self, value: Any) -> Message:
        """One message for one value.

        Raises TypeError for what cannot be encoded.
        """
        if isinstance(value, str):
            return value
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        if isinstance(value, API):
            return value.to_string()
        raise Unsendable(
            f"a {type(value).__name__} cannot be sent as text: use str(...), or another encoding"
        )

    def is_single(self, value: Any) -> bool:
        """Whether a value is one message; any other iterable is one for each item."""
        return isinstance(value, (str, bytes, bytearray, memoryview, API)) or not isinstance(value, Iterable)


_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def _escaped(character: re.Match[str]) -> str:
    return json.dumps(character[0])[1:-1]


class JSONEncoding(Encoding):
    """JSON documents in ASCII: `encoding="json"`. Bytes stay what they are, in binary messages."""

    name = "json"

    def decode(self, message: Message) -> Any:
        try:
            return json.loads(message)
        except (ValueError, RecursionError) as error:
            raise BadMessage(f"no JSON: {error}") from None

    def encode(self, value: Any) -> Message:
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        if isinstance(value, API):
            return value.to_string()
        return _BEYOND_ASCII.sub(_escaped, encode_json(value).decode())

    def is_single(self, value: Any) -> bool:
        return isinstance(value, dict) or super().is_single(value)


class XMLRPCEncoding(Encoding):
    """Calls in, values out: `encoding="xmlrpc"`. The app hears the parameter, or the list of several."""

    name = "xmlrpc"

    def decode(self, message: Message) -> Any:
        from .calls import MalformedCall
        from .xmlrpc import loads

        data = message.encode() if isinstance(message, str) else bytes(message)
        try:
            params, _ = loads(data)
        except MalformedCall as error:
            raise BadMessage(f"no XML-RPC: {error}") from None
        return params[0] if len(params) == 1 else list(params)

    def encode(self, value: Any) -> Message:
        from .xmlrpc import dumps

        text: str = dumps(value).decode()
        return text

    def is_single(self, value: Any) -> bool:
        return isinstance(value, dict) or super().is_single(value)


ENCODINGS: dict[str, Encoding] = {
    encoding.name: encoding for encoding in (Encoding(), JSONEncoding(), XMLRPCEncoding())
}


def with_opcode(message: Message, opcode: int) -> Message | None:
    """The message as the opcode says, text or binary; None for others, which are the server's to send."""
    if opcode == -1:
        return message
    if opcode == OPCODE_TEXT:
        return message if isinstance(message, str) else bytes(message).decode("utf-8", "replace")
    if opcode == OPCODE_BINARY:
        return message.encode("utf-8", "replace") if isinstance(message, str) else message
    return None


def split_opcode(value: Any) -> tuple[Any, int]:
    """Data and opcode of what a handler has returned: `return data, skitai.WS_OPCODE_BINARY`."""
    if (
        type(value) is tuple
        and len(value) == 2
        and isinstance(value[1], int)
        and not isinstance(value[1], bool)
        and value[1] in OPCODES
        and not isinstance(value[0], int)
    ):
        return value
    return value, -1


def is_nothing(encoding: Encoding, value: Any) -> bool:
    """Whether what a handler has returned is no answer: None, and what is empty, zero or false.

    An empty document is an answer where the encoding has documents.
    """
    if isinstance(value, dict):
        return not (value or encoding.is_single(value))
    return value is None or (
        isinstance(value, (str, bytes, bytearray, list, tuple, int, float)) and not value
    )


def messages_of(encoding: Encoding, value: Any, opcode: int = -1) -> Iterator[Message]:
    """The messages for a value, one for each item of an iterable; produced as they are asked for.

    Raises TypeError for what cannot be encoded, and what the iterable raises.
    """
    encode = encoding.encode
    if encoding.is_single(value):
        message = with_opcode(encode(value), opcode)
        if message is not None:
            yield message
        return
    for item in value:
        message = with_opcode(encode(item), opcode)
        if message is not None:
            yield message
