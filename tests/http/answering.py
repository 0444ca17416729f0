"""Plays a request against an answer that is sent by `respond(scope, send, receive)`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio

from atila_compat.http.file_reply import FileReply, RedirectReply
from atila_compat.structures import CaseInsensitiveDict
from atila_compat.types import Message, Scope


@dataclass
class Answer:
    """What was sent."""

    status: int = 0
    headers: CaseInsensitiveDict = field(default_factory=CaseInsensitiveDict)
    chunks: list[bytes] = field(default_factory=list)
    ended: bool = False

    @property
    def body(self) -> bytes:
        """All chunks."""
        return b"".join(self.chunks)


def make_scope(path: str, method: str = "GET", root_path: str = "", **headers: str) -> Scope:
    """An ASGI scope; If_Match="x" is the header If-Match: x."""
    raw = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": "http",
        "method": method,
        "path": root_path + path,
        "root_path": root_path,
        "headers": raw,
    }


def answer(reply: FileReply | RedirectReply, scope: Scope, **options: Any) -> Answer:
    """Let `reply` answer the request."""
    sent = Answer()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            sent.status = message["status"]
            sent.headers = CaseInsensitiveDict(
                {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
            )
        else:
            sent.chunks.append(message.get("body", b""))
            sent.ended = not message.get("more_body", False)

    async def play() -> None:
        status = await reply.respond(scope, send, **options)
        assert status == sent.status

    anyio.run(play)
    return sent
