"""From what a handler returned to an outcome (spec/02 section 9, spec/04 section 12)."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ..errors import REASONS, ExcInfo, HTTPError
from ..http import spec
from ..http.api import API
from ..http.compression import MIN_SIZE, choose_encoding, compress
from ..http.conditional import RangeError, parse_range
from ..http.error_pages import error_details, has_body, render_error, usual_error, wants_page
from ..http.files import FileReply, RedirectReply
from ..http.rendering import minify_html
from ..http.response import ErrorReply, Reply, Response
from ..tasks.deferred import Deferred
from .outcome import Awaiting, Complete, Driving, Outcome, RawHeaders, Sending, Streaming, Waiting

if TYPE_CHECKING:
    from ..was import Was

log = logging.getLogger("atila_compat.app")

_TEXT = (b"Content-Type", b"text/html")
_READ_SIZE = 65536
_USUAL = 200
"""Characters of an Accept header that is likely to come again."""


class Unanswerable(TypeError):
    """A handler returned something that is no answer; the client gets a 500."""


def encode_text(text: str) -> bytes:
    """UTF-8; what cannot be encoded (a lone surrogate out of a client's JSON) becomes a question mark."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def finalize(was: Was, value: Any) -> Outcome:
    """The outcome for a handler's return value.

    Raises TypeError for values that are no answers or cannot be encoded.
    """
    kind = type(value)
    if kind is Reply:
        value = value.body
        kind = type(value)
    if kind is str:
        mode = was.app.config.get("MINIFY_HTML")
        if mode and was.response.get_header("Content-Type", "text/html").startswith("text/html"):
            value = minify_html(value, mode)
        return complete(was, encode_text(value))
    if kind is API:
        return _encoded(was, value)
    if kind is bytes:
        return complete(was, value)
    return _finalize_other(was, value)


def _encoded(was: Was, api: API) -> Complete:
    if was.app.expose_spec:
        spec.expose(was, api)
    was.response.set_header("Content-Type", api.content_type)  # whatever has been set since it was made
    return complete(was, api.encode())


def _finalize_other(was: Was, value: Any) -> Outcome:
    if isinstance(value, ErrorReply):
        return _replied(was, value)
    if isinstance(value, Reply):
        return finalize(was, value.body)
    if isinstance(value, API):
        return _encoded(was, value)
    if isinstance(value, str):
        return complete(was, encode_text(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return complete(was, bytes(value))
    if isinstance(value, Deferred):
        return Waiting(value)
    if inspect.iscoroutine(value):
        return Awaiting(value)
    if isinstance(value, (FileReply, RedirectReply)):
        return Sending(was.response.status_code, raw_headers(was.response), value)
    if inspect.isgenerator(value):
        route = was.request.route
        if route is not None and (route.coroutine or route.input_stream):
            return Driving(value)
        return Streaming(was.response.status_code, stream_headers(was), value)
    if isinstance(value, (list, tuple)):
        return complete(was, b"".join(_pieces(value)))
    if hasattr(value, "__aiter__"):
        return Streaming(was.response.status_code, stream_headers(was), value.__aiter__())
    drained = _drained(value)
    if drained is not None:
        return Streaming(was.response.status_code, stream_headers(was), drained)
    content = getattr(value, "content", None)
    if isinstance(content, (str, bytes)):
        return finalize(was, content)
    if isinstance(value, Iterator) or (hasattr(value, "__iter__") and not isinstance(value, (dict, set))):
        return Streaming(was.response.status_code, stream_headers(was), iter(value))
    raise Unanswerable(
        f"a handler returned {'None' if value is None else 'a ' + type(value).__name__}, which is no answer: "
        "return a str, bytes, was.API (...), was.response (...), a task, a file or an iterator"
    )


def _replied(was: Was, error: ErrorReply) -> Complete:
    detail, errno, message = error.detail, error.errno, error.message
    if message and wants_page(was.request.accept, error.status_code):
        code = f" (code: {errno})" if errno else ""
        detail, errno, message = f"{message}{code}: {detail}", None, ""
    return error_outcome(
        was,
        error.status_code,
        was.response.reason,
        detail,
        errno,
        message=message,
        by_handlers=not message,
    )


def _pieces(values: Any) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, str):
            yield encode_text(value)
        elif isinstance(value, (bytes, bytearray)):
            yield bytes(value)
        elif isinstance(value, API):
            yield value.encode()
        elif isinstance(value, (list, tuple)):
            yield from _pieces(value)
        elif drained := _drained(value):
            with closing(drained):
                yield from map(as_bytes, drained)
        elif hasattr(value, "__next__"):
            yield from _pieces(value)
        else:
            raise Unanswerable(f"a {type(value).__name__} in a list cannot be sent: use str or bytes")


class _Drained:
    """The pieces of an object that is closed behind the last one, or where no more are wanted.

    No generator: what was not begun has to be closed, too.

    Args:
        more: gives a piece, nothing at the end.
    """

    def __init__(self, source: Any, more: Callable[[], Any]) -> None:
        self._source = source
        self._more = more
        self._closed = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if piece := self._more():
            return piece
        raise StopIteration

    def close(self) -> None:
        """Close the object, once."""
        close = getattr(self._source, "close", None)
        if callable(close) and not self._closed:
            self._closed = True
            close()


def _drained(source: Any) -> _Drained | None:
    """The pieces of a producer, which has `more()`, or of an open file; None for anything else."""
    if callable(getattr(source, "more", None)):
        return _Drained(source, source.more)
    if callable(getattr(source, "read", None)):
        return _Drained(source, lambda: source.read(_READ_SIZE))
    return None


def as_bytes(piece: Any) -> bytes:
    """A piece of a stream.

    Raises TypeError for what is neither str nor bytes.
    """
    if isinstance(piece, str):
        return encode_text(piece)
    if isinstance(piece, (bytes, bytearray, memoryview)):
        return bytes(piece)
    if isinstance(piece, API):
        return piece.encode()
    raise TypeError(f"a stream yields str or bytes, not a {type(piece).__name__}")


def raw_headers(response: Response) -> RawHeaders:
    """The response's headers as ASGI sends them; what is beyond ASCII goes out in UTF-8."""
    return [(name.encode("latin-1"), value.encode("utf-8", "replace")) for name, value in response.headers]


def stream_headers(was: Was) -> RawHeaders:
    """The headers of a body that is streamed."""
    headers = raw_headers(was.response)
    if not was.response.has_key("Content-Type"):
        headers.append(_TEXT)
    return headers


def complete(was: Was, body: bytes) -> Complete:
    """An answer with this body: content type, compression and ranges as spec/04 section 12.4 says."""
    response = was.response
    status_code = response.status_code
    if not response.headers:
        headers: RawHeaders = [_TEXT] if body else []
    else:
        if response.has_key("Content-Length"):  # the app's own may be wrong, and clients wait for the rest
            response.del_header("Content-Length")
        headers = raw_headers(response)
        if body and not response.has_key("Content-Type"):
            headers.append(_TEXT)
    if not has_body(status_code):
        return Complete(status_code, [h for h in headers if h[0].lower() != b"content-type"], b"")
    request = was.request
    for name, _ in request.scope["headers"]:
        if name == b"range":
            if status_code == 200 and request.method == "GET":
                return _part(was, headers, body)
            break
    if len(body) > MIN_SIZE:
        content_type = response.get_header("Content-Type", "text/html")
        body = _compressed(was, body, content_type, headers)
    headers.append((b"Content-Length", str(len(body)).encode()))
    return Complete(status_code, headers, body)


def _compressed(was: Was, body: bytes, content_type: str, headers: RawHeaders) -> bytes:
    """The body as it is sent: compressed if the client and its type allow it, which the headers then say."""
    encoding = choose_encoding(
        was.request.lowered.get("accept-encoding"),
        content_type,
        len(body),
        was.response.get_header("Content-Encoding"),
    )
    if encoding is None:
        return body
    headers.append((b"Content-Encoding", encoding.encode()))
    headers.append((b"Vary", b"Accept-Encoding"))
    return compress(body, encoding)


def _part(was: Was, headers: RawHeaders, body: bytes) -> Complete:
    try:
        part = parse_range(was.request.get_header("range"), len(body))
    except RangeError as error:
        outcome = error_outcome(was, 416, REASONS[416])
        outcome.headers.append((b"Content-Range", error.content_range.encode()))
        return outcome
    status_code = 200
    if part is not None:
        status_code = 206
        headers.append((b"Content-Range", part.content_range.encode()))
        body = body[part.start : part.stop]
    headers.append((b"Content-Length", str(len(body)).encode()))
    return Complete(status_code, headers, body)


def error_outcome(
    was: Was,
    status_code: int,
    reason: str,
    detail: Any = "",
    errno: int | str | None = 0,
    *,
    message: str = "",
    exc_info: ExcInfo | None = None,
    in_handler: bool = True,
    by_handlers: bool = True,
) -> Complete:
    """An error answer: by the app's error handler, else the built-in body (spec/02 section 7.2).

    Args:
        message: takes the place of the reason phrase in the body.
        in_handler: the error comes from a handler; one that was found before a handler ran leaves the content
            type of a handler's text open unless a page was asked for, as the original does.
        by_handlers: whether the app's error handlers are asked. They are not for answers that cannot be sent
            and requests that never reach an app.
    """
    app, request, response = was.app, was.request, was.response
    response.status_code, response.reason = status_code, reason
    response.del_header("Content-Encoding")
    handlers = app.error_handlers
    handler = (handlers.get(status_code) or handlers.get(0)) if handlers and by_handlers else None
    if handler is not None and has_body(status_code):
        if wants_page(request.accept):
            response.del_header("Content-Type")  # text/html, whatever was meant to be sent
        answer = _handled(was, handler, detail, errno, exc_info, in_handler)
        if answer is not None:
            return answer
        response.status_code, response.reason = status_code, reason
    response.del_header("Content-Type")
    response.del_header("Content-Length")
    accept = request.accept
    if not (detail or errno or message or exc_info or app.debug or app.expose_spec) and len(accept) < _USUAL:
        content_type, body = usual_error(status_code, reason, accept)
    else:
        content_type, body = render_error(
            status_code,
            reason,
            detail,
            errno,
            message=message,
            accept=accept,
            debug=app.debug,
            exc_info=exc_info,
            encoder=app.config.JSON_ENCODER,
            spec=spec.exposed_with_error(was) if app.expose_spec and in_handler else None,
            with_locals=exc_info is not None and _asked_by_developer(was),
        )
    headers = raw_headers(response)
    if content_type:
        headers.append((b"Content-Type", content_type.encode()))
    if has_body(status_code):
        if len(body) > MIN_SIZE:
            body = _compressed(was, body, content_type, headers)
        headers.append((b"Content-Length", str(len(body)).encode()))
    return Complete(status_code, headers, body)


def _asked_by_developer(was: Was) -> bool:
    """Whether local variables may be shown: with --devel, to this machine, and to nobody through a proxy."""
    app, request = was.app, was.request
    if not (app.debug and app.expose_spec) or "x-forwarded-for" in request.lowered:
        return False
    return spec.is_local(request.get_remote_addr())


def _handled(
    was: Was,
    handler: Any,
    detail: Any,
    errno: int | str | None,
    exc_info: ExcInfo | None,
    in_handler: bool,
) -> Complete | None:
    app, request, response = was.app, was.request, was.response
    details = error_details(
        response.status_code,
        response.reason,
        detail,
        errno,
        accept=request.accept,
        url=request.url,
        debug=app.debug,
        exc_info=exc_info,
    )
    try:
        content = handler(was, details)
        if not content:
            return None
        outcome = finalize(was, content)
        if not isinstance(outcome, Complete):
            raise TypeError(f"an error handler should return text or was.API, not {type(content).__name__}")
    except HTTPError as error:
        log.error("the error handler for %s raised %s", details["code"], error)
        return None
    except Exception:
        log.exception("the error handler for %s failed", details["code"])
        return None
    if not in_handler and "text/html" not in request.accept and not response.has_key("Content-Type"):
        outcome.headers[:] = [header for header in outcome.headers if header is not _TEXT]
    return outcome
