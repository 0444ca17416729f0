"""Messages of a handler that is quick, without a task between the connection and the worker threads.

A task would be woken for each message, and once more for each answer: half of what an echo costs. Here the
server's protocol tells of a message while it reads it, and the answer is written when its thread has made it.
Whatever takes longer, or is more than a message and its answers, is left to `Conversation`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..types import Message as Event
from ..types import Receive, Send
from .ws_encoding import Message

if TYPE_CHECKING:
    from .ws_conversation import Conversation


@runtime_checkable
class Line(Protocol):
    """What a server's protocol offers beside `receive` and `send`; on the event loop.

    Attributes:
        listener: called whenever something has come from the client; None where `receive` is awaited.
    """

    listener: Callable[[], None] | None

    def take(self) -> Event | None:
        """What has come from the client, as an ASGI event; None where nothing has, then more is read."""

    def say(self, message: Message) -> bool:
        """Send a message at once; False, with nothing sent, where that cannot be."""


def line_of(receive: Receive, send: Send) -> Line | None:
    """The line behind `receive` and `send`; None where there is none, or somebody stands in between."""
    owner = getattr(receive, "__self__", None)
    return owner if owner is getattr(send, "__self__", None) and isinstance(owner, Line) else None


UNHEARD = object()
"""In place of a result: the client has said nothing that could be handled here."""


class Turns:
    """Hears and answers messages until one of them needs more; a `workers.Receiver`.

    Args:
        step: handles a message, in a worker thread.
        answers: what is still to be sent for its result, besides what is in the outbox; None where it takes
            more than sending before the next message can be heard.

    Attributes:
        working: whether a message is being handled.
    """

    __slots__ = ("_answers", "_end", "_line", "_step", "_talk", "working")

    def __init__(
        self,
        talk: Conversation,
        line: Line,
        step: Callable[[Message], Any],
        answers: Callable[[Any], Sequence[Message] | None],
    ) -> None:
        self.working = False
        self._talk = talk
        self._line = line
        self._step = step
        self._answers = answers
        self._end: asyncio.Future[Any] = talk.loop.create_future()

    async def take(self) -> Any:
        """Take turns with the client; gives the first result that needs more, or UNHEARD.

        Raises what `step` raises.
        """
        self._line.listener = self._listen
        try:
            self._listen()
            return await self._end
        except asyncio.CancelledError:
            if self.working:
                self._talk.leave(self)
            raise
        finally:
            self.leave_line()

    def leave_line(self) -> None:
        """Listen no longer: somebody else does."""
        self._line.listener = None

    def stop(self) -> None:
        """The connection is no more."""
        if not self.working and not self._end.done():
            self._end.set_result(UNHEARD)

    def _listen(self) -> None:
        if self.working or self._end.done():
            return
        event = self._line.take()
        if event is None:
            return
        message = self._talk.heard(event)
        if message is None:
            self.stop()
            return
        self.working = True
        self._talk.expect_hop()
        self._talk.workers.put(self, self._talk.context, self._talk, self._step, message)

    # -- what the worker threads tell -----------------------------------------------------------------------

    def done(self) -> bool:
        """Whether nobody wants to know any more."""
        return self._end.done()

    def set_result(self, result: Any, /) -> None:
        """A message has been handled: send the answers and hear the next one, or leave that to others."""
        talk = self._talk
        talk.hop_ended()
        self.working = False
        answers = self._answers(result)
        if answers is None or not talk.connection.deliver(answers, self._line) or not talk.is_direct():
            self._end.set_result(result)
        else:
            self._listen()

    def set_exception(self, exception: BaseException, /) -> None:
        """Handling it has failed."""
        self._talk.hop_ended()
        self.working = False
        self._end.set_exception(exception)
