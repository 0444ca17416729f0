"""gRPC status codes, and how HTTP statuses and texts become them (spec/07 section 5)."""

from __future__ import annotations

from urllib.parse import quote

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16

_OF_HTTP = {
    400: INVALID_ARGUMENT,
    401: UNAUTHENTICATED,
    403: PERMISSION_DENIED,
    404: NOT_FOUND,
    405: UNIMPLEMENTED,
    408: DEADLINE_EXCEEDED,
    409: ALREADY_EXISTS,
    410: NOT_FOUND,
    412: FAILED_PRECONDITION,
    413: RESOURCE_EXHAUSTED,
    415: INVALID_ARGUMENT,
    416: OUT_OF_RANGE,
    422: INVALID_ARGUMENT,
    428: FAILED_PRECONDITION,
    429: RESOURCE_EXHAUSTED,
    499: CANCELLED,
    501: UNIMPLEMENTED,
    503: UNAVAILABLE,
    504: DEADLINE_EXCEEDED,
}

FAILED = "internal error"
"""What clients are told of a handler that fails."""


class GRPCError(Exception):
    """Ends a call with a status.

    Args:
        code: one of the codes above.
        details: what is told to the client.
    """

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(code, details)
        self.code, self.details = code, details


def code_of(status_code: int) -> int:
    """The code of an HTTP status: that of `was.Error`, or of a refusal."""
    if 200 <= status_code < 300:
        return OK
    return _OF_HTTP.get(status_code, INTERNAL if status_code >= 500 else INVALID_ARGUMENT)


def quoted(details: str) -> bytes:
    """Details as `grpc-message` has them: percent-encoded UTF-8."""
    return quote(details[:4096], safe=" !\"#$&'()*+,/:;<=>?@[\\]^`{|}", errors="replace").encode()
