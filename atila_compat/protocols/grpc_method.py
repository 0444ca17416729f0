"""Methods of gRPC services, as their generated modules (`..._pb2`) describe them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from . import grpc_status as codes
from .grpc_status import GRPCError


class Method:
    """A method of a service, as its generated module describes it.

    Attributes:
        streams_in, streams_out: whether there are several messages on the way.
    """

    __slots__ = ("answer_class", "name", "request_class", "streams_in", "streams_out")

    def __init__(self, descriptor: Any) -> None:
        from google.protobuf.message_factory import GetMessageClass

        self.name = str(descriptor.full_name)
        self.request_class = GetMessageClass(descriptor.input_type)
        self.answer_class = GetMessageClass(descriptor.output_type)
        self.streams_in = bool(descriptor.client_streaming)
        self.streams_out = bool(descriptor.server_streaming)

    def parse(self, data: bytes) -> Any:
        """A request message.

        Raises GRPCError for bytes that are none.
        """
        from google.protobuf.message import DecodeError

        try:
            return self.request_class.FromString(data)
        except DecodeError:
            name = self.request_class.DESCRIPTOR.full_name
            raise GRPCError(codes.INVALID_ARGUMENT, f"the message is no {name}") from None

    def serialize(self, message: Any) -> bytes:
        """An answer message as bytes.

        Raises TypeError for anything else.
        """
        if not isinstance(message, self.answer_class):
            if message is None and not self.answer_class.DESCRIPTOR.fields:
                message = self.answer_class()
            else:
                expected = self.answer_class.DESCRIPTOR.full_name
                raise TypeError(f"{self.name} should answer with a {expected}, not {type(message).__name__}")
        data: bytes = message.SerializeToString()
        return data


@lru_cache(maxsize=1024)
def _known_method(path: str) -> Method:
    from ..tasks.grpc import find_service

    service, _, name = path.strip("/").rpartition("/")
    service = service.rpartition("/")[2]
    descriptor = find_service(service).methods_by_name.get(name)
    if descriptor is None:
        raise LookupError(f"{service} has no method {name}")
    return Method(descriptor)


def find_method(path: str) -> Method:
    """The method of a path, `/package.Service/Method`, perhaps below a mount point of the server's.

    Raises GRPCError UNIMPLEMENTED where no imported module describes it; MissingExtra without the extra.
    """
    try:
        return _known_method(path)
    except LookupError as error:
        raise GRPCError(codes.UNIMPLEMENTED, str(error)) from None
