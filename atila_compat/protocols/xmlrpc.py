"""XML-RPC: POST with Content-Type `text/xml` or `application/xml` (spec/07 section 2)."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Callable, Sequence
from typing import Any

from defusedxml.xmlrpc import DefusedExpatParser

from ..http.api import Marshaller
from ..serving.outcome import Awaiting, Complete
from .calls import MAX_CALLS, MAX_DEPTH, Call, Envelope, Failure, MalformedCall, Value

FAULT_CODE = 1
MULTICALL = "system.multicall"


class _Unmarshaller(xmlrpc.client.Unmarshaller):
    """The standard one, with a limit to nesting, and less work for each element."""

    dispatch: dict[str, Callable[[Any, str], None]]
    _data: list[str]
    _marks: list[int]
    _stack: list[Any]
    _value: bool

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        # called by the parser itself, for each piece of text
        self.data = self._data.append  # type: ignore[method-assign, assignment]

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        self._data.clear()
        if tag == "value":
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise MalformedCall(f"values are nested deeper than {MAX_DEPTH} levels")
            self._value = True
            return
        if self._value:
            if tag not in self.dispatch:
                raise MalformedCall(f"{tag!r} is no type of a value")
            self._value = False
        if tag in ("array", "struct"):
            self._marks.append(len(self._stack))

    def end(self, tag: str) -> None:
        if ":" in tag:
            tag = tag.rpartition(":")[2]
        if tag == "value":
            self._depth -= 1
        step = self.dispatch.get(tag)
        if step is not None:
            step(self, "".join(self._data))


def loads(data: bytes) -> tuple[tuple[Any, ...], str | None]:
    """Parameters and method of a call; the method is None in an answer.

    Entities, and everything else that a document type can declare, are refused (defusedxml).
    Raises MalformedCall.
    """
    unmarshaller = _Unmarshaller()
    parser = DefusedExpatParser(unmarshaller, forbid_dtd=True)
    try:
        parser.feed(data)
        parser.close()
        return unmarshaller.close(), unmarshaller.getmethodname()
    except MalformedCall:
        raise
    except Exception as error:  # the library raises whatever comes up on what is no call
        raise MalformedCall(f"no XML-RPC call: {error or type(error).__name__}") from error


def _encoded(params: Any) -> bytes:
    """A response document. ASCII is declared as the original declares it, anything else as what it is."""
    try:
        text = Marshaller("utf-8", allow_none=True).dumps(params)
    except (ValueError, OverflowError, RecursionError) as error:
        raise TypeError(f"not XML-RPC serializable: {error}") from error
    encoding = "utf8" if text.isascii() else "utf-8"
    document = f"<?xml version='1.0' encoding='{encoding}'?>\n<methodResponse>\n{text}</methodResponse>\n"
    return document.encode("utf-8", "replace")


def dumps(value: Any) -> bytes:
    """The document of a call's value.

    Raises TypeError for what XML-RPC cannot express.
    """
    return _encoded((value,))


class XMLRPC(Envelope):
    """An XML-RPC call, or several by `system.multicall`."""

    content_type = "text/xml"
    several = False

    def perform(self, body: bytes) -> list[tuple[Call, Awaiting]]:
        params, method = loads(body)
        if method is None:
            raise MalformedCall("no XML-RPC call: the method is missing")
        self.several = method == MULTICALL
        calls = _multicall(params) if self.several else [(method, params)]
        made = [self.call(name, arguments) for name, arguments in calls]
        return [each for each in made if isinstance(each, tuple)]

    def encode(self) -> Complete:
        results = [call.result for call in self.calls]
        if self.several:
            return self.answer(dumps([[r.value] if isinstance(r, Value) else _struct(r) for r in results]))
        (result,) = results
        if isinstance(result, Value):
            return self.answer(dumps(result.value), self.calls[0].was.response.status_code)
        assert isinstance(result, Failure)
        if result.refusal is not None:
            return result.refusal
        return self.answer(_encoded(xmlrpc.client.Fault(FAULT_CODE, result.message)))


def _struct(result: Any) -> dict[str, Any]:
    assert isinstance(result, Failure)
    return {"faultCode": FAULT_CODE, "faultString": result.message}


def _multicall(params: Sequence[Any]) -> list[tuple[str, Sequence[Any]]]:
    """Methods and parameters of a `system.multicall`."""
    if len(params) != 1 or not isinstance(params[0], list):
        raise MalformedCall("system.multicall takes a list of calls")
    calls: list[tuple[str, Sequence[Any]]] = []
    for call in params[0]:
        method = call.get("methodName") if isinstance(call, dict) else None
        arguments = call.get("params", []) if isinstance(call, dict) else None
        if not isinstance(method, str) or not isinstance(arguments, list):
            raise MalformedCall("each call has methodName and params")
        calls.append((method, arguments))
    if len(calls) > MAX_CALLS:
        raise MalformedCall(f"more than {MAX_CALLS} calls at a time")
    return calls
