"""Bodies of calls to other servers, and of their answers (spec/06 section 1)."""

from __future__ import annotations

import asyncio
import json
import os
import xmlrpc.client
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from ..http.api import encode_json

if TYPE_CHECKING:
    from ..serving.runtime import Runtime

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
READ_SIZE = 65536

Content = bytes | AsyncIterator[bytes]


def media_type(content_type: str | None) -> str:
    """`text/html` out of `Text/HTML; charset=utf-8`; empty where there is none."""
    return content_type.partition(";")[0].strip().lower() if content_type else ""


def charset_of(content_type: str | None) -> str:
    """The charset that a content type names; UTF-8 where it names none that is known."""
    for parameter in (content_type or "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            value = value.strip().strip("\"'")
            try:
                "".encode(value)
            except LookupError:
                break
            return value
    return "utf-8"


def _with_charset(content_type: str) -> str:
    return content_type if "charset" in content_type.lower() else f"{content_type}; charset=utf-8"


# -- what is sent --------------------------------------------------------------------------------------------


def urlencode(values: Mapping[str, Any]) -> str:
    """Names and values as a query string or form; spaces become `%20`, slashes stay, as in the original."""
    return "&".join(f"{quote(str(name))}={quote(str(value))}" for name, value in values.items())


def add_query(path: str, values: Mapping[str, Any] | str) -> str:
    """`path` with more query parameters; a text is a part of a query string already."""
    if not values:
        return path
    query = values if isinstance(values, str) else urlencode(values)
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _json(data: Any) -> bytes:
    try:
        return json.dumps(data).encode()
    except (TypeError, UnicodeError):
        return encode_json(data)  # dates and the like


def _file_part(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, tuple):
        return name, value
    if hasattr(value, "read"):
        path = getattr(value, "filename", None) or getattr(value, "name", None)
        return name, (os.path.basename(path) if isinstance(path, str) else name, value)
    return name, (None, value if isinstance(value, bytes) else str(value).encode())


def _multipart(data: Mapping[str, Any]) -> tuple[Iterator[bytes], dict[str, str]]:
    parts = [
        _file_part(name, one)
        for name, value in data.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    request = httpx.Request("POST", "http://multipart", files=parts)
    stream = request.stream
    assert isinstance(stream, httpx.SyncByteStream)
    headers = {name: value for name, value in request.headers.items() if name.startswith("content-")}
    if "transfer-encoding" in request.headers:
        headers["transfer-encoding"] = request.headers["transfer-encoding"]
    return iter(stream), headers


async def in_threads(runtime: Runtime, pieces: Iterator[Any]) -> AsyncIterator[bytes]:
    """The pieces of an iterator that may block (a file, a generator), read in threads for tasks."""
    end: Any = object()
    while True:
        piece = await asyncio.wrap_future(runtime.submit(next, pieces, end))
        if piece is end:
            return
        yield piece.encode() if isinstance(piece, str) else bytes(piece)


def _reads(file: Any) -> Iterator[Any]:
    while piece := file.read(READ_SIZE):
        yield piece


def encode(runtime: Runtime, data: Any, content_type: str) -> tuple[Content | None, dict[str, str]]:
    """The body for `data`, and the headers that belong to it.

    Args:
        data: a dict or list is encoded as the content type says, text and bytes are sent as they are, files,
            iterators and generators are streamed; None, an empty dict and empty text are no body.
        content_type: JSON, form, `multipart/form-data`, or whatever text and bytes are.

    Raises TypeError for data that cannot be encoded so.
    """
    if data is None or (isinstance(data, (str, bytes, Mapping)) and not data):
        return None, {}
    if isinstance(data, str):
        return data.encode(charset_of(content_type)), {"Content-Type": content_type}
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data), {"Content-Type": content_type}
    kind = media_type(content_type)
    if kind == MULTIPART_TYPE and isinstance(data, Mapping):
        pieces, headers = _multipart(data)
        return in_threads(runtime, pieces), headers
    if kind == FORM_TYPE and isinstance(data, Mapping):
        return urlencode(data).encode(), {"Content-Type": _with_charset(content_type)}
    if hasattr(data, "__aiter__"):
        return data.__aiter__(), {"Content-Type": content_type}
    if hasattr(data, "read"):
        return in_threads(runtime, _reads(data)), {"Content-Type": content_type}
    if isinstance(data, Iterator):
        return in_threads(runtime, data), {"Content-Type": content_type}
    if kind == JSON_TYPE or kind.endswith("+json"):
        return _json(data), {"Content-Type": _with_charset(content_type)}
    raise TypeError(
        f"a {type(data).__name__} cannot be sent as {content_type}: encode it, or send it as JSON"
    )


# -- what comes back -----------------------------------------------------------------------------------------


def acceptable(accept: str, content_type: str | None) -> bool:
    """Whether an answer of this type is what `Accept` asked for; one without a type always is."""
    kind = media_type(content_type)
    if not accept or not kind or "*/*" in accept:
        return True
    family = kind.partition("/")[0] + "/*"
    return any(media_type(wanted) in (kind, family) for wanted in accept.split(","))


def decode(content: bytes, content_type: str | None) -> Any:
    """An answer's body as its content type says: JSON, XML-RPC and text are decoded, the rest are bytes.

    Raises ValueError for JSON that is none.
    """
    kind = media_type(content_type)
    if not content:
        return "" if kind.startswith("text/") and "xml" not in kind else content
    if kind in (JSON_TYPE, "application/json-rpc") or kind.endswith("+json"):
        return json.loads(content)
    if kind in ("text/xml", "application/xml") or kind.endswith("+xml"):
        if b"<methodResponse" in content[:1024]:
            return decode_xmlrpc(content)
        return content.decode(charset_of(content_type), "replace")
    if kind.startswith("text/"):
        return content.decode(charset_of(content_type), "replace")
    return content


def decode_xmlrpc(content: bytes) -> Any:
    """The value of an XML-RPC response.

    Raises xmlrpc.client.Fault for a fault, ValueError for XML that is no response or that declares entities.
    """
    from defusedxml.xmlrpc import DefusedExpatParser

    values = xmlrpc.client.Unmarshaller(use_builtin_types=True)
    parser = DefusedExpatParser(values, forbid_dtd=True)
    try:
        parser.feed(content)
        parser.close()
        found = values.close()
    except xmlrpc.client.Fault:
        raise
    except Exception as error:  # the library raises whatever comes up on what is no response
        raise ValueError(f"no XML-RPC response: {error or type(error).__name__}") from error
    return found[0] if len(found) == 1 else found


def encode_xmlrpc(method: str, params: Iterable[Any]) -> bytes:
    """An XML-RPC request. TypeError for values that XML-RPC cannot express."""
    return xmlrpc.client.dumps(tuple(params), method, allow_none=True).encode()
