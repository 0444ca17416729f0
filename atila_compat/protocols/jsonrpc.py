"""JSON-RPC 2.0 and 1.0: POST with Content-Type `application/json-rpc` (spec/07 section 3)."""

from __future__ import annotations

import json
from typing import Any

from ..http.api import API, encode_json
from ..serving.outcome import Awaiting, Complete
from .calls import MAX_CALLS, MAX_DEPTH, Call, Envelope, Failure, MalformedCall, Value

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, SERVER_ERROR = -32700, -32600, -32602, -32000

_MISSING: Any = object()


def loads(data: bytes) -> Any:
    """The JSON of a body.

    Raises MalformedCall for what is none, or is nested too deep.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedCall(f"no JSON: {error}") from None
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _is_too_deep(found):
        raise MalformedCall(f"values are nested deeper than {MAX_DEPTH} levels")
    return found


def _is_too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        inner = [one for outer in level for one in (outer.values() if isinstance(outer, dict) else outer)]
        level = [one for one in inner if isinstance(one, (dict, list))]
        if not level:
            return False
    return True


def _without_sets(value: Any) -> Any:
    """The same with lists in place of sets: JSON-RPC sends them, as the original does."""
    if isinstance(value, dict):
        return {key: _without_sets(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_without_sets(one) for one in value]
    return value


class Request:
    """One request of a body.

    Attributes:
        call: what was made of it; None where it was no request.
        id: `_MISSING` for a notification, which gets no answer.
        version: "2.0", or None for JSON-RPC 1.0.
    """

    __slots__ = ("call", "error", "id", "version")

    def __init__(self, raw: Any) -> None:
        self.call: Call | None = None
        self.error: dict[str, Any] | None = None
        self.id: Any = None
        self.version: str | None = "2.0"
        if not isinstance(raw, dict) or not isinstance(raw.get("method"), str):
            self.error = {"code": INVALID_REQUEST, "message": "Invalid Request"}
            return
        self.id = raw.get("id", _MISSING)
        if isinstance(self.id, (bool, dict, list)):
            self.id = None
            self.error = {"code": INVALID_REQUEST, "message": "Invalid Request"}
        self.version = None if str(raw.get("jsonrpc", "1.0")).startswith("1") else "2.0"
        if self.version is None and self.id is None:  # how 1.0 writes a notification
            self.id = _MISSING
        if not isinstance(raw.get("params", []), (list, dict, type(None))):
            self.error = {"code": INVALID_PARAMS, "message": "Invalid params"}

    @property
    def is_notification(self) -> bool:
        """Whether nobody waits for an answer."""
        return self.id is _MISSING

    def response(self) -> dict[str, Any]:
        """The answer."""
        error = self.error
        result = self.call.result if self.call is not None else None
        if isinstance(result, Failure):
            error = {"code": SERVER_ERROR, "message": result.message}
        number = None if self.is_notification else self.id
        if error is not None:
            if self.version is None:
                return {"result": None, "error": error, "id": number}
            return {"id": number, "jsonrpc": "2.0", "error": error}
        assert isinstance(result, Value)
        value = result.value.data if isinstance(result.value, API) else result.value
        if self.version is None:
            return {"result": value, "error": None, "id": number}
        return {"result": value, "id": number, "jsonrpc": "2.0"}


class JSONRPC(Envelope):
    """A JSON-RPC request, or a batch of them."""

    content_type = "application/json-rpc"

    def perform(self, body: bytes) -> list[tuple[Call, Awaiting]]:
        raw = loads(body)
        self.is_batch = isinstance(raw, list)
        raws = raw if self.is_batch else [raw]
        if len(raws) > MAX_CALLS:
            raise MalformedCall(f"more than {MAX_CALLS} calls at a time")
        self.requests = []
        waiting = []
        for one in raws:
            request = Request(one)
            self.requests.append(request)
            if request.error is None:
                params = one.get("params") or []
                named = params if isinstance(params, dict) else {}
                made = self.call(one["method"], [] if named else params, named)
                request.call = made[0] if isinstance(made, tuple) else made
                if isinstance(made, tuple):
                    waiting.append(made)
        return waiting

    def encode(self) -> Complete:
        answered = [request for request in self.requests if not request.is_notification]
        if self.is_batch:
            if not answered and self.requests:
                return self._nothing()
            return self._answer([request.response() for request in answered])
        (request,) = self.requests
        if request.call is None:
            return self._answer(request.response(), 400)
        result = request.call.result
        if isinstance(result, Failure) and result.refusal is not None:
            return result.refusal
        if request.is_notification:
            return self._nothing()
        return self._answer(request.response(), request.call.was.response.status_code)

    def _answer(self, document: Any, status_code: int = 200) -> Complete:
        encoder = self.app.config.JSON_ENCODER
        try:
            body = encode_json(document, encoder)
        except TypeError:
            body = encode_json(_without_sets(document), encoder)
        return self.answer(body, status_code)

    def _nothing(self) -> Complete:
        return self.answer(b"", 204)

    def malformed(self, error: MalformedCall) -> Complete:
        details = {"code": PARSE_ERROR, "message": "Parse error", "data": str(error)}
        return self._answer({"id": None, "jsonrpc": "2.0", "error": details}, 400)
