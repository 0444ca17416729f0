"""How messages reach the app: one class for each kind of WebSocket (spec/07 sections 1.3 to 1.9).

Each opens in a worker thread, while the handshake waits, and then serves the conversation from the event
loop: handlers run in worker threads, one message after the other.
"""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import HTTPError
from ..hooks._results import settle
from ..http.arguments import explain_mismatch
from ..http.input import Input
from ..http.response import ErrorReply
from ..serving.coroutine import KEPT_BACK_BYTES, Ended, advance
from ..serving.streams import Batch, wait_for
from ..tasks.deferred import Deferred
from .ws_connection import BAD_DATA, FAILED, NORMAL, Connection
from .ws_conversation import GONE, Conversation
from .ws_declaration import Declaration, Kind
from .ws_encoding import ENCODINGS, BadMessage, Message, Unsendable, is_nothing, messages_of, split_opcode
from .ws_rooms import Room

if TYPE_CHECKING:
    from ..serving.exchange import Exchange

log = logging.getLogger("atila_compat.websocket")

_PLAIN = ENCODINGS["text"]
ERROR = "[ERROR]"
"""What a client is told of a message that its handler has failed at (spec/07 section 1.3)."""


class Handler:
    """What a connection is served by.

    Args:
        exchange: the handshake's; its context is that of all messages.

    Attributes:
        keywords: what the handler is called with: parameters of the handshake's query, unless it takes none,
            and those of the path that it names.
    """

    def __init__(self, exchange: Exchange, declaration: Declaration, connection: Connection) -> None:
        self.exchange = exchange
        self.was = exchange.was
        self.declaration = declaration
        self.connection = connection
        self.encoding = declaration.encoding
        route = exchange.route
        assert route is not None
        self.resource = route.resource
        in_path = route.rule.names if route.rule is not None else ()
        request = self.was.request
        self.in_path = in_path
        self.keywords: dict[str, Any] = dict(request.URL) if route.takes_more else {}
        for name in in_path:
            if name in self.resource.args and name in request.PARAMS:
                self.keywords[name] = request.PARAMS[name]
        self.free = [name for name in self.resource.args if name not in in_path]

    @property
    def message_name(self) -> str | None:
        """The argument that takes the message, None where there is none."""
        return None

    def converted(self) -> dict[str, Any]:
        """The keywords, with what checks (`@app.inspect`) have made of the query's parameters."""
        query = self.was.request.URL
        if query:
            for name in self.keywords:
                if name in query and name not in self.in_path:
                    self.keywords[name] = query[name]
        return self.keywords

    # -- in a worker thread ---------------------------------------------------------------------------------

    def open(self) -> None:
        """Before the handshake is answered.

        Raises HTTPError where the parameters do not fit.
        """
        if self.declaration.onopen is not None:
            self.guarded(
                lambda onopen: self.answer(settle(onopen(self.was), self.was)), self.declaration.onopen
            )

    def close(self) -> None:
        """After the connection was closed."""
        if self.declaration.onclose is not None:
            try:
                settle(self.declaration.onclose(self.was), self.was)
            except Exception:
                log.exception("%s: onclose failed", self.exchange.label)

    def guarded(self, step: Callable[[Any], Any], value: Any) -> Any:
        """What `step(value)` gives; what it raises is told to the client, and the connection stays.

        Raises BadMessage.
        """
        try:
            return step(value)
        except BadMessage:
            raise
        except (Exception, SystemExit) as error:  # sys.exit() in a handler ends its message, not the server
            if isinstance(error, HTTPError):
                log.info("%s: %s", self.exchange.label, error)
            else:
                log.exception("%s failed", self.exchange.label)
            shown = f"{ERROR} {traceback.format_exc()}" if self.was.app.debug else ERROR
            self.put(self.connection, self.encoding.encode(shown))
            return None

    def answer(self, value: Any) -> Any:
        """Send what a handler has returned; gives back what of it is still to be done.

        That is a deferred answer or a coroutine to wait for, or the rest of an iterable.
        """
        if type(value) is str and self.encoding is _PLAIN:
            self.say(value or None)
            return None
        if isinstance(value, Deferred) or inspect.iscoroutine(value):
            return value
        if isinstance(value, ErrorReply):  # of a check or another decorator below `@app.websocket`, say
            log.info("%s: %s", self.exchange.label, value.status_code)
            value = ERROR
        if is_nothing(self.encoding, value):
            return None
        value, opcode = split_opcode(value)
        return self.take(messages_of(self.encoding, value, opcode))

    def take(self, messages: Iterator[Message]) -> Iterator[Message] | None:
        """Send some of the messages of an iterable; gives it back where there may be more."""
        batch = Batch()
        try:
            for message in messages:
                self.say(message)
                if batch.add(len(message)):
                    return messages
        except Unsendable as error:  # the handler has done its work: no [ERROR], as in the original
            log.warning("%s: %s", self.exchange.label, error)
        return None

    def say(self, message: Message | None) -> None:
        """Send one message, for whom the answers of this kind are."""
        self.put(self.connection, message)

    def put(self, connection: Connection, message: Message | None) -> None:
        """Put a message into the outbox of this connection, which is flushed before the handler goes on."""
        if message is not None:
            connection.put(message)

    # -- on the event loop ----------------------------------------------------------------------------------

    async def serve(self, talk: Conversation) -> int:
        """Talk until one side has enough; gives the close code."""
        raise NotImplementedError


class Channel(Handler):
    """WS_CHANNEL: a call for each message."""

    @property
    def message_name(self) -> str | None:
        return self.free[0] if self.free else "message"

    def open(self) -> None:
        self.name = self.message_name
        self.keywords.pop(self.name or "", None)
        super().open()

    async def serve(self, talk: Conversation) -> int:
        flush = self.connection.flush
        while True:
            try:
                rest = await talk.turn(self._turn, _nothing_more)
            except BadMessage as error:
                log.info("%s: %s", self.exchange.label, error)
                return BAD_DATA
            if rest is GONE:
                return NORMAL
            while rest is not None:
                await flush()
                rest = await self._go_on(talk, rest)
            await flush()

    def _turn(self, message: Message) -> Any:
        return self.guarded(self.respond, message)

    def respond(self, message: Message) -> Any:
        """Call the handler with a message, and answer."""
        heard = self.encoding.decode(message)
        keywords = self.converted()
        keywords[self.name or ""] = heard
        try:
            return self.answer(self.declaration.handler(self.was, **keywords))
        finally:
            self.keywords.pop(self.name or "", None)

    async def _go_on(self, talk: Conversation, rest: Any) -> Any:
        """Wait for an answer that is made later; or have the next piece of one that is long."""
        talk.read_ahead()
        if inspect.iscoroutine(rest):
            task = self.was.runtime.loop.create_task(rest, context=self.exchange.context)
            try:
                value = await task
            except Exception as error:
                return await talk.hop(self.guarded, self._raise, error)
            return await talk.hop(self.guarded, self.answer, value)
        if isinstance(rest, Deferred):
            late = await wait_for(self.exchange, rest, None)
            if late is not None:
                return await talk.hop(self.guarded, self._raise, late)
            return await talk.hop(self.guarded, self._finish, rest)
        if talk.gone:
            return await talk.hop(rest.close)
        return await talk.hop(self.guarded, self.take, rest)

    def _finish(self, deferred: Deferred) -> Any:
        return self.answer(deferred.finish(self.was))

    def _raise(self, error: Exception) -> Any:
        raise error


class GroupChat(Channel):
    """WS_GROUPCHAT: as WS_CHANNEL, but `was.websocket` is the room, and everybody there hears the answers."""

    def open(self) -> None:
        names = self.free[1:]
        room_name = names[0] if names else ""
        if room_name not in self.keywords:
            raise HTTPError("400 Bad Request", f"parameter `{room_name}` is missing" if names else "no room")
        route = self.exchange.route
        assert route is not None
        room_id = str(self.keywords[room_name])
        self.room = Room.enter(self.was.app, route.text, room_id, self.connection)
        self.was.__dict__["websocket"] = self.room
        super().open()

    def say(self, message: Message | None) -> None:
        if message is not None:
            self.room.broadcast(message, self.connection)

    def close(self) -> None:
        self.room.leave(self.connection)
        super().close()


class Session(Handler):
    """WS_SESSION: a generator that yields twice for each message, to hear it and to answer.

    It hears messages as they come; what it answers is in the encoding declared, as in the original.
    """

    generator: Generator[Any, Any, Any]

    def open(self) -> None:
        self.generator = self.connection.session = call(self, self.converted())
        self.ended = False
        try:
            next(self.generator)
        except StopIteration:
            self.ended = True

    async def serve(self, talk: Conversation) -> int:
        while not self.ended:
            try:
                ended = await talk.turn(self._respond, _nothing_more)
            except Exception:
                log.exception("%s failed", self.exchange.label)
                self.ended = True
                return FAILED
            if ended is GONE:
                break
            self.ended = bool(ended)
            await self.connection.flush()
        return NORMAL

    def _respond(self, message: Message) -> bool | None:
        """Hand the generator a message; True when it has ended."""
        try:
            value, opcode = split_opcode(self.generator.send(message))
            if value is not None:
                for answer in messages_of(self.encoding, value, opcode):
                    self.connection.put(answer)
            next(self.generator)
        except StopIteration:
            return True
        return None

    def close(self) -> None:
        try:
            if not self.ended:
                self.generator.send(None)
        except StopIteration:
            pass
        except Exception:
            log.exception("%s failed at the end", self.exchange.label)
        finally:
            close(self)


class Coroutine(Handler):
    """WS_COROUTINE: a generator that asks for messages, waits for tasks, and yields answers.

    What it yields goes out when it next waits, for a message or for a task; what it yields behind its last
    wait is dropped when it ends there (recorded case websocket.coroutine), unless it returns a text as well.
    It hears and says messages as they are, whatever encoding is declared, as in the original.
    """

    generator: Generator[Any, Any, Any]

    def open(self) -> None:
        self.generator = self.connection.session = call(self, self.converted())
        self.kept: list[Message] = []
        self.size = 0
        super().open()

    def take(self, piece: Any) -> Any:
        """Keep what was yielded; whether it is enough to be sent."""
        if piece is None:
            return False
        if type(piece) is str:
            self.kept.append(piece)
            self.size += len(piece)
            return self.size > KEPT_BACK_BYTES
        value, opcode = split_opcode(piece)
        for message in messages_of(_PLAIN, value, opcode):
            self.kept.append(message)
            self.size += len(message)
        return self.size > KEPT_BACK_BYTES

    def _hear(self, message: Message | None) -> Any:
        """Go on with a message, None for the end."""
        return advance(self.generator, message, self.take)

    def _take_kept(self) -> list[Message]:
        kept, self.kept, self.size = self.kept, [], 0
        return kept

    def _answers(self, yielded: Any) -> list[Message] | None:
        """What goes out at once when the next message is asked for."""
        return self._take_kept() if isinstance(yielded, Input) else None

    async def serve(self, talk: Conversation) -> int:
        try:
            return await self._drive(talk)
        except HTTPError as error:
            log.info("%s: %s", self.exchange.label, error)
            return FAILED
        except Exception:
            log.exception("%s failed", self.exchange.label)
            return FAILED

    async def _drive(self, talk: Conversation) -> int:
        told = False
        yielded = await talk.hop(advance, self.generator, None, self.take)
        while not isinstance(yielded, Ended):
            if self.kept:
                await self.connection.say(self._take_kept())
            if isinstance(yielded, Input):
                if told:
                    return NORMAL
                yielded = await talk.turn(self._hear, self._answers)
                told = yielded is GONE
                if told:
                    yielded = await talk.hop(self._hear, None)
                else:
                    await self.connection.flush()
                continue
            if talk.gone:
                return NORMAL
            sent = None
            if yielded is not None:
                talk.read_ahead()
                sent = await wait_for(self.exchange, yielded, None) or yielded
            yielded = await talk.hop(advance, self.generator, sent, self.take)
        if isinstance(yielded.value, (str, bytes)):
            self.take(yielded.value)
            await self.connection.say(self._take_kept())
        return NORMAL

    def close(self) -> None:
        close(self)
        super().close()


def _nothing_more(rest: Any) -> tuple[Message, ...] | None:
    """For kinds whose answers are in the outbox when the step has come to its end."""
    return () if rest is None else None


def call(handler: Handler, keywords: dict[str, Any]) -> Generator[Any, Any, Any]:
    """Call a resource that is a generator.

    Raises HTTPError 400 where the parameters of the URL are not its arguments.
    """
    route = handler.exchange.route
    assert route is not None
    try:
        generator = handler.declaration.handler(handler.was, **keywords)
    except TypeError:
        mismatch = explain_mismatch(route, keywords)
        if mismatch is None:
            raise
        raise mismatch from None
    assert inspect.isgenerator(generator), f"{handler.resource.name} should be a generator: it has to yield"
    return generator


def close(handler: Session | Coroutine) -> None:
    """Close a generator; what it raises is logged."""
    try:
        handler.generator.close()
    except Exception:
        log.exception("%s: closing the generator failed", handler.exchange.label)
    handler.connection.session = None


HANDLERS: dict[Kind, type[Handler]] = {
    Kind.CHANNEL: Channel,
    Kind.GROUPCHAT: GroupChat,
    Kind.SESSION: Session,
    Kind.COROUTINE: Coroutine,
}
