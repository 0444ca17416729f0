"""`was.API` and `was.Fault`: answers for programs, as JSON or XML-RPC params (spec/04 12.2 and 12.3)."""

from __future__ import annotations

import datetime
import json
import re
import xmlrpc.client
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..errors import AtilaError, ExcInfo, split_status
from .tracebacks import traceback_lines

JSON, XML = "application/json", "text/xml"

JsonEncoder = str | type[json.JSONEncoder]
"""What `app.config.JSON_ENCODER` may be: a name, or an encoder class."""


def choose_type(accept: str | None) -> str:
    """The media type of an API answer: XML where the Accept header names `text/xml`, JSON everywhere else."""
    return XML if accept and XML in accept else JSON


# ----------------------------------------------------------------------------------------------------- JSON


def _in_utc(value: datetime.datetime) -> datetime.datetime:
    """The same moment in UTC; a value without a time zone is the server's local time."""
    return value.astimezone(datetime.UTC)


_DATETIME_FORMS: dict[str, Callable[[datetime.datetime], Any]] = {
    "utcoffset": lambda value: _in_utc(value).strftime("%Y-%m-%d %H:%M:%S+00"),
    "iso": lambda value: _in_utc(value).isoformat(),
    "unixepoch": lambda value: value.timestamp(),
    "digit": lambda value: _in_utc(value).strftime("%Y%m%d%H%M%S"),
    "str": str,
}


def _default(form: Callable[[datetime.datetime], Any]) -> Callable[[Any], Any]:
    def encode(value: Any) -> Any:
        if isinstance(value, datetime.datetime):
            return form(value)
        if isinstance(value, datetime.date):
            return value.isoformat()
        raise TypeError(
            f"{type(value).__name__} is not JSON serializable; convert it, or set app.config.JSON_ENCODER to "
            "a json.JSONEncoder class that does"
        )

    return encode


class _Encoders:
    """The ways to write JSON by name, each built once."""

    def __init__(self) -> None:
        self._own: dict[str, type[json.JSONEncoder]] = {}
        self._plain: dict[str, Callable[[Any], str]] = {}
        self._pretty: dict[str, Callable[[Any], str]] = {}
        for name, form in _DATETIME_FORMS.items():
            default = _default(form)
            self._plain[name] = json.JSONEncoder(ensure_ascii=False, default=default).encode
            self._pretty[name] = json.JSONEncoder(ensure_ascii=False, indent=2, default=default).encode

    def add(self, name: str, cls: type[json.JSONEncoder]) -> None:
        self._own[name] = cls

    def find(self, encoder: JsonEncoder, pretty: bool) -> Callable[[Any], str]:
        if isinstance(encoder, str):
            found = (self._pretty if pretty else self._plain).get(encoder)
            if found is not None and encoder not in self._own:
                return found
            try:
                encoder = self._own[encoder]
            except KeyError:
                known = ", ".join(sorted(self._plain.keys() | self._own.keys()))
                raise AtilaError(
                    f"unknown JSON_ENCODER {encoder!r}: use one of {known}, or a json.JSONEncoder class"
                ) from None
        # an app's class is made anew for each answer, as json.dumps does: it may keep state
        return encoder(ensure_ascii=False, indent=2 if pretty else None).encode


_encoders = _Encoders()


def encode_json(data: Any, encoder: JsonEncoder = "utcoffset", *, pretty: bool = False) -> bytes:
    """Encode `data` as the app is configured (spec/04 section 12.3).

    Args:
        data: what to encode.
        encoder: `utcoffset`, `iso`, `unixepoch`, `digit`, `str`, a name added by `API.add_custom_encoder`,
            or a JSONEncoder class.
        pretty: indent by two.

    Raises TypeError for what JSON cannot express, AtilaError for an unknown encoder.
    """
    encode = _encoders.find(encoder, pretty)
    try:
        text = encode(data)
    except (ValueError, OverflowError, RecursionError) as e:
        raise TypeError(f"not JSON serializable: {e}") from e
    # a lone surrogate can come in with a client's JSON; its backslash form is what JSON knows it by
    return text.encode("utf-8", "backslashreplace")


# ------------------------------------------------------------------------------------------------------ XML

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escape(text: str) -> str:
    text = _NOT_XML.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class _Dispatch(dict[Any, Any]):
    """Finds a class's way to be written by its bases, so that a subclass of dict is a struct."""

    def __missing__(self, cls: Any) -> Any:
        if isinstance(cls, type):
            for base in cls.__mro__[1:]:
                if base in self:
                    return self[base]
        raise KeyError(cls)


class Marshaller(xmlrpc.client.Marshaller):
    """The standard one, with subclasses of plain types and whole numbers beyond 32 bits."""

    dispatch = _Dispatch(xmlrpc.client.Marshaller.dispatch)

    def dump_long(self, value: int, write: Callable[[str], Any]) -> None:
        bits = value.bit_length()
        tag = "int" if bits <= 31 else "i8" if bits <= 63 else "biginteger"
        write(f"<value><{tag}>{int(value)}</{tag}></value>\n")

    def dump_unicode(self, value: str, write: Callable[[str], Any], escape: Any = _escape) -> None:
        write(f"<value><string>{_escape(value)}</string></value>\n")

    def dump_struct(
        self, value: Mapping[Any, Any], write: Callable[[str], Any], escape: Any = _escape
    ) -> None:
        super().dump_struct(value, write, _escape)

    dispatch[int] = dump_long
    dispatch[str] = dump_unicode
    dispatch[dict] = dump_struct


def encode_xml(data: Any) -> bytes:
    """Encode `data` as an XML-RPC `<params>` document with one value.

    Raises TypeError for what XML-RPC cannot express: None, dates without a time, names that are not strings.
    """
    try:
        text = Marshaller("utf-8").dumps((data,))
    except (ValueError, OverflowError, RecursionError) as e:
        raise TypeError(f"not XML-RPC serializable: {e}") from e
    return text.encode("utf-8", "replace")


# --------------------------------------------------------------------------------------------------- values


class API:
    """An answer for programs; the request's Accept header chooses its form when it is made (spec/04 12.2).

    Args:
        data: the members of the answer, or anything else that JSON can say.
        accept: the request's Accept header.
        encoder: `app.config.JSON_ENCODER`.
        pretty: `app.config.PRETTY_JSON`.
    """

    __slots__ = ("content_type", "data", "encoder", "pretty")

    def __init__(
        self,
        data: Any = None,
        *,
        accept: str | None = None,
        encoder: JsonEncoder = "utcoffset",
        pretty: bool = False,
    ) -> None:
        self.data: Any = {} if data is None else data
        self.content_type = choose_type(accept)
        self.encoder = encoder
        self.pretty = pretty

    @staticmethod
    def add_custom_encoder(name: str, cls: type[json.JSONEncoder]) -> None:
        """Give a JSONEncoder class a name to be used as `app.config.JSON_ENCODER`."""
        _encoders.add(name, cls)

    def set(self, key: str, value: Any) -> None:
        """Set a member."""
        self.data[key] = value

    def get(self, key: str, default: Any = None) -> Any:
        """A member, or `default` where it is missing."""
        return self.data.get(key, default)

    def __setitem__(self, key: str, value: Any) -> None:
        self.data[key] = value

    def __getitem__(self, key: str) -> Any:
        return self.data.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self.data

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def encode(self, charset: str = "utf8") -> bytes:
        """The body; always UTF-8, as both forms declare.

        Raises TypeError for what cannot be encoded: the answer is then a 500.
        """
        if self.content_type == XML:
            return encode_xml(self.data)
        return encode_json(self.data, self.encoder, pretty=self.pretty)

    def to_string(self) -> str:
        """The body as text."""
        return self.encode().decode()

    __str__ = to_string

    def __repr__(self) -> str:
        shown = list(self.data) if isinstance(self.data, dict) else self.data
        return f"<API {self.content_type} {shown}>"


def api_arguments(args: Iterable[Any], members: Mapping[str, Any]) -> tuple[str | None, Any]:
    """Sort out what `was.API (["201 Created"], [dict], **members)` was called with: its status, its data.

    Behind a status the data may be anything that JSON can say; an empty list is an empty object there, and
    what follows a dict that comes first is ignored, as in the original.

    Raises TypeError where a positional argument is none of these, AssertionError for a malformed status.
    """
    status: str | None = None
    given: list[dict[str, Any]] = []
    for place, value in enumerate(args):
        if isinstance(value, str) and place == 0:
            split_status(value)
            status = value
        elif isinstance(value, dict):
            given.append(value)
        elif place == 1 and status is not None and not (value and members):
            if value:
                return status, value
        elif value is not None and (place == 0 or status is not None):
            raise TypeError(
                f"was.API takes a status string, a dict and named members, not a {type(value).__name__}; "
                "wrap a list in a member, was.API (items = [...]), or give it behind a status"
            )
    if len(given) == 1 and not members:
        return status, given[0]
    merged: dict[str, Any] = {}
    for one in given:
        merged.update(one)
    merged.update(members)
    return status, merged


def error_members(
    status_code: int,
    message: str,
    errno: int | str | None = 0,
    debug: Any = None,
    more_info: Any = None,
    traceback: list[str] | None = None,
) -> dict[str, Any]:
    """The members of an error body, without those that are empty (spec/02 section 7.3).

    Args:
        status_code: the HTTP status; times 100 it is the `code` where there is no errno.
        message: what went wrong.
        errno: the `code`.
        debug: a hint for developers.
        more_info: what is told to the client besides.
        traceback: lines of `traceback_lines`; as a rule only in debug mode.
    """
    members: dict[str, Any] = {"code": errno or status_code * 100, "message": message}
    if debug:
        members["debug"] = debug
    if more_info:
        members["more_info"] = more_info
    if traceback:
        members["traceback"] = traceback
    return members


def make_fault(
    status: str = "200 OK",
    message: str = "",
    code: int | str = 0,
    debug: Any = None,
    more_info: Any = None,
    exc_info: ExcInfo | None = None,
    traceback: bool = False,
    *,
    accept: str | None = None,
    encoder: JsonEncoder = "utcoffset",
) -> API:
    """Make the answer of `was.Fault`: an error body that a handler returns, always indented (spec/04 12.2).

    Args:
        status: its status line; setting it on the response is the caller's.
        message: what went wrong.
        code: the error code; the status times 100 where there is none, plus 90 with a traceback.
        debug: a hint for developers.
        more_info: what is told to the client besides.
        exc_info: the exception to show the traceback of.
        traceback: show that of the exception that is being handled.
        accept: the request's Accept header.
        encoder: `app.config.JSON_ENCODER`.

    Raises AssertionError for a malformed status.
    """
    status_code, _ = split_status(status)
    if traceback:
        code = code or status_code * 100 + 90
        debug = debug or "see traceback"
    lines = traceback_lines(exc_info) if exc_info or traceback else None
    members = error_members(status_code, message, code, debug, more_info, lines)
    return API(members, accept=accept, encoder=encoder, pretty=True)
